//! Streams: rows come in, wait in a batch, and run the stream's statement.
//!
//! ```text
//! inbox (COPY, INSERT) ─┐
//!                       ├─▶ Load: batch ─▶ flush: convert ─▶ check ─▶ statement ─▶ ledger
//! file  (load_file)   ──┘                     └─────────┴─────▶ rejects
//! ```
//!
//! The inbox and the file differ in where rows come from and in who commits; the rest is one path.

mod checks;
pub mod ddl;
mod deferred;
mod definition;
mod expressions;
mod file;
mod flush;
mod formats;
mod inbox;
mod ledger;
mod left_out;
mod line_format;
pub mod match_stream;
mod name;
mod note;
mod options;
mod quality;
mod rejects;
mod rejects_table;
mod retention;
mod retry;
mod row_origins;
mod statement;
mod validation;

pub use file::{FileOptions, load_file, work_on_load};
pub use inbox::{must_fire, take};
pub use left_out::mark;
pub use note::{Note, Notes, note_rejects};
pub use options::Options;
pub use retry::retry_rejects;
pub use row_origins::{RowOrigins, place_rejects};

use crate::pg::error::Raise;
use crate::pg::transaction::Callbacks;
use definition::StreamDefinition;
use pgrx::prelude::*;
use std::time::Duration;
use termstream_core::load::{Batch, Counts, Error, OnError, Reject};

/// Defines the settings of streams.
pub fn register_settings() {
    left_out::register();
    retention::register();
}

/// What is checked and forgotten at the ends of transactions and subtransactions.
pub const CALLBACKS: Callbacks = Callbacks {
    transaction_ends: inbox::refuse_unfinished,
    transaction_ended: inbox::forget_all,
    subtransaction_aborted: inbox::forget_since,
};

/// One load: its stream, the rows that wait, and what was done so far.
struct Load {
    id: i64,
    definition: StreamDefinition,
    /// The file's path, or `None` for rows of a statement.
    file: Option<String>,
    /// The format of its lines, as JSON, if they are not CSV of all the stream's columns.
    line_format: Option<String>,
    started: TimestampWithTimeZone,
    batch: Batch,
    /// Rejects that wait to be written when the batch is flushed; their bytes count towards its size.
    rejects: Vec<Reject>,
    reject_bytes: usize,
    counts: Counts,
    /// The counts of other parts of the load, which count towards the same limits.
    elsewhere: Counts,
    /// Rows that are committed already; `None` if the load commits nothing before its end.
    committed: Option<u64>,
    /// Whether its rows are rejects that are retried: a row that fails again updates its reject.
    retries: bool,
    /// Whether the statement has met rows that its table has already.
    has_duplicates: bool,
    /// How many rows the statement is first tried with.
    reach: usize,
    /// Time spent on batches.
    busy: Duration,
}

impl Load {
    /// A new load, with a number of its own.
    fn new(definition: StreamDefinition, file: Option<String>) -> Result<Load, Raise> {
        Load::part_of(ledger::next_id(), definition, file, crate::pg::clock::now())
    }

    /// A part of a load that has begun already, which counts for itself.
    fn part_of(
        id: i64,
        definition: StreamDefinition,
        file: Option<String>,
        started: TimestampWithTimeZone,
    ) -> Result<Load, Raise> {
        let batch = Batch::new(definition.batch_rows as i64).map_err(|error| load_error(&error))?;
        Ok(Load {
            id,
            definition,
            file,
            line_format: None,
            started,
            batch,
            rejects: Vec::new(),
            reject_bytes: 0,
            counts: Counts::default(),
            elsewhere: Counts::default(),
            committed: None,
            retries: false,
            has_duplicates: false,
            reach: usize::MAX,
            busy: Duration::ZERO,
        })
    }

    /// Whether the batch must be flushed.
    fn is_full(&self) -> bool {
        self.batch.is_full()
            || self.batch.len() + self.rejects.len() >= self.definition.batch_rows
            || self.batch.bytes() + self.reject_bytes >= termstream_core::load::MAX_BATCH_BYTES
    }

    /// Rejects a row; an error if the stream's `on_error` says that the load stops.
    fn refuse(&mut self, reject: Reject) -> Result<(), Raise> {
        self.keep_aside(reject, self.definition.on_error)
    }

    /// Rejects a row as `on_error` says.
    fn keep_aside(&mut self, reject: Reject, on_error: OnError) -> Result<(), Raise> {
        if on_error == OnError::Stop {
            return Err(rejects::as_error(&self.definition, &reject));
        }
        self.counts.add_rejected(reject.stage);
        if on_error == OnError::Table {
            self.reject_bytes += reject.raw.len();
            self.rejects.push(reject);
        }
        self.check_limits()
    }

    /// Checks the reject limits. The SQLSTATE of the error is not that of a data error, so that an outer
    /// stream does not reject a row for it.
    fn check_limits(&self) -> Result<(), Raise> {
        let counts = Counts {
            read: self.counts.read + self.elsewhere.read,
            rejected: self.counts.rejected + self.elsewhere.rejected,
            ..self.counts
        };
        let Err(stopped) = self.definition.limits.check(&counts) else {
            return Ok(());
        };
        let kept = match self.committed {
            None => "Nothing of the load is kept: it is all or nothing.".to_owned(),
            Some(rows) => {
                format!("{rows} rows are committed, taken or rejected; the others are not.")
            }
        };
        let name = &self.definition.name;
        Err(Raise::new(
            PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!("stream {name}: {stopped}"),
        )
        .detail(kept)
        .hint("Find out what is wrong with the rows, or raise the limit with termstream.alter_stream."))
    }
}

/// The errors of `termstream_core::load`: options out of range, and counts that do not add up.
fn load_error(error: &Error) -> Raise {
    let code = match error {
        Error::Unbalanced(_) => PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        _ => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
    };
    Raise::new(code, error.to_string())
}
