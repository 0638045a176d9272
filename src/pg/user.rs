//! Acting as another role, and asking what a role may do.

use pgrx::pg_sys;
use std::ffi::CStr;

/// Runs `work` as `role` in a security-restricted operation, as VACUUM and REFRESH MATERIALIZED VIEW run
/// code that belongs to a table. The search_path is set, SQL is parsed as in [`as_standard_sql`], and every
/// setting that `work` changes is restored. Inside, code cannot become another role, create a temporary
/// table or a cursor, or defer a trigger to the commit, when the role is another one.
///
/// After an error the abort of the (sub)transaction restores role and settings.
pub fn restricted<R>(role: pg_sys::Oid, search_path: &CStr, work: impl FnOnce() -> R) -> R {
    // SAFETY: saved and restored in pairs, in the order that matview.c uses.
    unsafe {
        let mut saved_user = pg_sys::InvalidOid;
        let mut saved_context = 0;
        pg_sys::GetUserIdAndSecContext(&mut saved_user, &mut saved_context);
        pg_sys::SetUserIdAndSecContext(
            role,
            saved_context | pg_sys::SECURITY_RESTRICTED_OPERATION as i32,
        );
        let result = with_setting(c"search_path", search_path, || as_standard_sql(work));
        pg_sys::SetUserIdAndSecContext(saved_user, saved_context);
        result
    }
}

/// Runs `work` with SQL parsed as in the standard, whatever the session has set. With the old meaning of
/// backslashes or of `= NULL`, the session could change the meaning of another user's condition.
pub fn as_standard_sql<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: plain reads of settings of the backend.
    let is_standard =
        unsafe { pg_sys::standard_conforming_strings && !pg_sys::Transform_null_equals };
    if is_standard {
        return work();
    }
    with_setting(c"standard_conforming_strings", c"on", || {
        with_setting(c"transform_null_equals", c"off", work)
    })
}

/// Runs `work` with `row_security` off: a query from which a row-level security policy would hide rows is
/// an error.
pub fn refusing_policies<R>(work: impl FnOnce() -> R) -> R {
    with_setting(c"row_security", c"off", work)
}

/// Runs `work` with a setting changed, and then restores it and every other setting that `work` has
/// changed. This is allowed in parallel workers, since the SET clause of a function does the same.
fn with_setting<R>(name: &CStr, value: &CStr, work: impl FnOnce() -> R) -> R {
    // SAFETY: the level is opened and closed in pairs; an error in between closes it with its
    // (sub)transaction.
    unsafe {
        let level = pg_sys::NewGUCNestLevel();
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
        let result = work();
        pg_sys::AtEOXact_GUC(false, level);
        result
    }
}

/// A search_path on which no object of a user can hide one of pg_catalog.
pub const SAFE_PATH: &CStr = c"pg_catalog, pg_temp";

/// Runs `work` as the current role, on [`SAFE_PATH`].
pub fn on_safe_path<R>(work: impl FnOnce() -> R) -> R {
    with_setting(c"search_path", SAFE_PATH, work)
}

/// The role of the session as its client has set it, whatever function runs. Deferred triggers run as this
/// role.
pub fn session_role() -> pg_sys::Oid {
    // SAFETY: a plain read of backend-local state.
    unsafe { pg_sys::GetOuterUserId() }
}

/// Runs `work` as [`session_role`]. If a function or operation acts as another role meanwhile, it is run on
/// [`SAFE_PATH`], since the search_path of that role could lead the session's role to objects of other
/// users.
///
/// After an error the abort of the (sub)transaction restores role and search_path.
pub fn as_session_role<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: saved and restored in pairs.
    unsafe {
        let mut saved_user = pg_sys::InvalidOid;
        let mut saved_context = 0;
        pg_sys::GetUserIdAndSecContext(&mut saved_user, &mut saved_context);
        let acts_as_another =
            pg_sys::InLocalUserIdChange() || pg_sys::InSecurityRestrictedOperation();
        pg_sys::SetUserIdAndSecContext(
            session_role(),
            saved_context | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32,
        );
        let result = match acts_as_another {
            true => with_setting(c"search_path", SAFE_PATH, work),
            false => work(),
        };
        pg_sys::SetUserIdAndSecContext(saved_user, saved_context);
        result
    }
}

/// The current role, whose rights apply.
pub fn current_role() -> pg_sys::Oid {
    // SAFETY: a plain read of backend-local state.
    unsafe { pg_sys::GetUserId() }
}

/// The name of a role that exists.
pub fn role_name(role: pg_sys::Oid) -> String {
    // SAFETY: a palloc'd string; an error for a role that is gone.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, false);
        CStr::from_ptr(name).to_string_lossy().into_owned()
    }
}

/// Whether the current role has the rights of `role`: it is that role, a member of it, or a superuser.
pub fn acts_for(role: pg_sys::Oid) -> bool {
    // SAFETY: a catalog look-up by value.
    unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), role) }
}

/// Whether the current role is `role` or a member of it. A superuser does not count as a member of other
/// roles.
pub fn is_or_is_in(role: pg_sys::Oid) -> bool {
    // SAFETY: a catalog look-up by value.
    unsafe { pg_sys::is_member_of_role_nosuper(pg_sys::GetUserId(), role) }
}

/// Whether the current role has the rights of pg_monitor.
pub fn monitors() -> bool {
    acts_for(pg_sys::Oid::from(pg_sys::ROLE_PG_MONITOR))
}

/// Whether the current role may read files of the server.
pub fn may_read_server_files() -> bool {
    // SAFETY: catalog look-ups by value.
    unsafe {
        pg_sys::has_privs_of_role(
            pg_sys::GetUserId(),
            pg_sys::Oid::from(pg_sys::ROLE_PG_READ_SERVER_FILES),
        )
    }
}
