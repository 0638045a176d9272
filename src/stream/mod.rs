//! Streams at work inside the server: rows come in by a door, wait in a batch, and run the stream's
//! statement.
//!
//! ```text
//! inbox (COPY, INSERT) ─┐
//!                       ├─▶ Load: batch ─▶ flush: convert ─▶ check ─▶ statement ─▶ ledger
//! file  (load_file)   ──┘                     └─────────┴─────▶ rejects
//! ```
//!
//! The doors differ in where rows come from and in who commits; everything behind them is one path.

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
mod place;
mod quality;
mod rejects;
mod rejects_table;
mod retention;
mod retry;
mod statement;
mod validation;

pub use file::{FileOptions, load_file, work_on_load};
pub use inbox::{must_fire, take};
pub use left_out::mark;
pub use note::{Note, Notes, note_rejects};
pub use options::Options;
pub use place::{Places, place_rejects};
pub use retry::retry_rejects;

use crate::pg::error::Raise;
use crate::pg::transaction::Callbacks;
use definition::Definition;
use pgrx::prelude::*;
use std::time::Duration;
use termstream_core::load::{Batch, Counts, Error, OnError, Reject};

/// Defines the settings of streams.
pub fn register_settings() {
    left_out::register();
    retention::register();
}

/// What the stream room does at the ends of transactions.
pub const CALLBACKS: Callbacks = Callbacks {
    transaction_ends: inbox::refuse_unfinished,
    transaction_ended: inbox::forget_all,
    subtransaction_aborted: inbox::forget_since,
};

/// One load: the stream, what waits, what was done.
struct Load {
    id: i64,
    definition: Definition,
    /// The file's path, or `None` for rows of a statement.
    file: Option<String>,
    /// How its lines are written, as JSON, where they are no CSV of the stream's columns.
    line_format: Option<String>,
    started: TimestampWithTimeZone,
    batch: Batch,
    /// Rows already refused that wait for the batch's flush; their bytes count towards its size.
    refused: Vec<Reject>,
    refused_bytes: usize,
    counts: Counts,
    /// What other parts of the load have done, which counts against the same limits.
    elsewhere: Counts,
    /// Rows that were committed before the load's end; `None` where nothing is.
    committed: Option<u64>,
    /// Whether its rows are rejects that are taken again, by their numbers: what fails is not another
    /// reject, but the same one.
    retries: bool,
    /// Whether the statement has met rows that its table has already.
    has_duplicates: bool,
    /// How many rows the statement is tried with at first.
    reach: usize,
    /// At work on batches.
    busy: Duration,
}

impl Load {
    fn new(definition: Definition, file: Option<String>) -> Result<Load, Raise> {
        Load::part_of(ledger::next_id(), definition, file, crate::pg::clock::now())
    }

    /// A part of a load that has begun already, with counts of its own.
    fn part_of(
        id: i64,
        definition: Definition,
        file: Option<String>,
        started: TimestampWithTimeZone,
    ) -> Result<Load, Raise> {
        let batch = Batch::new(definition.batch_rows as i64).map_err(|error| refused(&error))?;
        Ok(Load {
            id,
            definition,
            file,
            line_format: None,
            started,
            batch,
            refused: Vec::new(),
            refused_bytes: 0,
            counts: Counts::default(),
            elsewhere: Counts::default(),
            committed: None,
            retries: false,
            has_duplicates: false,
            reach: usize::MAX,
            busy: Duration::ZERO,
        })
    }

    /// Whether it is time to flush.
    fn is_full(&self) -> bool {
        self.batch.is_full()
            || self.batch.len() + self.refused.len() >= self.definition.batch_rows
            || self.batch.bytes() + self.refused_bytes >= termstream_core::load::MAX_BATCH_BYTES
    }

    /// Keeps a row aside that cannot be taken, or stops the load for it.
    fn refuse(&mut self, reject: Reject) -> Result<(), Raise> {
        self.keep_aside(reject, self.definition.on_error)
    }

    fn keep_aside(&mut self, reject: Reject, on_error: OnError) -> Result<(), Raise> {
        if on_error == OnError::Stop {
            return Err(rejects::as_error(&self.definition, &reject));
        }
        self.counts.add_rejected(reject.stage);
        if on_error == OnError::Table {
            self.refused_bytes += reject.raw.len();
            self.refused.push(reject);
        }
        self.check_limits()
    }

    /// Stops the load that has too many rejects. No error of a row's, so that nothing above takes it for
    /// one.
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
            None => "Nothing of it is kept: a load of this kind is all or nothing.".to_owned(),
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
        .hint("See what is wrong with the rows, or raise the limit with termstream.alter_stream."))
    }
}

/// The load room's errors: options out of range, and counts that must not happen.
fn refused(error: &Error) -> Raise {
    let code = match error {
        Error::Unbalanced(_) => PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        _ => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
    };
    Raise::new(code, error.to_string())
}
