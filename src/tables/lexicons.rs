//! Statements on the tables of lexicons: definitions, words, recorded changes, bases and deltas.

use pgrx::pg_sys;

use super::{SavedStatement, Statement};
use crate::pg::session::Saved;

/// Adds a lexicon, unless one of that name exists.
pub const ADD_LEXICON: Statement = Statement(
    "INSERT INTO termstream.lexicon (lexicon, source, id_column, term_column, max_distance, whole_words,
            overlap, common_words, guard_column, distance_column, generation)
     VALUES ($1, $2::regclass, $3::name, $4::name, $5, $6, $7, $8, $9::name, $10::name,
             hashtextextended(gen_random_uuid()::text, 0))
     ON CONFLICT DO NOTHING",
);
/// Removes a lexicon; returns its generation.
pub const DROP_LEXICON: Statement =
    Statement("DELETE FROM termstream.lexicon WHERE lexicon = $1 RETURNING generation");
/// Locks a lexicon, so that one session at a time compiles it. A session that has waited sees what the
/// other has done.
pub const LOCK_LEXICON: Statement =
    Statement("SELECT FROM termstream.lexicon WHERE lexicon = $1 FOR NO KEY UPDATE");
/// Locks a lexicon, unless another session has locked it.
pub const TRY_LOCK_LEXICON: Statement =
    Statement("SELECT FROM termstream.lexicon WHERE lexicon = $1 FOR NO KEY UPDATE SKIP LOCKED");
/// The source of a lexicon.
pub const SOURCE: Statement =
    Statement("SELECT source::oid FROM termstream.lexicon WHERE lexicon = $1");

/// The common and learned words of a lexicon.
pub const WORDS: Statement =
    Statement("SELECT word, common, documents FROM termstream.lexicon_word WHERE lexicon = $1");
/// Adds words of one kind.
pub const ADD_WORDS: Statement = Statement(
    "INSERT INTO termstream.lexicon_word SELECT $1, w, $3, d FROM unnest($2, $4) AS u (w, d)",
);
/// Removes all words of a lexicon.
pub const DROP_WORDS: Statement =
    Statement("DELETE FROM termstream.lexicon_word WHERE lexicon = $1");
/// Removes the words of one kind: common or learned.
pub const DROP_WORDS_OF_KIND: Statement =
    Statement("DELETE FROM termstream.lexicon_word WHERE lexicon = $1 AND common = $2");
/// Records the query that a lexicon has learned from, and the number of documents.
pub const NOTE_LEARNED: Statement =
    Statement("UPDATE termstream.lexicon SET learn_from = $2, learned = $3 WHERE lexicon = $1");

/// SQL for the newest folding of the changes of lexicon `$1` that a statement sees.
macro_rules! folding {
    () => {
        "SELECT f.xid, f.token, f.detailed, f.seen FROM termstream.lexicon_change f
          WHERE f.lexicon = $1 AND f.seen IS NOT NULL ORDER BY f.xid DESC LIMIT 1"
    };
}

/// SQL for the recorded changes of lexicon `$1` that a statement sees, as xid, token and detailed.
/// `lexicons::noted` explains why these are all of them. LIMIT 1, although on a key, keeps the planner from
/// reading all rows for a join.
macro_rules! noted {
    () => {
        concat!(
            "WITH f AS (",
            $crate::tables::folding!(),
            ")
             SELECT n.xid, n.token, n.detailed FROM termstream.lexicon_change n
              WHERE n.lexicon = $1 AND n.xid IS DISTINCT FROM (SELECT f.xid FROM f)
                AND n.xid >= COALESCE((SELECT pg_catalog.pg_snapshot_xmax(f.seen) FROM f), '0')
             UNION ALL
             SELECT f.xid, f.token, f.detailed FROM f
             UNION ALL
             SELECT n.xid, n.token, n.detailed
               FROM f CROSS JOIN LATERAL pg_catalog.pg_snapshot_xip(f.seen) AS r (xid)
              CROSS JOIN LATERAL (
                    SELECT c.xid, c.token, c.detailed FROM termstream.lexicon_change c
                     WHERE c.lexicon = $1 AND c.xid = r.xid LIMIT 1) AS n
              WHERE r.xid <> f.xid"
        )
    };
}
pub(crate) use {folding, noted};

/// The change that the running transaction has recorded.
pub const TRANSACTION_CHANGE: SavedStatement = SavedStatement(&TRANSACTION_CHANGE_PLAN);
/// Records a change in the running transaction; returns how many changes are not folded.
pub const NOTE_CHANGE: SavedStatement = SavedStatement(&NOTE_CHANGE_PLAN);
thread_local! {
    static TRANSACTION_CHANGE_PLAN: Saved = const {
        Saved::new(
            "SELECT detailed FROM termstream.lexicon_change
              WHERE lexicon = $1 AND xid = pg_current_xact_id_if_assigned()",
            &[pg_sys::TEXTOID],
        )
    };
    static NOTE_CHANGE_PLAN: Saved = const {
        Saved::new(
            concat!(
                "INSERT INTO termstream.lexicon_change (lexicon, xid, token, detailed)
                 VALUES ($1, pg_current_xact_id(), hashtextextended(gen_random_uuid()::text, 0), $2)
                     ON CONFLICT (lexicon, xid) DO UPDATE SET detailed = false
                 RETURNING (WITH f AS (",
                folding!(),
                ")
                   SELECT count(*) FROM termstream.lexicon_change n
                    WHERE n.lexicon = $1
                      AND n.xid >= COALESCE((SELECT pg_snapshot_xmax(f.seen) FROM f), '0'))"
            ),
            &[pg_sys::TEXTOID, pg_sys::BOOLOID],
        )
    };
}
/// Folds the rows of other transactions into the row of this transaction, which must exist. `$2` is the
/// snapshot of a new base, if one is made: the base has all changes that it sees, whether they were
/// recorded term by term or not.
pub const FOLD_CHANGES: Statement = Statement(concat!(
    "WITH visible AS MATERIALIZED (
         SELECT noted.xid FROM (",
    noted!(),
    ") AS noted WHERE noted.xid <> pg_current_xact_id()),
     free AS MATERIALIZED (
         SELECT c.xid FROM termstream.lexicon_change c
          WHERE c.lexicon = $1 AND c.xid IN (SELECT v.xid FROM visible v) FOR UPDATE SKIP LOCKED),
     gone AS (
         DELETE FROM termstream.lexicon_change c USING free
          WHERE c.lexicon = $1 AND c.xid = free.xid
      RETURNING c.xid, c.token,
                c.detailed OR COALESCE(pg_visible_in_snapshot(c.xid, $2::pg_snapshot), false) AS detailed),
     running AS (
         SELECT r.xid FROM pg_catalog.pg_snapshot_xip(pg_current_snapshot()) AS r (xid)
          UNION (SELECT v.xid FROM visible v EXCEPT SELECT g.xid FROM gone g)),
     now AS (
         SELECT format('%s:%s:%s',
                       LEAST(pg_snapshot_xmin(pg_current_snapshot()), (array_agg(r.xid ORDER BY r.xid))[1]),
                       pg_snapshot_xmax(pg_current_snapshot()),
                       string_agg(r.xid::text, ',' ORDER BY r.xid))::pg_snapshot AS seen
           FROM running r)
     UPDATE termstream.lexicon_change c
        SET token = c.token # COALESCE((SELECT bit_xor(g.token) FROM gone g), 0),
            detailed = (c.detailed OR $2 IS NOT NULL)
                       AND COALESCE((SELECT bool_and(g.detailed) FROM gone g), true),
            seen = now.seen
       FROM now WHERE c.lexicon = $1 AND c.xid = pg_current_xact_id()"
));
/// Removes the recorded changes of a lexicon.
pub const DROP_CHANGES: Statement =
    Statement("DELETE FROM termstream.lexicon_change WHERE lexicon = $1");

/// Adds a base; returns its version.
pub const ADD_BASE: Statement = Statement(
    "INSERT INTO termstream.lexicon_base (lexicon, version, files, terms, xid, seen)
     VALUES ($1, hashtextextended(gen_random_uuid()::text, 0), $2, $3, pg_current_xact_id(),
             $4::pg_snapshot) RETURNING version",
);
/// Removes the base of a lexicon.
pub const DROP_BASE: Statement =
    Statement("DELETE FROM termstream.lexicon_base WHERE lexicon = $1");
/// Adds a chunk of the bytes of a base.
pub const ADD_CHUNK: Statement =
    Statement("INSERT INTO termstream.lexicon_chunk VALUES ($1, $2, $3, $4)");
/// A chunk of the bytes of a base.
pub const CHUNK: Statement = Statement(
    "SELECT bytes FROM termstream.lexicon_chunk
      WHERE lexicon = $1 AND version = $2 AND number = $3",
);
/// Removes the bytes of the base of a lexicon.
pub const DROP_CHUNKS: Statement =
    Statement("DELETE FROM termstream.lexicon_chunk WHERE lexicon = $1");

/// SQL for the rows of `lexicon_delta` that are not in the base of lexicon `$1`: those of transactions that
/// were not over for the one that made the base, and those of that one. Deleted rows of other transactions
/// may still be in the table, and are not read.
macro_rules! beside {
    () => {
        "WITH b AS (SELECT b.xid, b.seen FROM termstream.lexicon_base b WHERE b.lexicon = $1)
         SELECT d.* FROM termstream.lexicon_delta d
          WHERE d.lexicon = $1 AND d.xid >= COALESCE((SELECT pg_snapshot_xmax(b.seen) FROM b), '0')
         UNION ALL
         SELECT d.* FROM b CROSS JOIN LATERAL (
                  SELECT r.xid FROM pg_catalog.pg_snapshot_xip(b.seen) AS r (xid) UNION SELECT b.xid) AS r
          CROSS JOIN LATERAL (
                SELECT d.* FROM termstream.lexicon_delta d
                 WHERE d.lexicon = $1 AND d.xid = r.xid OFFSET 0) AS d
          WHERE r.xid < pg_snapshot_xmax(b.seen)"
    };
}

/// Adds the terms that the running transaction has added (1) and removed (-1).
pub const ADD_DELTA: SavedStatement = SavedStatement(&ADD_DELTA_PLAN);
thread_local! {
    static ADD_DELTA_PLAN: Saved = const {
        Saved::new(
            "INSERT INTO termstream.lexicon_delta
             SELECT $1, pg_current_xact_id(), u.* FROM unnest($2, $3, $4, $5, $6) AS u",
            &[
                pg_sys::TEXTOID,
                pg_sys::INT8ARRAYOID,
                pg_sys::TEXTARRAYOID,
                pg_sys::BOOLARRAYOID,
                pg_sys::INT4ARRAYOID,
                pg_sys::INT4ARRAYOID,
            ],
        )
    };
}
/// The number of rows of `lexicon_delta` that are not in the base.
pub const COUNT_DELTA: Statement =
    Statement(concat!("SELECT count(*) FROM (", beside!(), ") AS d"));
/// The terms added and removed since the base was made, each with its sum. Equal rows of the source all
/// count, so that a term is removed only with the last of them.
pub const DELTA: Statement = Statement(concat!(
    "SELECT d.term_id, d.term, d.guard, d.max_distance, sum(d.change) FROM (",
    beside!(),
    ") AS d WHERE d.term_id IS NOT NULL AND d.term IS NOT NULL
      GROUP BY 1, 2, 3, 4 HAVING sum(d.change) <> 0 ORDER BY 1, 2"
));
/// Removes the delta of a lexicon.
pub const DROP_DELTA: Statement =
    Statement("DELETE FROM termstream.lexicon_delta WHERE lexicon = $1");
/// Removes the rows of the delta that a snapshot sees, and those of the running transaction.
pub const DROP_DELTA_SEEN: Statement = Statement(
    "DELETE FROM termstream.lexicon_delta
      WHERE lexicon = $1
        AND (xid = pg_current_xact_id() OR pg_visible_in_snapshot(xid, $2::pg_snapshot))",
);
