//! Adding the records of a file, or of a range of it, to the batch of a load.

use super::layout::Layout;
use super::options::Value;
use super::ranges::Range;
use super::source::{Source, changed};
use crate::pg::error::Raise;
use crate::pg::subtransaction::subtransaction;
use crate::stream::Load;
use crate::stream::flush::flush;
use termstream_core::load::{Place, Position, Reject};
use termstream_core::record::Event;

/// Adds one record to the load's batch, or rejects it; returns the position after it.
pub fn take(load: &mut Load, values: &[Value], event: Event<'_>) -> Result<Position, Raise> {
    let (begin, end, next_line) = match &event {
        Event::Record(record) => (record.offset, record.end_offset, record.next_line),
        Event::Malformed(record) => (record.offset, record.end_offset, record.next_line),
    };
    load.counts.add_read(end - begin);
    match event {
        Event::Record(record) => {
            let place = Place::Input {
                line: record.line,
                offset: record.offset,
            };
            let fields = values.iter().map(|value| value.of(&record));
            load.batch.push(place, Some(record.raw), fields)?;
        }
        Event::Malformed(record) => load.refuse(Reject::of_malformed(&record))?,
    }
    Ok(Position {
        bytes: end,
        lines: next_line - 1,
    })
}

/// Loads one range in the running transaction.
pub fn load_range(
    load: &mut Load,
    source: &mut Source,
    layout: &Layout,
    range: Range,
) -> Result<(), Raise> {
    let last_byte = source.go_to(range.begin.bytes)?;
    let mut parser = layout.parser_at(range.begin, last_byte)?;
    let mut sink = |event: Event<'_>| {
        take(load, &layout.values, event)?;
        if load.is_full() {
            contained(|| flush(load))?;
        }
        Ok::<(), Raise>(())
    };
    let mut left = range.end.bytes - range.begin.bytes;
    while left > 0 {
        pgrx::check_for_interrupts!();
        let chunk = source.read(left)?;
        if chunk.is_empty() {
            return Err(changed(
                source.path(),
                "It has become shorter while it was being loaded.".to_owned(),
            ));
        }
        left -= chunk.len() as u64;
        parser.feed(&chunk, &mut sink)?;
    }
    parser.finish(&mut sink)?;
    contained(|| flush(load))
}

/// Runs `work` in a subtransaction. After an error its abort restores snapshots, roles, settings and nested
/// connections, which the procedure's rollback alone would not.
pub fn contained<R>(work: impl FnOnce() -> Result<R, Raise>) -> Result<R, Raise> {
    match subtransaction(work) {
        Ok(outcome) => outcome,
        Err(error) => error.rethrow(),
    }
}
