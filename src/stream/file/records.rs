//! Records into the batch of a load: those of the whole file, or of one range of it.

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

/// Takes one record into the load's batch, or aside; returns the position behind it.
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

/// Loads one range, in the transaction that runs.
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
                "It has become shorter while it was loaded.".to_owned(),
            ));
        }
        left -= chunk.len() as u64;
        parser.feed(&chunk, &mut sink)?;
    }
    parser.finish(&mut sink)?;
    contained(|| flush(load))
}

/// Runs `work` in a subtransaction, so that an error leaves nothing half done that a rollback of the
/// procedure's transaction would stumble over: snapshots, roles, settings, nested connections.
pub fn contained<R>(work: impl FnOnce() -> Result<R, Raise>) -> Result<R, Raise> {
    match subtransaction(work) {
        Ok(outcome) => outcome,
        Err(error) => error.rethrow(),
    }
}
