//! Acting as another role, and asking what a role may do.

use pgrx::pg_sys;
use std::ffi::CStr;

/// Runs `work` as `role` in a security-restricted operation, as VACUUM and REFRESH MATERIALIZED VIEW run
/// what belongs to a table: with `search_path` pinned, SQL read as [`as_standard_sql`] has it, and with
/// every setting that `work` changes given back at its end. Inside, nobody can become another role, leave
/// a temporary table or a cursor behind, or queue a trigger that fires at commit, when `role` has gone.
///
/// An error in between is cleaned up by the (sub)transaction, which restores role and settings.
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

/// Runs `work` where SQL reads as the standard has it, whatever the session has set: with the old reading
/// of backslashes, or of `= NULL`, a condition of somebody's would be another one for who chooses it.
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

/// Runs `work` where a query that a row-level security policy would cut raises an error.
pub fn refusing_policies<R>(work: impl FnOnce() -> R) -> R {
    with_setting(c"row_security", c"off", work)
}

/// Runs `work` with a setting changed. That one, and every other that `work` changes, is as before at
/// its end. Parallel workers may do so too, since it is how functions apply settings of their own.
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

/// The path on which nothing of a user's can stand in for something of the system's.
pub const SAFE_PATH: &CStr = c"pg_catalog, pg_temp";

/// Runs `work` as the current role, where no operator of somebody else's can come before those of
/// pg_catalog.
pub fn on_safe_path<R>(work: impl FnOnce() -> R) -> R {
    with_setting(c"search_path", SAFE_PATH, work)
}

/// The role of the session as its client has set it, whatever function runs: as it what waits for the
/// commit will run.
pub fn session_role() -> pg_sys::Oid {
    // SAFETY: a plain read of backend-local state.
    unsafe { pg_sys::GetOuterUserId() }
}

/// Runs `work` as [`session_role`]. It is on the session's own search_path only where no function or
/// operation acts as another role: that one's path could lead the session's role to tables and functions
/// of somebody else's, so that there the path is [`SAFE_PATH`].
///
/// An error in between is cleaned up by the (sub)transaction, which restores role and path.
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

/// The role whose rights apply now.
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

/// Whether the current role has the rights of `role` (is it, is a member of it, or is a superuser).
pub fn acts_for(role: pg_sys::Oid) -> bool {
    // SAFETY: a catalog look-up by value.
    unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), role) }
}

/// Whether the current role is `role`, or a member of it: a superuser is no member of others.
pub fn is_or_is_in(role: pg_sys::Oid) -> bool {
    // SAFETY: a catalog look-up by value.
    unsafe { pg_sys::is_member_of_role_nosuper(pg_sys::GetUserId(), role) }
}

/// Whether the current role watches over the server as a whole.
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
