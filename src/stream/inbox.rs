//! The door of COPY and INSERT: the triggers of a stream's view.
//!
//! BEFORE STATEMENT opens a load, INSTEAD OF ROW puts a row into its batch, AFTER STATEMENT flushes
//! the rest and closes it. All of it is one statement of the user's: all or nothing.
//!
//! Loads can be nested (the statement of a stream inserts into another one, or into the same), so the
//! open ones are a stack. An error never reaches AFTER STATEMENT: the end of the transaction or the
//! rollback of the subtransaction drops what is left.

use pgrx::pg_sys;
use std::cell::RefCell;

use super::Load;
use super::definition::Definition;
use super::flush::flush;
use super::ledger::{self, State};
use super::left_out;
use crate::pg::error::Raise;
use crate::pg::transaction::current_subtransaction;
use crate::pg::trigger::{Fields, ReturnedRow, TriggerCall, are_triggers_off};
use termstream_core::load::Place;
use termstream_core::record::Field;

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

/// One call of the triggers. Returns the row for the executor, if it wants one.
pub fn take(call: &TriggerCall) -> Result<Option<pg_sys::Datum>, Raise> {
    match (call.is_for_row(), call.is_before()) {
        (true, _) => take_row(call).map(Some),
        (false, true) => begin(call).map(|()| None),
        (false, false) => end(call).map(|()| None),
    }
}

/// Refuses rows where the triggers would not fire, and so nobody would take them. Triggers of a view cannot
/// be made to fire always, so that a type asks, with the first field of each row: see `termstream.field`.
pub fn must_fire() -> Result<(), Raise> {
    if !are_triggers_off() {
        return Ok(());
    }
    Err(Raise::new(
        pgrx::PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "a stream takes no rows while session_replication_role is \"replica\"",
    )
    .detail("Its triggers do not fire, and the rows would be lost.")
    .hint("SET session_replication_role = origin, or leave the stream out of what is replicated."))
}

/// Whoever has dropped the trigger that closes a load would lose its rows without a word.
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
    let definition = Definition::read(call.relation())?;
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
        // Off the stack while it runs: its statement may open loads of its own.
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

/// The error of a stream whose owner has altered the view or its triggers by hand.
fn incomplete() -> Raise {
    Raise::new(
        pgrx::PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "the stream's view or its triggers are not as they were made",
    )
    .hint("Drop the stream with termstream.drop_stream and create it anew.")
}
