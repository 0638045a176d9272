//! Deferrable constraints, made immediate while a batch runs as the stream's owner.
//!
//! Everything that a batch does must be done when the batch ends, including its triggers. A deferred
//! trigger would run at commit as the role that feeds the stream, so Postgres refuses to queue one in a
//! security-restricted operation. So the deferrable constraints of the tables that the stream writes, and
//! of all tables of its owner, are immediate for the batch; those that are INITIALLY DEFERRED are deferred
//! again after it.
//!
//! Triggers that the transaction has deferred already fire now, as the role as which they would have fired
//! at commit. `SET CONSTRAINTS` finds constraints by name, and other tables of the schema may have
//! constraints of the same name. Run as the stream's owner, or as the owner of a SECURITY DEFINER function,
//! it would lend that role to triggers of other users; so it runs as the role of the session.
//!
//! What the caller has set with `SET CONSTRAINTS` cannot be found out, so it is not restored.

use pgrx::pg_sys;

use crate::pg::session::{self, Saved, Session, Snapshot};
use crate::pg::user::{as_session_role, on_safe_path, session_role};

/// The names of the constraints, and whether all constraints of a name are INITIALLY DEFERRED: otherwise
/// they cannot all be deferred again. A foreign key has triggers on both of its tables. Schemas on which
/// the role has no USAGE are left out, since it cannot name their constraints.
const FIND: &str = "
WITH RECURSIVE written AS (
    SELECT w.oid FROM unnest($2) w (oid)
     UNION
    SELECT i.inhrelid FROM pg_inherits i JOIN written w ON i.inhparent = w.oid),
named AS (
    SELECT DISTINCT c.connamespace, c.conname
      FROM pg_constraint c
     WHERE c.condeferrable
       AND EXISTS (SELECT FROM pg_class r WHERE r.oid IN (c.conrelid, c.confrelid)
                      AND (r.relowner = $1 OR r.oid IN (SELECT w.oid FROM written w))))
SELECT format('%I.%I', n.nspname, d.conname),
       (SELECT bool_and(o.condeferred) FROM pg_constraint o
         WHERE o.connamespace = d.connamespace AND o.conname = d.conname)
  FROM named d JOIN pg_namespace n ON n.oid = d.connamespace
 WHERE has_schema_privilege($3, n.oid, 'USAGE')
 ORDER BY 1";

thread_local! {
    static FIND_SAVED: Saved =
        const { Saved::new(FIND, &[pg_sys::OIDOID, pg_sys::OIDARRAYOID, pg_sys::OIDOID]) };
}

/// Runs `work`, which acts as the stream's owner, while no constraint of the owner's tables or of the
/// `written` tables is deferred.
pub fn immediate<R>(owner: pg_sys::Oid, written: Vec<pg_sys::Oid>, work: impl FnOnce() -> R) -> R {
    let (all, deferred) = session::connect(|session| find(session, owner, written));
    set(&all, "IMMEDIATE");
    let result = work();
    set(&deferred, "DEFERRED");
    result
}

/// The names of all the constraints, and of those that must be deferred again.
fn find(
    session: &Session,
    owner: pg_sys::Oid,
    written: Vec<pg_sys::Oid>,
) -> (Vec<String>, Vec<String>) {
    let args = [owner.into(), written.into(), session_role().into()];
    let rows = FIND_SAVED.with(|find| find.run(session, &args, Snapshot::Latest));
    let (mut all, mut deferred) = (Vec::new(), Vec::new());
    for row in 0..rows.len() {
        let Some(name) = rows.get::<String>(row, 1) else {
            continue;
        };
        if rows.get(row, 2) == Some(true) {
            deferred.push(name.clone());
        }
        all.push(name);
    }
    (all, deferred)
}

const ELSEWHERE: &str = "
SELECT format('%I of table %s', c.conname, r.oid::regclass)
  FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
 WHERE c.condeferred AND r.relowner <> $1 AND has_table_privilege($1, r.oid, 'INSERT, UPDATE, DELETE')
 ORDER BY 1 LIMIT 5";

/// INITIALLY DEFERRED constraints of tables that the role may write but does not own, at most five:
/// candidates for the one that [`immediate`] could not foresee.
pub fn elsewhere(owner: pg_sys::Oid) -> Vec<String> {
    session::connect(|session| {
        let rows = on_safe_path(|| session.run(ELSEWHERE, &[owner.into()], Snapshot::Latest));
        (0..rows.len()).filter_map(|row| rows.get(row, 1)).collect()
    })
}

fn set(constraints: &[String], when: &str) {
    if constraints.is_empty() {
        return;
    }
    let command = format!("SET CONSTRAINTS {} {when}", constraints.join(", "));
    as_session_role(|| session::connect(|session| session.execute(&command, &[])));
}
