//! Rows from COPY and INSERT: the triggers of a stream's view.
//!
//! The BEFORE STATEMENT trigger opens a load, the INSTEAD OF trigger adds a row to its batch, and the AFTER
//! STATEMENT trigger flushes the rest and closes the load. All of it is one statement: all or nothing.
//!
//! Loads can be nested (the statement of a stream may insert into another stream, or into its own), so open
//! loads form a stack. After an error the AFTER STATEMENT trigger does not fire: the end of the
//! transaction, or the rollback of the subtransaction, drops the open load.

use pgrx::pg_sys;
use std::cell::RefCell;

use super::Load;
use super::definition::StreamDefinition;
use super::flush::flush;
use super::ledger::{self, State};
use super::left_out;
use crate::pg::error::Raise;
use crate::pg::transaction::current_subtransaction;
use crate::pg::trigger::{Fields, ReturnedRow, TriggerCall, are_triggers_off};
use termstream_core::load::Place;
use termstream_core::record::Field;

/// An open load of the stack.
struct Open {
    load: Load,
    fields: Fields,
    /// The text that stands for a value left out, if a column has a default.
    mark: Option<String>,
    returned: ReturnedRow,
    /// The subtransaction in which the statement began.
    subtransaction: u32,
}

thread_local! {
    static OPEN: RefCell<Vec<Open>> = const { RefCell::new(Vec::new()) };
}

/// Handles one call of a stream's triggers. Returns the row for the executor, for a row trigger.
pub fn take(call: &TriggerCall) -> Result<Option<pg_sys::Datum>, Raise> {
    match (call.is_for_row(), call.is_before()) {
        (true, _) => take_row(call).map(Some),
        (false, true) => begin(call).map(|()| None),
        (false, false) => end(call).map(|()| None),
    }
}

/// An error if the stream's triggers do not fire in this session, for then its rows would be lost. A view's
/// triggers cannot be enabled as ALWAYS, so the type of the first column calls this: see
/// `termstream.field`.
pub fn must_fire() -> Result<(), Raise> {
    if !are_triggers_off() {
        return Ok(());
    }
    Err(Raise::new(
        pgrx::PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "a stream takes no rows while session_replication_role is \"replica\"",
    )
    .detail("Its triggers do not fire, and the rows would be lost.")
    .hint("SET session_replication_role = origin, or exclude the stream from replication."))
}

/// An error at commit if a load is still open: its AFTER STATEMENT trigger was dropped, and its rows would
/// be lost silently.
pub fn refuse_unfinished() {
    if OPEN.with(|open| !open.borrow().is_empty()) {
        incomplete().raise();
    }
}

/// Drops every open load: the transaction has ended.
pub fn forget_all() {
    OPEN.with(|open| open.borrow_mut().clear());
}

/// Drops the loads that began in a subtransaction which is rolled back.
pub fn forget_since(subtransaction: u32) {
    OPEN.with(|open| {
        open.borrow_mut()
            .retain(|one| one.subtransaction < subtransaction)
    });
}

fn begin(call: &TriggerCall) -> Result<(), Raise> {
    let definition = StreamDefinition::read(call.relation())?;
    if !call.has_text_columns(definition.columns.len()) {
        return Err(incomplete());
    }
    let has_defaults = definition.columns.iter().any(|one| one.default.is_some());
    let mark = has_defaults.then(left_out::mark).transpose()?;
    let load = Load::new(definition, None)?;
    let open = Open {
        load,
        fields: Fields::default(),
        mark,
        returned: ReturnedRow::new(),
        subtransaction: current_subtransaction(),
    };
    OPEN.with(|stack| stack.borrow_mut().push(open));
    Ok(())
}

fn take_row(call: &TriggerCall) -> Result<pg_sys::Datum, Raise> {
    let (row, full) = with_top(call, |open| {
        let load = &mut open.load;
        if !call.read_fields(&mut open.fields, load.definition.columns.len()) {
            return Err(incomplete());
        }
        let place = Place::Row {
            number: load.counts.read + 1,
        };
        let mark = open.mark.as_ref().map(String::as_bytes);
        let texts = open.fields.texts(call).zip(&load.definition.columns);
        let fields = texts.map(|(text, column)| match text {
            Some(_) if text == mark && column.default.is_some() => Field::LeftOut,
            _ => text.into(),
        });
        let bytes = load.batch.push(place, None, fields)?;
        load.counts.add_read(bytes as u64);
        Ok((open.returned.copy(call), load.is_full()))
    })??;
    if full {
        // The load is off the stack meanwhile, since its statement may open other loads.
        let mut open = take_top(call)?;
        let outcome = flush(&mut open.load);
        OPEN.with(|stack| stack.borrow_mut().push(open));
        outcome?;
    }
    Ok(row)
}

fn end(call: &TriggerCall) -> Result<(), Raise> {
    let mut open = take_top(call)?;
    flush(&mut open.load)?;
    ledger::write(&open.load, State::Done, None);
    Ok(())
}

/// Runs `work` with the innermost open load of this call's stream.
fn with_top<R>(call: &TriggerCall, work: impl FnOnce(&mut Open) -> R) -> Result<R, Raise> {
    let stream = call.relation();
    OPEN.with(|stack| {
        let mut stack = stack.borrow_mut();
        let top = stack
            .iter_mut()
            .rev()
            .find(|open| open.load.definition.stream == stream);
        top.map(work).ok_or_else(incomplete)
    })
}

/// Takes the innermost open load of this call's stream off the stack.
fn take_top(call: &TriggerCall) -> Result<Open, Raise> {
    let stream = call.relation();
    OPEN.with(|stack| {
        let mut stack = stack.borrow_mut();
        let top = stack
            .iter()
            .rposition(|open| open.load.definition.stream == stream);
        top.map(|top| stack.remove(top)).ok_or_else(incomplete)
    })
}

/// The error for a stream whose view or triggers its owner has altered by hand.
fn incomplete() -> Raise {
    Raise::new(
        pgrx::PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "the stream's view or its triggers are not as they were made",
    )
    .hint("Drop the stream with termstream.drop_stream and create it anew.")
}
