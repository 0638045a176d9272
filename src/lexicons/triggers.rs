//! The triggers that record changes of a lexicon's source: which ones there should be, whether they are
//! there, and creating them.
//!
//! A statement trigger costs nothing for each row, and its transition tables hold all that changed. But it
//! fires only for statements on its own table, not for those on the parent of a partition or of an
//! inheriting table. So partitions, inheriting tables and partitioned tables have row triggers.
//!
//! A session whose `session_replication_role` is `replica` fires only triggers that are enabled as REPLICA
//! or ALWAYS. The worker that applies a subscription is such a session, and fires no statement triggers
//! except those of TRUNCATE. So a plain table has both kinds: statement triggers in the ordinary state,
//! which do not fire in a replica, and row triggers enabled as REPLICA, which fire only there. Each change
//! is recorded by one of them.

use pgrx::pg_sys;

use crate::pg::catalog::{owner, qualified_name, quote_identifier, quote_literal};
use crate::pg::session::{self, Session, Snapshot};
use crate::pg::user;

/// The prefix of the names of all triggers.
pub const PREFIX: &str = "termstream_";

/// The longest suffix of a trigger's name, behind the lexicon's name.
pub const LONGEST_SUFFIX: &str = "_truncate";

/// The transition table in which a statement trigger sees the rows after the statement.
pub const NEW_ROWS: &str = "termstream_came";

/// The transition table in which a statement trigger sees the rows before the statement.
pub const OLD_ROWS: &str = "termstream_went";

/// A trigger: the suffix of its name, when it fires, and how it is enabled.
struct Trigger {
    suffix: &'static str,
    fires: &'static str,
    enabled: &'static str,
}

const fn trigger(suffix: &'static str, fires: &'static str, enabled: &'static str) -> Trigger {
    Trigger {
        suffix,
        fires,
        enabled,
    }
}

/// Fires before a change and marks that the running statement changes terms. What is compiled meanwhile,
/// for a trigger that matches, say, is used within that statement only.
const ROW: &str = "BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW";
const CHANGED: &str = "AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW";
const TRUNCATED: &str = "AFTER TRUNCATE ON {table} FOR EACH STATEMENT";

/// The triggers of a plain table.
const OF_PLAIN_TABLE: &[Trigger] = &[
    trigger(
        "before",
        "BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT",
        "",
    ),
    trigger("changed", CHANGED, "REPLICA"),
    trigger(
        "delete",
        "AFTER DELETE ON {table} REFERENCING OLD TABLE AS termstream_went FOR EACH STATEMENT",
        "",
    ),
    trigger(
        "insert",
        "AFTER INSERT ON {table} REFERENCING NEW TABLE AS termstream_came FOR EACH STATEMENT",
        "",
    ),
    trigger("row", ROW, "REPLICA"),
    trigger("truncate", TRUNCATED, "ALWAYS"),
    trigger(
        "update",
        "AFTER UPDATE ON {table} REFERENCING OLD TABLE AS termstream_went
             NEW TABLE AS termstream_came FOR EACH STATEMENT",
        "",
    ),
];

/// The triggers of a partition or an inheriting table.
const OF_CHILD: &[Trigger] = &[
    trigger("changed", CHANGED, "ALWAYS"),
    trigger("row", ROW, "ALWAYS"),
    trigger("truncate", TRUNCATED, "ALWAYS"),
];

/// The triggers of a partitioned table. TRUNCATE needs none: it changes the files of the partitions.
const OF_PARTITIONED: &[Trigger] = &[
    trigger("changed", CHANGED, "ALWAYS"),
    trigger("row", ROW, "ALWAYS"),
];

/// SQL for the state of the source of lexicon `$1`, whose row of pg_class is `c`. Its columns are: whether
/// the triggers are as they should be (`fits`), whether a crash keeps the rows (`logged`), a partition that
/// is a foreign table (`remote`), and a hash that changes when rows may have changed unseen (`files`). The
/// hash covers the files of the table (TRUNCATE and a rewriting ALTER TABLE change them), the rows in
/// pg_trigger (disabling a trigger and enabling it again changes them), and for partitions the rows in
/// pg_inherits (detaching a partition and attaching it again changes them).
///
/// The numbers in `wanted` are values of pg_trigger.tgtype.
macro_rules! state {
    () => {
        "
SELECT pg_catalog.bool_and(s.found IS NOT DISTINCT FROM s.wanted) AS fits,
       pg_catalog.bool_and(p.relpersistence = 'p') AS logged,
       pg_catalog.min(p.oid::pg_catalog.regclass::pg_catalog.text) FILTER (WHERE p.relkind = 'f') AS remote,
       pg_catalog.bit_xor(pg_catalog.hashtextextended(
         pg_catalog.concat_ws(' ', p.oid, p.relfilenode, h.xmin, h.ctid), 0) # s.hash) AS files
  FROM (SELECT c.oid AS relid WHERE c.relkind <> 'p'
         UNION ALL
        SELECT tree.relid FROM pg_catalog.pg_partition_tree(c.oid) AS tree WHERE c.relkind = 'p') AS m
  JOIN pg_catalog.pg_class p ON p.oid = m.relid
  LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = p.oid AND c.relkind = 'p'
 CROSS JOIN LATERAL (
       SELECT pg_catalog.string_agg(
                pg_catalog.concat_ws(' ', n.suffix, t.tgtype, t.tgenabled, t.tgoldtable, t.tgnewtable,
                  CASE WHEN t.tgqual IS NOT NULL OR t.tgattr::pg_catalog.text <> '' THEN 'limited' END,
                  CASE WHEN t.tgargs <> pg_catalog.convert_to($1, 'UTF8') || pg_catalog.decode('00', 'hex')
                       THEN 'of another' END),
                ',' ORDER BY n.suffix COLLATE pg_catalog.\"C\") AS found,
              CASE WHEN c.relkind = 'p' THEN 'changed 29 A,row 31 A'
                   WHEN p.relispartition
                     OR EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = p.oid)
                   THEN 'changed 29 A,row 31 A,truncate 32 A'
                   ELSE 'before 62 O,changed 29 R,delete 8 O termstream_went,insert 4 O termstream_came,'
                   'row 31 R,truncate 32 A,update 16 O termstream_went termstream_came'
              END AS wanted,
              COALESCE(pg_catalog.bit_xor(pg_catalog.hashtextextended(
                pg_catalog.concat_ws(' ', t.oid, t.xmin, t.ctid, t.tgenabled), 0)), 0) AS hash
         FROM pg_catalog.unnest('{before,changed,delete,insert,row,truncate,update}'::pg_catalog.text[])
              AS n (suffix)
         JOIN pg_catalog.pg_trigger t
           ON t.tgrelid = p.oid AND t.tgfoid = 'termstream.note_change()'::pg_catalog.regprocedure
          AND t.tgname = pg_catalog.concat('termstream_', $1, '_', n.suffix)) AS s"
    };
}
pub(super) use state;

/// Whether the triggers of `lexicon` are the ones that its source needs.
pub fn fit(lexicon: &str, source: pg_sys::Oid) -> bool {
    session::connect(|session| {
        let row = user::on_safe_path(|| {
            session.run(
                concat!(
                    "SELECT s.fits FROM pg_catalog.pg_class c CROSS JOIN LATERAL (",
                    state!(),
                    ") AS s WHERE c.oid = $2"
                ),
                &[lexicon.into(), source.into()],
                Snapshot::Latest,
            )
        });
        row.get(0, 1) == Some(true)
    })
}

/// The names of all triggers of `lexicon` on `table`, for any kind of table.
fn existing(session: &Session, lexicon: &str, table: pg_sys::Oid) -> Vec<String> {
    let rows = session.run(
        "SELECT t.tgname::text
           FROM unnest('{before,changed,delete,insert,row,truncate,update}'::text[]) AS s (suffix)
           JOIN pg_catalog.pg_trigger t
             ON t.tgrelid = $2 AND t.tgfoid = 'termstream.note_change()'::regprocedure
            AND t.tgname = concat('termstream_', $1, '_', s.suffix)",
        &[lexicon.into(), table.into()],
        Snapshot::Latest,
    );
    (0..rows.len()).filter_map(|row| rows.get(row, 1)).collect()
}

/// Creates the triggers of `lexicon` that its source needs, as the owner of the source. Triggers that are
/// there already are replaced: a restore may have brought them back without the lexicon.
pub fn make(lexicon: &str, source: pg_sys::Oid) {
    let (Some(table), Some(owner)) = (qualified_name(source), owner(source)) else {
        return;
    };
    user::restricted(owner, user::SAFE_PATH, || {
        session::connect(|session| {
            remove_from(session, lexicon, source, &table);
            for trigger in form(session, source) {
                let name = trigger_name(lexicon, trigger.suffix);
                let fires = trigger.fires.replace("{table}", &table);
                let lexicon = quote_literal(lexicon);
                session.execute(
                    &format!(
                        "CREATE TRIGGER {name} {fires} EXECUTE FUNCTION termstream.note_change({lexicon})"
                    ),
                    &[],
                );
                if !trigger.enabled.is_empty() {
                    let enabled = trigger.enabled;
                    session.execute(
                        &format!("ALTER TABLE {table} ENABLE {enabled} TRIGGER {name}"),
                        &[],
                    );
                }
            }
        });
    });
}

/// Removes the triggers of `lexicon` from `source`, as its owner; does nothing if the source was dropped.
pub fn remove(lexicon: &str, source: pg_sys::Oid) {
    let (Some(table), Some(owner)) = (qualified_name(source), owner(source)) else {
        return;
    };
    user::restricted(owner, user::SAFE_PATH, || {
        session::connect(|session| remove_from(session, lexicon, source, &table));
    });
}

fn remove_from(session: &Session, lexicon: &str, source: pg_sys::Oid, table: &str) {
    for name in existing(session, lexicon, source) {
        let name = quote_identifier(&name);
        session.execute(&format!("DROP TRIGGER {name} ON {table}"), &[]);
    }
}

/// The triggers that a relation should have.
fn form(session: &Session, source: pg_sys::Oid) -> &'static [Trigger] {
    let row = session.run(
        "SELECT relkind = 'p', relispartition OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = oid)
           FROM pg_class WHERE oid = $1",
        &[source.into()],
        Snapshot::Latest,
    );
    match (row.get(0, 1), row.get(0, 2)) {
        (Some(true), _) => OF_PARTITIONED,
        (_, Some(true)) => OF_CHILD,
        _ => OF_PLAIN_TABLE,
    }
}

fn trigger_name(lexicon: &str, suffix: &str) -> String {
    quote_identifier(&format!("{PREFIX}{lexicon}_{suffix}"))
}

/// Whether the name is that of a trigger that [`make`] creates for `lexicon`.
pub fn is_trigger_of(lexicon: &str, name: &str) -> bool {
    let suffix = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_prefix(lexicon)?.strip_prefix('_'));
    suffix.is_some_and(|suffix| {
        OF_PLAIN_TABLE
            .iter()
            .any(|trigger| trigger.suffix == suffix)
    })
}

/// The tables that have triggers of `lexicon`, which does not exist; `None` if there are none. A restore of
/// a schema alone brings the triggers back without the lexicon.
pub fn left_behind(lexicon: &str) -> Option<String> {
    session::connect(|session| {
        let row = user::on_safe_path(|| {
            session.run(
                "SELECT string_agg(DISTINCT t.tgrelid::regclass::text, ', ')
                   FROM unnest('{before,changed,delete,insert,row,truncate,update}'::text[]) AS s (suffix)
                   JOIN pg_trigger t ON t.tgfoid = 'termstream.note_change()'::regprocedure
                    AND t.tgname = concat('termstream_', $1, '_', s.suffix) AND t.tgparentid = 0",
                &[lexicon.into()],
                Snapshot::Latest,
            )
        });
        row.get(0, 1)
    })
}
