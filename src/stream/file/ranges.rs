//! Parts of a file that a load has given to its workers: `termstream.load_range`.
//!
//! The leader writes a range and the position behind it in one transaction. A worker locks a range,
//! loads it, and writes its counts into it in the transaction of its rows. The leader adds the counts
//! to the load's and deletes the range, again in one transaction. So whatever dies when, what is not
//! loaded is either behind the position or a range without counts, and is found there by the next load.

use std::time::Duration;

use crate::tables;
use termstream_core::load::{Counts, Position};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub begin: Position,
    pub end: Position,
}

/// Writes ranges for the workers.
pub fn add(load_id: i64, ranges: &[Range]) {
    for range in ranges {
        let (begin, end) = (range.begin, range.end);
        let places = [begin.bytes, begin.lines, end.bytes, end.lines].map(|n| n as i64);
        let [begin, line, end, end_line] = places;
        tables::ADD_RANGE.execute(&[
            load_id.into(),
            begin.into(),
            line.into(),
            end.into(),
            end_line.into(),
        ]);
    }
}

/// The first range that is not loaded and that nobody is loading, locked for this transaction.
pub fn take(load_id: i64) -> Option<Range> {
    tables::TAKE_RANGE.run(&[load_id.into()], |rows| {
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
    tables::NOTE_RANGE.execute(&[
        load_id.into(),
        (range.begin.bytes as i64).into(),
        counts.into(),
    ]);
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

pub fn outlook(load_id: i64) -> Outlook {
    tables::OUTLOOK.run(&[load_id.into()], |rows| Outlook {
        open: rows.get(0, 1).unwrap_or(0),
        loaded: rows.get(0, 2).unwrap_or(0),
        begin: rows.get::<i64>(0, 3).map(|begin| begin as u64),
    })
}

/// Adds the counts of the loaded ranges to the load's, and forgets those ranges. Returns what the load
/// has now, if there were any.
pub fn count(load_id: i64) -> Option<Counts> {
    tables::COUNT_RANGES.run(&[load_id.into()], |rows| {
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

/// Rows read and rejected by all that was committed of the load.
pub fn totals(load_id: i64) -> Counts {
    tables::TOTALS.run(&[load_id.into()], |rows| Counts {
        read: rows.get::<i64>(0, 1).unwrap_or(0) as u64,
        rejected: rows.get::<i64>(0, 2).unwrap_or(0) as u64,
        ..Counts::default()
    })
}

/// Forgets a range that this session has loaded and counted itself.
pub fn remove(load_id: i64, range: Range) {
    tables::DROP_RANGE.execute(&[load_id.into(), (range.begin.bytes as i64).into()]);
}

/// Gives what an earlier load has left open to this one. Waits for a worker of that load that is still
/// at work on a range: what it then has loaded is counted there.
pub fn adopt(earlier: i64, load_id: i64) {
    tables::ADOPT_RANGES.execute(&[earlier.into(), load_id.into()]);
    count(earlier);
}
