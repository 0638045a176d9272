//! Deferrable constraints while a stream's owner is at work.
//!
//! What a batch does, its triggers included, is over when the batch is: a trigger that waited for the
//! commit would run as whoever feeds the stream, and Postgres lets none be queued in a
//! security-restricted operation. So the deferrable constraints of the tables that the stream writes,
//! and of all tables of its owner, are immediate for the batch, and those that are INITIALLY DEFERRED are
//! deferred again behind it.
//!
//! What waits for them already is the transaction's own: it fires now, and as the role as which it would
//! have fired at commit. `SET CONSTRAINTS` knows constraints by their names alone, and other tables of
//! the schema may have some of the same name: as the stream's owner, or as the caller where he is the
//! owner of a SECURITY DEFINER function, it would lend that role to triggers of somebody else's.
//!
//! What the caller had set by `SET CONSTRAINTS` himself is not known, and so not restored.

use pgrx::pg_sys;

use crate::pg::session::{self, Saved, Session, Snapshot};
use crate::pg::user::{as_session_role, on_safe_path, session_role};

/// The constraints by name, and whether all of that name are INITIALLY DEFERRED: others cannot be
/// deferred, or were not. A foreign key has triggers on both of its tables. A name whose schema is closed
/// to the role cannot be told to Postgres.
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
    static FIND_KEPT: Saved =
        const { Saved::new(FIND, &[pg_sys::OIDOID, pg_sys::OIDARRAYOID, pg_sys::OIDOID]) };
}

/// Runs `work`, which does something as the stream's owner, with nothing deferred of his tables and of
/// those that are written.
pub fn immediate<R>(owner: pg_sys::Oid, written: Vec<pg_sys::Oid>, work: impl FnOnce() -> R) -> R {
    let (all, deferred) = session::connect(|session| find(session, owner, written));
    set(&all, "IMMEDIATE");
    let result = work();
    set(&deferred, "DEFERRED");
    result
}

/// All the constraints, and those to be deferred again.
fn find(
    session: &Session,
    owner: pg_sys::Oid,
    written: Vec<pg_sys::Oid>,
) -> (Vec<String>, Vec<String>) {
    let args = [owner.into(), written.into(), session_role().into()];
    let rows = FIND_KEPT.with(|find| find.run(session, &args, Snapshot::Latest));
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

/// Constraints that wait for the commit, of tables which the role may write and does not own: one of them
/// has been met where [`immediate`] could not foresee it.
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
