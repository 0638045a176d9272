//! Ranges of a file that a load hands out to its workers: `termstream.load_range`.
//!
//! The leader writes a range and the position after it in one transaction. A worker locks a range, loads
//! it, and writes the counts of the range in the transaction of its rows. The leader adds the counts to
//! those of the load and deletes the range, again in one transaction. So whichever process dies when, what
//! is not loaded is either after the position or in a range without counts, and the next load finds it
//! there.

use std::time::Duration;

use crate::tables;
use termstream_core::load::{Counts, Position};

/// A range of a file, from the beginning of a record to the end of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub begin: Position,
    pub end: Position,
}

/// Writes ranges for the workers.
pub fn add(load_id: i64, ranges: &[Range]) {
    for range in ranges {
        let (begin, end) = (range.begin, range.end);
        let numbers = [begin.bytes, begin.lines, end.bytes, end.lines].map(|n| n as i64);
        let [begin, line, end, end_line] = numbers;
        tables::ADD_RANGE.execute(&[
            load_id.into(),
            begin.into(),
            line.into(),
            end.into(),
            end_line.into(),
        ]);
    }
}

/// The first range that is neither loaded nor being loaded, locked until the transaction ends.
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

/// How far the workers of a load are.
pub struct Progress {
    /// The number of ranges that are not loaded.
    pub open: i64,
    /// The byte at which the first of them begins.
    pub begin: Option<u64>,
    /// The number of ranges that are loaded and not yet counted.
    pub loaded: i64,
}

/// How far the workers of the load are.
pub fn progress(load_id: i64) -> Progress {
    tables::RANGE_PROGRESS.run(&[load_id.into()], |rows| Progress {
        open: rows.get(0, 1).unwrap_or(0),
        loaded: rows.get(0, 2).unwrap_or(0),
        begin: rows.get::<i64>(0, 3).map(|begin| begin as u64),
    })
}

/// Adds the counts of loaded ranges to those of the load, and deletes these ranges. Returns the counts that
/// the load has now; `None` if there were no such ranges.
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

/// The numbers of rows that all committed parts of the load have read and rejected.
pub fn totals(load_id: i64) -> Counts {
    tables::TOTALS.run(&[load_id.into()], |rows| Counts {
        read: rows.get::<i64>(0, 1).unwrap_or(0) as u64,
        rejected: rows.get::<i64>(0, 2).unwrap_or(0) as u64,
        ..Counts::default()
    })
}

/// Deletes a range that this session has loaded and counted.
pub fn remove(load_id: i64, range: Range) {
    tables::DROP_RANGE.execute(&[load_id.into(), (range.begin.bytes as i64).into()]);
}

/// Moves the open ranges of an earlier load to this load. Waits for workers of the earlier load that are
/// still loading a range, and counts what they have loaded there.
pub fn adopt(earlier: i64, load_id: i64) {
    tables::ADOPT_RANGES.execute(&[earlier.into(), load_id.into()]);
    count(earlier);
}
