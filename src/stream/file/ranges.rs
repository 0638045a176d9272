//! Parts of a file that a load has given to its workers: `termstream.load_range`.
//!
//! The leader writes a range and the position behind it in one transaction. A worker locks a range,
//! loads it, and writes its counts into it in the transaction of its rows. The leader adds the counts
//! to the load's and deletes the range, again in one transaction. So whatever dies when, what is not
//! loaded is either behind the position or a range without counts, and is found there by the next load.

use std::time::Duration;

use crate::load::{Counts, Position};
use crate::pg::session::{self, Arg, Mode, Rows};
use crate::pg::user::as_extension_owner;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub begin: Position,
    pub end: Position,
}

/// Runs a statement on the extension's own tables; `read` takes what is wanted of its rows.
fn ask<R>(statement: &str, args: &[Arg], read: impl FnOnce(&Rows) -> R) -> R {
    as_extension_owner(|| {
        session::connect(|session| read(&session.run(statement, args, Mode::Write)))
    })
}

fn run(statement: &str, args: &[Arg]) {
    ask(statement, args, |_| ());
}

/// Writes ranges for the workers.
pub fn add(load_id: i64, ranges: &[Range]) {
    for range in ranges {
        let (begin, end) = (range.begin, range.end);
        let places = [begin.bytes, begin.lines, end.bytes, end.lines].map(|n| n as i64);
        let [begin, line, end, end_line] = places;
        run(
            "INSERT INTO termstream.load_range (load_id, begin_byte, begin_line, end_byte, end_line)
             VALUES ($1, $2, $3, $4, $5)",
            &[
                load_id.into(),
                begin.into(),
                line.into(),
                end.into(),
                end_line.into(),
            ],
        );
    }
}

const TAKE: &str = "
SELECT begin_byte, begin_line, end_byte, end_line
  FROM termstream.load_range
 WHERE load_id = $1 AND counts IS NULL
 ORDER BY begin_byte LIMIT 1
   FOR UPDATE SKIP LOCKED";

/// The first range that is not loaded and that nobody is loading, locked for this transaction.
pub fn take(load_id: i64) -> Option<Range> {
    ask(TAKE, &[load_id.into()], |rows| {
        let number = |column| rows.get::<i64>(0, column).map(|number| number as u64);
        let position = |column| {
            Some(Position {
                bytes: number(column)?,
                lines: number(column + 1)?,
            })
        };
        Some(Range {
            begin: position(1)?,
            end: position(3)?,
        })
    })
}

/// Writes the counts of a range, in the transaction of its rows.
pub fn loaded(load_id: i64, range: Range, counts: &Counts, busy: Duration) {
    let counts = serde_json::json!({"counts": counts, "busy": busy.as_secs_f64()}).to_string();
    run(
        "UPDATE termstream.load_range SET counts = $3::pg_catalog.jsonb
          WHERE load_id = $1 AND begin_byte = $2",
        &[
            load_id.into(),
            (range.begin.bytes as i64).into(),
            counts.into(),
        ],
    );
}

/// What the workers of a load have before them.
pub struct Outlook {
    /// Ranges not loaded.
    pub open: i64,
    /// Where the first of them begins.
    pub begin: Option<u64>,
    /// Ranges loaded and not counted.
    pub loaded: i64,
}

const OUTLOOK: &str = "
SELECT pg_catalog.count(*) FILTER (WHERE counts IS NULL), pg_catalog.count(counts),
       min(begin_byte) FILTER (WHERE counts IS NULL)
  FROM termstream.load_range WHERE load_id = $1";

pub fn outlook(load_id: i64) -> Outlook {
    ask(OUTLOOK, &[load_id.into()], |rows| Outlook {
        open: rows.get(0, 1).unwrap_or(0),
        loaded: rows.get(0, 2).unwrap_or(0),
        begin: rows.get::<i64>(0, 3).map(|begin| begin as u64),
    })
}

const COUNT: &str = "
WITH gone AS (
    DELETE FROM termstream.load_range WHERE load_id = $1 AND counts IS NOT NULL RETURNING counts),
total AS (
    SELECT pg_catalog.count(*) AS ranges,
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
       convert = l.convert + t.convert, \"check\" = l.\"check\" + t.\"check\", statement = l.statement + t.statement,
       quality = l.quality + t.quality, predict = l.predict + t.predict, busy = l.busy + t.busy
  FROM total t
 WHERE l.load_id = $1 AND t.ranges > 0
RETURNING l.read, l.taken, l.rejected, l.pairs, l.bytes";

/// Adds the counts of the loaded ranges to the load's, and forgets those ranges. Returns what the load
/// has now, if there were any.
pub fn count(load_id: i64) -> Option<Counts> {
    ask(COUNT, &[load_id.into()], |rows| {
        let number = |column| rows.get::<i64>(0, column).map(|number| number as u64);
        Some(Counts {
            read: number(1)?,
            taken: number(2)?,
            rejected: number(3)?,
            pairs: number(4)?,
            bytes: number(5)?,
            ..Counts::default()
        })
    })
}

const TOTALS: &str = "
SELECT l.read + r.read, l.rejected + r.rejected
  FROM termstream.load l,
       (SELECT COALESCE(sum((counts->'counts'->>'read')::bigint), 0)::bigint AS read,
               COALESCE(sum((counts->'counts'->>'rejected')::bigint), 0)::bigint AS rejected
          FROM termstream.load_range WHERE load_id = $1) r
 WHERE l.load_id = $1";

/// Rows read and rejected by all that was committed of the load.
pub fn totals(load_id: i64) -> Counts {
    ask(TOTALS, &[load_id.into()], |rows| Counts {
        read: rows.get::<i64>(0, 1).unwrap_or(0) as u64,
        rejected: rows.get::<i64>(0, 2).unwrap_or(0) as u64,
        ..Counts::default()
    })
}

/// Forgets a range that this session has loaded and counted itself.
pub fn remove(load_id: i64, range: Range) {
    run(
        "DELETE FROM termstream.load_range WHERE load_id = $1 AND begin_byte = $2",
        &[load_id.into(), (range.begin.bytes as i64).into()],
    );
}

/// Gives what an earlier load has left open to this one. Waits for a worker of that load that is still
/// at work on a range: what it then has loaded is counted there.
pub fn adopt(earlier: i64, load_id: i64) {
    run(
        "UPDATE termstream.load_range SET load_id = $2 WHERE load_id = $1 AND counts IS NULL",
        &[earlier.into(), load_id.into()],
    );
    count(earlier);
}
