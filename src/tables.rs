//! The extension's own tables: all statements that run with the rights of the extension's owner.
//!
//! Ordinary roles cannot write these tables. Each statement here names only relations of the schema
//! `termstream`. It runs in a security-restricted operation on the safe search_path, and takes values of
//! users only as parameters, so no code, table or name of a user is ever part of it. No other file can make
//! a [`Statement`].

mod lexicons;

pub use lexicons::*;
pub(crate) use lexicons::{folding, noted};

use pgrx::pg_sys;
use std::thread::LocalKey;

use crate::pg::catalog;
use crate::pg::session::{self, Arg, Rows, Saved, Snapshot};
use crate::pg::user::{SAFE_PATH, current_role, restricted};

/// A statement on the extension's own tables.
pub struct Statement(&'static str);

impl Statement {
    /// Runs the statement, which sees everything up to now; `take` reads its rows.
    pub fn run<R>(&self, args: &[Arg], take: impl FnOnce(&Rows) -> R) -> R {
        self.with(args, Snapshot::Latest, take)
    }

    /// Runs the statement, which sees what the calling statement sees; `take` reads its rows.
    pub fn read<R>(&self, args: &[Arg], take: impl FnOnce(&Rows) -> R) -> R {
        self.with(args, Snapshot::Active, take)
    }

    /// Executes the statement; returns the number of rows that it has processed.
    pub fn execute(&self, args: &[Arg]) -> u64 {
        as_owner(|| session::connect(|session| session.execute(self.0, args)))
    }

    /// Executes the statement once for each element of `rows`, which makes the arguments when they are
    /// needed.
    pub fn execute_each<const N: usize, F: FnOnce() -> [Arg; N]>(
        &self,
        types: [pg_sys::Oid; N],
        rows: impl Iterator<Item = F>,
    ) {
        as_owner(|| {
            session::connect(|session| {
                let plan = session.prepare(self.0, &types);
                for args in rows {
                    pgrx::check_for_interrupts!();
                    plan.execute(args);
                }
            });
        });
    }

    fn with<R>(&self, args: &[Arg], snapshot: Snapshot, take: impl FnOnce(&Rows) -> R) -> R {
        let rows = |session: &session::Session| take(&session.run(self.0, args, snapshot));
        as_owner(|| session::connect(rows))
    }
}

/// A statement on the extension's own tables that is planned once in a backend.
pub struct SavedStatement(&'static LocalKey<Saved>);

impl SavedStatement {
    /// Runs the statement, which sees everything up to now; `take` reads its rows.
    pub fn run<R>(&self, args: &[Arg], take: impl FnOnce(&Rows) -> R) -> R {
        let rows = |session: &session::Session| {
            self.0
                .with(|saved| take(&saved.run(session, args, Snapshot::Latest)))
        };
        as_owner(|| session::connect(rows))
    }
}

/// Runs `work` as the owner of the extension's tables.
fn as_owner<R>(work: impl FnOnce() -> R) -> R {
    let owner = catalog::find(c"termstream", c"lexicon").and_then(catalog::owner);
    restricted(owner.unwrap_or_else(current_role), SAFE_PATH, work)
}

// Streams.

thread_local! {
    /// Planned once in a backend, since every load runs it.
    static READ_STREAM: Saved = const { Saved::new(
        "SELECT columns, statement, search_path, rejects::oid, on_error, batch_rows,
                reject_limit, reject_ratio, on_quality,
                ARRAY(SELECT key FROM pg_catalog.json_each_text(check_rows)),
                ARRAY(SELECT value FROM pg_catalog.json_each_text(check_rows)),
                ARRAY(SELECT key FROM pg_catalog.json_each_text(quality_check)),
                ARRAY(SELECT value FROM pg_catalog.json_each_text(quality_check)),
                ARRAY(SELECT key FROM pg_catalog.jsonb_each_text(formats)),
                ARRAY(SELECT value FROM pg_catalog.jsonb_each_text(formats))
           FROM termstream.stream WHERE stream = $1",
        &[pg_sys::OIDOID],
    ) };
}

/// The row of a stream, as it is now.
pub const STREAM: SavedStatement = SavedStatement(&READ_STREAM);
/// Adds a stream.
pub const ADD_STREAM: Statement = Statement(
    "INSERT INTO termstream.stream (check_rows, quality_check, on_error, on_quality, reject_limit,
            reject_ratio, batch_rows, formats, stream, columns, statement, search_path, rejects,
            lexicon, pairs)
     VALUES ($1::json, $2::json, $3, $4, $5, $6, $7, $8::jsonb, $9::regclass, $10, $11, $12,
             $13::regclass, $14, $15::regclass)",
);
/// Changes the options and the statement of a stream.
pub const ALTER_STREAM: Statement = Statement(
    "UPDATE termstream.stream
        SET check_rows = $1::json, quality_check = $2::json, on_error = $3, on_quality = $4,
            reject_limit = $5, reject_ratio = $6, batch_rows = $7, formats = $8::jsonb,
            statement = $10, search_path = $11
      WHERE stream::oid = $9",
);
/// Removes streams whose view was dropped by hand.
pub const DROP_LOST_STREAMS: Statement = Statement(
    "DELETE FROM termstream.stream s
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = s.stream)",
);
/// Removes a stream.
pub const DROP_STREAM: Statement =
    Statement("DELETE FROM termstream.stream WHERE stream::oid = $1");
/// Removes positions of relations that were dropped.
pub const DROP_LOST_POSITIONS: Statement = Statement(
    "DELETE FROM termstream.feed_position p
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = p.stream)",
);
/// Removes the positions of a stream.
pub const DROP_POSITIONS: Statement =
    Statement("DELETE FROM termstream.feed_position WHERE stream::oid = $1");

/// Returns a row if the relation is a stream.
pub const IS_STREAM: Statement = Statement("SELECT FROM termstream.stream WHERE stream = $1");
/// The rejects table of a stream.
pub const REJECTS: Statement =
    Statement("SELECT rejects::oid FROM termstream.stream WHERE stream = $1");

// Loads.

/// The number of a new load.
pub const NEXT_LOAD_ID: Statement = Statement("SELECT nextval('termstream.load_id')");
/// Adds the row of a load, or writes its counts, state and position.
pub const WRITE_LOAD: Statement = Statement(
    "INSERT INTO termstream.load (load_id, stream, source, userid, started, finished, state, position, line,
            read, taken, rejected, parse, convert, \"check\", statement, quality, predict, pairs, bytes, busy,
            stream_name)
     VALUES ($1, $2::regclass, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
             $18, $19, $20, $21, $22)
     ON CONFLICT (load_id) DO UPDATE
        SET finished = $6, state = $7, position = $8, line = $9, read = $10, taken = $11, rejected = $12,
            parse = $13, convert = $14, \"check\" = $15, statement = $16, quality = $17, predict = $18,
            pairs = $19, bytes = $20, busy = $21",
);
/// Marks a load as done.
pub const FINISH_LOAD: Statement =
    Statement("UPDATE termstream.load SET state = 'done', finished = $2 WHERE load_id = $1");
/// Marks a load as failed.
pub const FAIL_LOAD: Statement = Statement(
    "UPDATE termstream.load SET state = 'failed', error = $2, finished = $3 WHERE load_id = $1",
);
/// A load that this session has done in the running transaction, by its number and role.
pub const TRANSACTION_LOAD: Statement = Statement(
    "SELECT stream::oid, read, taken, rejected, parse, convert, \"check\", statement, quality, predict, pairs,
            bytes, busy
       FROM termstream.load
      WHERE load_id = $1 AND userid = $2 AND pid = pg_backend_pid() AND started >= transaction_timestamp()",
);
/// The newest load of a file that can be resumed, by its stream, path and role.
pub const LAST_LOAD: Statement = Statement(
    "SELECT l.position, l.line, l.head_hash, l.tail_hash, l.state, s.state = 'running', l.load_id, l.pid,
            l.total_bytes
       FROM termstream.load l JOIN termstream.loads s USING (load_id)
      WHERE l.stream = $1 AND l.source = $2 AND l.userid = $3 AND l.tail_hash IS NOT NULL
      ORDER BY l.load_id DESC LIMIT 1",
);
/// Writes the position of a load of a file, and the fingerprint by which the file is recognised.
pub const REMEMBER_FILE: Statement = Statement(
    "UPDATE termstream.load
        SET position = $2, line = $3, head_hash = $4, tail_hash = $5, total_bytes = $6, updated = $7,
            file_begin = $8, file_position = $9
      WHERE load_id = $1",
);
/// Replaces the loads of a stream by their sum, except for the last `$2`, running ones, and the last one of
/// each file, which is needed to resume it. Merges older sums into the new one, unless another session has
/// locked them.
pub const FORGET_LOADS: Statement = Statement(
    "WITH old AS (
        SELECT l.load_id FROM termstream.load l
         WHERE l.stream = $1 AND l.state <> 'running'
           AND l.load_id <= (SELECT k.load_id FROM termstream.load k WHERE k.stream = $1
                              ORDER BY k.load_id DESC OFFSET $2 LIMIT 1)
           AND (l.tail_hash IS NULL OR EXISTS (
                SELECT FROM termstream.load later
                 WHERE later.stream = l.stream AND later.load_id > l.load_id AND later.source = l.source
                   AND later.userid = l.userid AND later.tail_hash IS NOT NULL))
           FOR UPDATE SKIP LOCKED),
    past AS (
        SELECT ctid FROM termstream.load_past
         WHERE stream = $1 AND EXISTS (SELECT FROM old) FOR UPDATE SKIP LOCKED),
    gone AS (
        DELETE FROM termstream.load l USING old WHERE l.load_id = old.load_id
     RETURNING 1 AS loads, l.read, l.taken, l.rejected, l.parse, l.convert, l.\"check\", l.statement,
               l.quality, l.predict, l.pairs, l.bytes, l.busy, l.started AS last_load),
    merged AS (
        DELETE FROM termstream.load_past p USING past WHERE p.ctid = past.ctid
     RETURNING p.loads, p.read, p.taken, p.rejected, p.parse, p.convert, p.\"check\", p.statement,
               p.quality, p.predict, p.pairs, p.bytes, p.busy, p.last_load),
    parts AS (SELECT * FROM gone UNION ALL SELECT * FROM merged)
    INSERT INTO termstream.load_past (stream, loads, read, taken, rejected, parse, convert, \"check\",
           statement, quality, predict, pairs, bytes, busy, last_load)
    SELECT $1, sum(loads), sum(read), sum(taken), sum(rejected), sum(parse), sum(convert), sum(\"check\"),
           sum(statement), sum(quality), sum(predict), sum(pairs), sum(bytes), sum(busy), max(last_load)
      FROM parts HAVING count(*) > 0",
);

/// Removes loads of dropped streams, except for the last `$1` of each role: counted by role, so that no
/// role can have the loads of another one removed.
pub const FORGET_LOST_LOADS: Statement = Statement(
    "WITH gone AS (
        SELECT k.load_id, row_number() OVER (PARTITION BY k.userid ORDER BY k.load_id DESC) AS number
          FROM termstream.load k
         WHERE NOT EXISTS (SELECT FROM termstream.stream s WHERE s.stream = k.stream)),
    lost AS (
        SELECT l.load_id FROM termstream.load l JOIN gone USING (load_id)
         WHERE gone.number > $1 AND l.state <> 'running'
           FOR UPDATE OF l SKIP LOCKED)
    DELETE FROM termstream.load l USING lost WHERE l.load_id = lost.load_id",
);
/// Removes the sums of loads of dropped streams.
pub const FORGET_LOST_SUMS: Statement = Statement(
    "WITH lost AS (
        SELECT p.ctid FROM termstream.load_past p
         WHERE NOT EXISTS (SELECT FROM termstream.stream s WHERE s.stream = p.stream)
           FOR UPDATE SKIP LOCKED)
    DELETE FROM termstream.load_past p USING lost WHERE p.ctid = lost.ctid",
);

// Workers of load_file.

/// Adds a range for the workers of a load.
pub const ADD_RANGE: Statement = Statement(
    "INSERT INTO termstream.load_range (load_id, begin_byte, begin_line, end_byte, end_line)
     VALUES ($1, $2, $3, $4, $5)",
);
/// The first range that is neither loaded nor being loaded, locked until the transaction ends.
pub const TAKE_RANGE: Statement = Statement(
    "SELECT begin_byte, begin_line, end_byte, end_line
       FROM termstream.load_range
      WHERE load_id = $1 AND counts IS NULL
      ORDER BY begin_byte LIMIT 1
        FOR UPDATE SKIP LOCKED",
);
/// Marks a range as loaded, with its counts.
pub const NOTE_RANGE: Statement = Statement(
    "UPDATE termstream.load_range SET counts = $3::jsonb WHERE load_id = $1 AND begin_byte = $2",
);
/// Removes a range.
pub const DROP_RANGE: Statement =
    Statement("DELETE FROM termstream.load_range WHERE load_id = $1 AND begin_byte = $2");
/// Moves the open ranges of an earlier load to another load.
pub const ADOPT_RANGES: Statement = Statement(
    "UPDATE termstream.load_range SET load_id = $2 WHERE load_id = $1 AND counts IS NULL",
);
/// How many ranges of a load are open and how many are loaded, and where the first open one begins.
pub const RANGE_PROGRESS: Statement = Statement(
    "SELECT count(*) FILTER (WHERE counts IS NULL), count(counts),
            min(begin_byte) FILTER (WHERE counts IS NULL)
       FROM termstream.load_range WHERE load_id = $1",
);
/// Adds the counts of loaded ranges to those of the load, and removes these ranges.
pub const COUNT_RANGES: Statement = Statement(
    "WITH gone AS (
        DELETE FROM termstream.load_range WHERE load_id = $1 AND counts IS NOT NULL RETURNING counts),
    total AS (
        SELECT count(*) AS ranges,
               sum((counts->'counts'->>'read')::bigint)::bigint AS read,
               sum((counts->'counts'->>'taken')::bigint)::bigint AS taken,
               sum((counts->'counts'->>'rejected')::bigint)::bigint AS rejected,
               sum((counts->'counts'->>'pairs')::bigint)::bigint AS pairs,
               sum((counts->'counts'->>'bytes')::bigint)::bigint AS bytes,
               sum((counts->'counts'->'rejected_by_stage'->>'parse')::bigint)::bigint AS parse,
               sum((counts->'counts'->'rejected_by_stage'->>'convert')::bigint)::bigint AS convert,
               sum((counts->'counts'->'rejected_by_stage'->>'check')::bigint)::bigint AS \"check\",
               sum((counts->'counts'->'rejected_by_stage'->>'statement')::bigint)::bigint AS statement,
               sum((counts->'counts'->'rejected_by_stage'->>'quality')::bigint)::bigint AS quality,
               sum((counts->'counts'->'rejected_by_stage'->>'predict')::bigint)::bigint AS predict,
               sum((counts->>'busy')::double precision) AS busy
          FROM gone)
    UPDATE termstream.load l
       SET read = l.read + t.read, taken = l.taken + t.taken, rejected = l.rejected + t.rejected,
           pairs = l.pairs + t.pairs, bytes = l.bytes + t.bytes, parse = l.parse + t.parse,
           convert = l.convert + t.convert, \"check\" = l.\"check\" + t.\"check\",
           statement = l.statement + t.statement, quality = l.quality + t.quality,
           predict = l.predict + t.predict, busy = l.busy + t.busy
      FROM total t
     WHERE l.load_id = $1 AND t.ranges > 0
    RETURNING l.read, l.taken, l.rejected, l.pairs, l.bytes",
);
/// The numbers of rows that all committed parts of a load have read and rejected.
pub const TOTALS: Statement = Statement(
    "SELECT l.read + r.read, l.rejected + r.rejected
       FROM termstream.load l,
            (SELECT COALESCE(sum((counts->'counts'->>'read')::bigint), 0)::bigint AS read,
                    COALESCE(sum((counts->'counts'->>'rejected')::bigint), 0)::bigint AS rejected
               FROM termstream.load_range WHERE load_id = $1) r
      WHERE l.load_id = $1",
);
/// Adds the job of a load.
pub const ADD_JOB: Statement =
    Statement("INSERT INTO termstream.load_job (load_id, job) VALUES ($1, $2::jsonb)");
/// The job of a load, and the load.
pub const JOB: Statement = Statement(
    "SELECT j.job::text, l.stream::oid, l.source, l.started
       FROM termstream.load_job j JOIN termstream.load l USING (load_id)
      WHERE load_id = $1",
);
/// Whether the session that leads a load is still running it.
pub const IS_RUNNING: Statement =
    Statement("SELECT state = 'running' FROM termstream.loads WHERE load_id = $1");
/// Stores the error of a worker; only the first one of a load is kept.
pub const FAIL_JOB: Statement = Statement(
    "UPDATE termstream.load_job SET failure = ARRAY[$2, $3, $4, $5]
      WHERE load_id = $1 AND failure IS NULL",
);
/// The stored error of a worker.
pub const FAILURE: Statement = Statement(
    "SELECT failure[1], failure[2], failure[3], failure[4]
       FROM termstream.load_job WHERE load_id = $1 AND failure IS NOT NULL",
);
/// Removes the job of a load.
pub const DROP_JOB: Statement = Statement("DELETE FROM termstream.load_job WHERE load_id = $1");
