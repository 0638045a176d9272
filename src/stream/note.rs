//! The door for rows that a feeder could not take apart: they are rejects before they are rows.
//!
//! What COPY cannot carry (a row with too few fields, bytes that are no text) is noted in the
//! transaction of the COPY, as a load of its own, so that counts add up and limits count.

use pgrx::prelude::*;

use super::Load;
use super::catalog::find_stream;
use super::definition::Definition;
use super::flush::flush;
use super::ledger::{self, State};
use crate::load::{Place, Reject, Stage};
use crate::pg::error::Raise;
use crate::pg::session::{self, Mode};

/// One row as it came, and why it is none.
pub struct Note<'a> {
    pub line: i64,
    pub raw: &'a [u8],
    pub sqlstate: &'a str,
    pub message: &'a str,
}

/// Notes the rows as rejects of the stage 'parse'; returns the load that counts them.
pub fn note_rejects(stream: &str, source: &str, notes: &[Note]) -> Result<i64, Raise> {
    let definition = session::connect(|session| {
        let view = find_stream(session, stream)?;
        let allowed = session.run(
            "SELECT pg_catalog.has_table_privilege($1, 'INSERT')",
            &[view.into()],
            Mode::Write,
        );
        if allowed.get(0, 1) != Some(true) {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!("permission denied for stream {stream}"),
            )
            .hint("Noting rejects takes the right to INSERT into the stream."));
        }
        Definition::read(session, view)
    })?;
    let mut load = Load::new(definition, Some(source.to_owned()))?;
    for note in notes {
        pgrx::check_for_interrupts!();
        load.counts.add_read(note.raw.len() as u64);
        let place = Place::Row {
            number: note.line.max(0) as u64,
        };
        load.refuse(Reject::new(
            Stage::Parse,
            place,
            note.raw,
            data_error(note.sqlstate)?,
            note.message,
        ))?;
        if load.is_full() {
            flush(&mut load)?;
        }
    }
    flush(&mut load)?;
    ledger::write(&load, State::Done, None);
    Ok(load.id)
}

/// Only data errors make rejects.
fn data_error(sqlstate: &str) -> Result<&str, Raise> {
    if crate::load::is_data_error(sqlstate) {
        return Ok(sqlstate);
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        format!("errorcode \"{sqlstate}\" is no data error"),
    )
    .hint("Give a SQLSTATE of class 22 or 23, or P0001."))
}
