//! The door of `load_file`: a CSV file on the server, committed batch by batch.
//!
//! Each batch is one transaction: its rows, its rejects, the load's counts and the position behind
//! it. So whatever ends the load, what the ledger says is what is there.

use pgrx::prelude::*;
use std::fs::File;
use std::io::Read;

use super::Load;
use super::catalog::find_stream;
use super::definition::Definition;
use super::flush::flush;
use super::ledger::{self, State};
use crate::load::{Place, Position, Reject};
use crate::pg::definition::Column;
use crate::pg::error::{Raise, caught};
use crate::pg::input::Converter;
use crate::pg::memory::in_own_context;
use crate::pg::procedure::Transactions;
use crate::pg::session::Mode;
use crate::pg::snapshot::with_snapshot;
use crate::pg::subtransaction::subtransaction;
use crate::pg::user;
use crate::record::{self, CsvOptions, CsvParser, Event, Header};

/// How the file is written, in COPY's words.
pub struct FileOptions<'a> {
    pub header: bool,
    pub delimiter: &'a str,
}

/// Read from the file at once. A pipe from the page cache is no faster beyond 64 KiB.
const CHUNK_BYTES: usize = 64 << 10;

/// Loads the file into the stream.
pub fn load_file(
    transactions: &Transactions,
    stream: &str,
    path: &str,
    options: &FileOptions,
) -> Result<(), Raise> {
    may_read(path)?;
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
    let first = read_chunk(&mut file, path)?;
    let parser = parser(&definition.columns, options)?;
    if options.header {
        refuse_no_header(path, &first)?;
        refuse_data_as_header(&definition.columns, options, path, &first)?;
    }
    let mut run = Run {
        transactions,
        load: Load::new(definition, Some(path.to_owned()))?,
        position: Position::default(),
    };
    ledger::write(&run.load, State::Running, Some(run.position));
    transactions.commit();
    match caught(|| run.read_all(parser, file, path, first)) {
        Ok(Ok(())) => {
            let counts = &run.load.counts;
            pgrx::notice!(
                "load {}: {} rows read, {} taken, {} rejected, {} new pairs",
                run.load.id,
                counts.read,
                counts.taken,
                counts.rejected,
                counts.pairs
            );
            Ok(())
        }
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
}

impl Run<'_> {
    fn read_all(
        &mut self,
        mut parser: CsvParser,
        mut file: File,
        path: &str,
        first: Vec<u8>,
    ) -> Result<(), Raise> {
        let mut chunk = first;
        while !chunk.is_empty() {
            pgrx::check_for_interrupts!();
            parser.feed(&chunk, &mut |event| self.take(event))?;
            chunk = read_chunk(&mut file, path)?;
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
                self.load
                    .batch
                    .push(place, Some(record.raw), record.fields());
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
        let position = self.position;
        contained(|| {
            flush(&mut self.load)?;
            ledger::write(&self.load, state, Some(position));
            Ok(())
        })?;
        self.transactions.commit();
        if state == State::Running {
            // Somebody may have changed or dropped the stream in between.
            let stream = self.load.definition.stream;
            self.load.definition =
                contained(|| Definition::read(self.transactions.session(), stream))?;
        }
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

fn may_read(path: &str) -> Result<(), Raise> {
    if !user::may_read_server_files() {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "permission denied to load a file of the server",
        )
        .detail("Only roles with privileges of the \"pg_read_server_files\" role may read files of the server.")
        .hint("Load it from the client: \\copy stream FROM 'file' (FORMAT csv, HEADER)."));
    }
    if !path.starts_with('/') {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_NAME,
            format!("path \"{path}\" is not absolute"),
        )
        .hint("The file is read by the server: give its full path there, or use \\copy."));
    }
    Ok(())
}

fn open(path: &str) -> Result<File, Raise> {
    let file = File::open(path).map_err(|error| file_error("open", path, &error))?;
    let is_folder = file
        .metadata()
        .map_err(|error| file_error("open", path, &error))?
        .is_dir();
    if is_folder {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("\"{path}\" is a directory"),
        )
        .hint("Call load_file for each file in it."));
    }
    Ok(file)
}

fn file_error(action: &str, path: &str, error: &std::io::Error) -> Raise {
    let (code, reason) = match error.kind() {
        std::io::ErrorKind::NotFound => (
            PgSqlErrorCode::ERRCODE_UNDEFINED_FILE,
            "No such file or directory".to_owned(),
        ),
        std::io::ErrorKind::PermissionDenied => (
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "Permission denied".to_owned(),
        ),
        _ => (PgSqlErrorCode::ERRCODE_IO_ERROR, error.to_string()),
    };
    Raise::new(code, format!("could not {action} file \"{path}\": {reason}")).hint(
        "load_file reads a file of the server, as the server's own user; for a file of the client use \\copy.",
    )
}

/// The next bytes of the file; none at its end.
fn read_chunk(file: &mut File, path: &str) -> Result<Vec<u8>, Raise> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    file.by_ref()
        .take(CHUNK_BYTES as u64)
        .read_to_end(&mut chunk)
        .map_err(|error| file_error("read", path, &error))?;
    Ok(chunk)
}

fn parser(columns: &[Column], options: &FileOptions) -> Result<CsvParser, Raise> {
    let header = if options.header {
        Header::Yes
    } else {
        Header::No
    };
    Ok(CsvParser::new(
        csv_options(columns, options)?.header(header),
    )?)
}

fn csv_options(columns: &[Column], options: &FileOptions) -> Result<CsvOptions, Raise> {
    let names = columns.iter().map(|column| column.name.clone()).collect();
    Ok(CsvOptions::new(names)?.delimiter(options.delimiter)?)
}

fn refuse_no_header(path: &str, first: &[u8]) -> Result<(), Raise> {
    if !first.is_empty() {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_BAD_COPY_FILE_FORMAT,
        format!("file \"{path}\" is empty, its header is missing"),
    )
    .hint("If an empty file is right, call load_file with header => false."))
}

/// A file without a header would lose its first row to `header => true`. A first line whose values
/// convert to the declared types is taken for a row; text columns tell nothing.
fn refuse_data_as_header(
    columns: &[Column],
    options: &FileOptions,
    path: &str,
    first: &[u8],
) -> Result<(), Raise> {
    let mut looks_like_data = None;
    let mut parser = CsvParser::new(csv_options(columns, options)?)?;
    let mut look = |event: Event<'_>| {
        if looks_like_data.is_none() {
            looks_like_data = Some(match event {
                Event::Record(record) => all_convert(columns, record.fields()),
                Event::Malformed(_) => false,
            });
        }
        Ok::<(), Raise>(())
    };
    let line = first
        .split_inclusive(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    parser.feed(line, &mut look)?;
    parser.finish(&mut look)?;
    if looks_like_data != Some(true) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_BAD_COPY_FILE_FORMAT,
        format!("the first line of \"{path}\" is a row, not a header"),
    )
    .detail("Its values are valid for the declared types of the columns.")
    .hint("If the file has no header, call load_file with header => false."))
}

/// Whether there is a column that is not text, and a value in it, and all such values convert.
fn all_convert<'a>(columns: &[Column], fields: impl Iterator<Item = Option<&'a [u8]>>) -> bool {
    let typed: Vec<_> = fields
        .enumerate()
        .filter(|(number, _)| columns.get(*number).is_some_and(|column| !column.is_text()))
        .filter_map(|(number, field)| Some((number, std::ffi::CString::new(field?).ok()?)))
        .collect();
    let outcome = subtransaction(|| {
        in_own_context(|| {
            with_snapshot(|| {
                let mut converter = Converter::new(columns);
                for (number, field) in &typed {
                    converter.convert(*number, Some(field));
                }
            })
        })
    });
    !typed.is_empty() && outcome.is_ok()
}

impl From<record::Error> for Raise {
    fn from(error: record::Error) -> Raise {
        use record::Error::*;
        let raise = |code| Raise::new(code, error.to_string());
        match &error {
            HeaderName { .. }
            | HeaderTooShort { .. }
            | HeaderTooLong { .. }
            | HeaderMalformed(_) => raise(PgSqlErrorCode::ERRCODE_BAD_COPY_FILE_FORMAT)
                .hint("The header names the stream's columns, in their order."),
            HeaderMissing => raise(PgSqlErrorCode::ERRCODE_BAD_COPY_FILE_FORMAT)
                .hint("If an empty file is right, call load_file with header => false."),
            _ => raise(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE),
        }
    }
}
