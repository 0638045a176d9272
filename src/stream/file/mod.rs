//! The door of `load_file`: a CSV file on the server, committed batch by batch.
//!
//! Each batch is one transaction: its rows, its rejects, the load's counts and the position behind
//! it. So whatever ends the load, what the ledger says is what is there.

mod header;
mod options;
mod resume;
mod source;

pub use options::FileOptions;

use pgrx::prelude::*;
use std::fs::File;
use std::io::{Seek, SeekFrom};

use super::Load;
use super::catalog::find_stream;
use super::definition::Definition;
use super::flush::flush;
use super::ledger::{self, State};
use crate::load::{Counts, Place, Position, Reject};
use crate::pg::error::{Raise, caught};
use crate::pg::procedure::Transactions;
use crate::pg::session::Mode;
use crate::pg::subtransaction::subtransaction;
use crate::record::{CsvParser, Event, Header};
use resume::Start;
use source::{Fingerprint, byte_before, file_error, may_read, open, read_chunk, size};

/// What one call did.
pub struct Loaded {
    /// `None` where there was nothing to do.
    pub load_id: Option<i64>,
    pub counts: Counts,
}

/// Loads the file into the stream.
pub fn load_file(
    transactions: &Transactions,
    stream: &str,
    path: &str,
    options: &FileOptions,
) -> Result<Loaded, Raise> {
    may_read(path)?;
    options.check_format()?;
    let session = transactions.session();
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
        .hint("Loading takes the right to INSERT into the stream."));
    }
    let definition = Definition::read(session, view)?;
    let mut file = open(path)?;
    let (columns, fields) = options.in_file(&definition.columns)?;
    let csv = options.csv(&columns)?;
    // Wrong options are told even where there is nothing to read.
    CsvParser::new(csv.clone())?;
    let start = match options.resume {
        true => resume::find(session, view, path, &file)?,
        false => Start::Beginning,
    };
    let (position, parser) = match start {
        Start::Done => {
            pgrx::notice!("file \"{path}\" is loaded already: nothing to do");
            return Ok(Loaded {
                load_id: None,
                counts: Counts::default(),
            });
        }
        Start::Beginning => (
            Position::default(),
            CsvParser::new(csv.header(options.header))?,
        ),
        Start::At(position) => {
            let last = byte_before(&file, path, position.bytes)?;
            file.seek(SeekFrom::Start(position.bytes))
                .map_err(|error| file_error("read", path, &error))?;
            (
                position,
                CsvParser::resume(csv, position.bytes, position.lines + 1, last)?,
            )
        }
    };
    let first = read_chunk(&mut file, path)?;
    if position == Position::default() && options.header != Header::No {
        header::refuse_no_header(path, &first)?;
        if options.header == Header::Yes {
            header::refuse_data_as_header(&columns, options, path, &first)?;
        }
    }
    let mut run = Run {
        transactions,
        load: Load::new(definition, Some(path.to_owned()))?,
        position,
        fields,
        file,
    };
    run.load.committed = Some(0);
    run.write(State::Running)?;
    transactions.commit();
    match caught(|| run.read_all(parser, path, first)) {
        Ok(Ok(())) => Ok(Loaded {
            load_id: Some(run.load.id),
            counts: run.load.counts,
        }),
        Ok(Err(raise)) => {
            run.fail(&raise.message);
            Err(raise)
        }
        Err(error) => {
            run.fail(&error.message);
            error.rethrow()
        }
    }
}

struct Run<'t> {
    transactions: &'t Transactions<'t>,
    load: Load,
    /// Behind the last row of the batch that is being filled.
    position: Position,
    /// For each column of the stream its field in the file.
    fields: Vec<Option<usize>>,
    file: File,
}

impl Run<'_> {
    fn read_all(&mut self, mut parser: CsvParser, path: &str, first: Vec<u8>) -> Result<(), Raise> {
        let mut chunk = first;
        while !chunk.is_empty() {
            pgrx::check_for_interrupts!();
            parser.feed(&chunk, &mut |event| self.take(event))?;
            chunk = read_chunk(&mut self.file, path)?;
        }
        parser.finish(&mut |event| self.take(event))?;
        self.flush(State::Done)
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), Raise> {
        let (offset, end_offset, next_line) = match event {
            Event::Record(record) => (record.offset, record.end_offset, record.next_line),
            Event::Malformed(ref record) => (record.offset, record.end_offset, record.next_line),
        };
        self.load.counts.add_read(end_offset - offset);
        match event {
            Event::Record(record) => {
                let place = Place::Input {
                    line: record.line,
                    offset,
                };
                self.load.batch.push(
                    place,
                    Some(record.raw),
                    self.fields.iter().map(|field| record.field((*field)?)),
                );
            }
            Event::Malformed(record) => self.load.refuse(Reject::of_malformed(&record))?,
        }
        self.position = Position {
            bytes: end_offset,
            lines: next_line - 1,
        };
        if self.load.is_full() {
            self.flush(State::Running)?;
        }
        Ok(())
    }

    /// Runs the batch and commits it with the counts and the position.
    fn flush(&mut self, state: State) -> Result<(), Raise> {
        contained(|| {
            flush(&mut self.load)?;
            self.write(state)
        })?;
        self.transactions.commit();
        self.load.committed = Some(self.load.counts.read);
        if state == State::Running {
            // Somebody may have changed or dropped the stream in between.
            let stream = self.load.definition.stream;
            self.load.definition =
                contained(|| Definition::read(self.transactions.session(), stream))?;
        }
        Ok(())
    }

    /// Writes counts and position, and what the file had before it.
    fn write(&self, state: State) -> Result<(), Raise> {
        ledger::write(&self.load, state, Some(self.position));
        let path = self.load.file.as_deref().unwrap_or_default();
        let known = Fingerprint::take(&self.file, path, self.position.bytes)?;
        resume::remember(self.load.id, known, size(&self.file, path)?);
        Ok(())
    }

    /// Undoes the batch that failed, and leaves word of it in the ledger.
    fn fail(&mut self, error: &str) {
        self.transactions.rollback();
        ledger::fail(self.load.id, error);
        self.transactions.commit();
    }
}

/// Runs `work` in a subtransaction, so that an error leaves nothing half done that a rollback of the
/// procedure's transaction would stumble over: snapshots, roles, settings, nested connections.
fn contained<R>(work: impl FnOnce() -> Result<R, Raise>) -> Result<R, Raise> {
    match subtransaction(work) {
        Ok(outcome) => outcome,
        Err(error) => error.rethrow(),
    }
}
