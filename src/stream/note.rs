//! Rejects that a feeder reports: rows that it could not parse, or for which a service gave no answer.
//!
//! COPY cannot carry such rows (too few fields, bytes that are not text), so they are reported in the
//! transaction of the COPY, and counted in its load or in a load of their own.

use pgrx::prelude::*;
use std::time::Duration;

use super::Load;
use super::ddl::{find_stream, must_feed};
use super::definition::StreamDefinition;
use super::flush::flush;
use super::ledger::{self, State};
use super::line_format::LineFormat;
use crate::pg::error::Raise;
use crate::pg::session;
use termstream_core::load::{Place, Reject, Stage};

/// What all rows of one call have in common.
pub struct Notes<'a> {
    pub stream: &'a str,
    pub source: &'a str,
    /// The name of a [`Stage`]: parse or predict.
    pub stage: &'a str,
    /// The load of this transaction that counts the rows; `None` for a new load.
    pub load_id: Option<i64>,
    /// The format of the rows, as JSON: see `termstream.note_rejects`.
    pub line_format: Option<String>,
}

/// A row that a feeder could not take, and why.
pub struct Note<'a> {
    pub line: Option<i64>,
    pub raw: &'a [u8],
    pub sqlstate: &'a str,
    pub message: &'a str,
    pub detail: Option<&'a str>,
    pub origin: Option<String>,
}

/// Stores the rows as rejects; returns the number of the load that counts them.
pub fn note_rejects(notes: &Notes, rows: Vec<Note>) -> Result<i64, Raise> {
    let stage = feeders_stage(notes.stage)?;
    let (definition, counting) = session::connect(|session| {
        let view = find_stream(session, notes.stream)?;
        must_feed(session, view, notes.stream, "Noting rejects")?;
        let counting = match notes.load_id {
            None => None,
            Some(load_id) => Some(
                ledger::find_in_transaction(load_id)
                    .filter(|load| load.stream == view)
                    .ok_or_else(|| not_in_transaction(load_id))?,
            ),
        };
        Ok::<_, Raise>((StreamDefinition::read(view)?, counting))
    })?;
    LineFormat::read(notes.line_format.as_deref(), &definition)?;
    let mut load = Load::new(definition, Some(notes.source.to_owned()))?;
    load.line_format.clone_from(&notes.line_format);
    if let (Some(counting), Some(load_id)) = (counting, notes.load_id) {
        load.id = load_id;
        load.counts = counting.counts;
        load.busy = Duration::from_secs_f64(counting.busy.max(0.0));
    } else {
        load.definition.limits = load.definition.limits.without_ratio();
    }
    for note in rows {
        pgrx::check_for_interrupts!();
        load.counts.add_read(note.raw.len() as u64);
        let place = Place::Row {
            number: note.line.unwrap_or(0).max(0) as u64,
        };
        let sqlstate = checked_code(stage, note.sqlstate)?;
        let mut reject = Reject::new(stage, place, note.raw, sqlstate, note.message);
        if let Some(detail) = note.detail {
            reject = reject.detail(detail);
        }
        if note.line.is_none() {
            reject.line = None;
        }
        reject.origin = note.origin;
        load.refuse(reject)?;
        if load.is_full() {
            flush(&mut load)?;
        }
    }
    flush(&mut load)?;
    ledger::write(&load, State::Done, None);
    Ok(load.id)
}

/// The error for a load that the current role has not made in this transaction.
pub fn not_in_transaction(load_id: i64) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("load {load_id} was not made by this transaction"),
    )
    .hint("Give a load of the same stream, transaction and role: the newest row of termstream.loads after a COPY.")
}

/// The stage of this name, if it is one that a feeder reports; the others are the stream's.
fn feeders_stage(name: &str) -> Result<Stage, Raise> {
    [Stage::Parse, Stage::Predict]
        .into_iter()
        .find(|stage| stage.as_str() == name)
        .ok_or_else(|| {
            Raise::new(
                PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
                format!("stage \"{name}\" is not one that a feeder reports"),
            )
            .hint("A feeder's stages are parse and predict.")
        })
}

/// Checks that the SQLSTATE is that of a data error; of the stage predict any is allowed, since a service
/// that does not answer is not an error of the row.
fn checked_code(stage: Stage, sqlstate: &str) -> Result<&str, Raise> {
    let is_code = sqlstate.len() == 5
        && sqlstate
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if termstream_core::load::is_data_error(sqlstate) || (stage == Stage::Predict && is_code) {
        return Ok(sqlstate);
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        format!("errorcode \"{sqlstate}\" is not a data error"),
    )
    .hint("Give a SQLSTATE of class 22 or 23, or P0001; with the stage predict, any SQLSTATE."))
}
