//! A batch: the rows of one transaction as CSV, the records they came from, and records that are no rows.

use serde_json::Value;
use std::borrow::Cow;
use tokio_postgres::Transaction;

use super::copy;
use super::rejects::{Notes, Origin, Reject, locate};
use super::totals::Totals;
use crate::counts::Counts;
use crate::error::Error;
use crate::inbox::Inbox;
use crate::positions::{self, Step};

/// A batch ends where its records have this many bytes, however few they are.
const LARGEST: usize = 16 << 20;

/// What a record costs in memory beside its own bytes, about.
const RECORD_BYTES: usize = 64;

/// The stream that takes a batch, and what its rejects have in common.
pub struct Target<'a> {
    pub inbox: &'a Inbox,
    /// The stage at which records are refused that are no rows.
    pub stage: &'static str,
    /// How refused records are written, for `termstream.retry_rejects`; CSV where it is `None`.
    pub line_format: Option<Value>,
}

/// Rows and refused records that are committed together. `R` is what a source keeps of a record to tell
/// where it came from.
pub struct Batch<R> {
    /// The rows, each with its line end. A source appends a row here before it calls [`Batch::add`].
    pub csv: Vec<u8>,
    rows: usize,
    /// One record for each row, in the order of the rows; none where nothing is kept of them.
    records: Vec<R>,
    refused: Vec<Refused<R>>,
    bytes: usize,
}

/// A record that is no row, and why not.
struct Refused<R> {
    record: R,
    raw: Vec<u8>,
    sqlstate: &'static str,
    message: String,
}

impl<R> Default for Batch<R> {
    fn default() -> Batch<R> {
        Batch {
            csv: Vec::new(),
            rows: 0,
            records: Vec::new(),
            refused: Vec::new(),
            bytes: 0,
        }
    }
}

impl<R> Batch<R> {
    /// Whether there are as many records as a batch may have, or as many bytes.
    pub fn is_full(&self, records: usize) -> bool {
        self.rows + self.refused.len() >= records || self.bytes >= LARGEST
    }

    /// Adds the record of the row that was appended to the CSV last; `bytes` is the record's size.
    pub fn add(&mut self, record: R, bytes: usize) {
        self.bytes += bytes + RECORD_BYTES;
        self.rows += 1;
        self.records.push(record);
    }

    /// Counts a row that was appended to the CSV, of which nothing is kept: if the stream rejects it, its
    /// reject says nothing of where it came from. In a batch all rows are added this way or none.
    #[cfg(feature = "predict")]
    pub fn add_without_origin(&mut self) {
        self.rows += 1;
    }

    /// Adds a record that is no row; `bytes` is the record's size.
    pub fn refuse(
        &mut self,
        record: R,
        bytes: usize,
        raw: Vec<u8>,
        (sqlstate, message): (&'static str, String),
    ) {
        self.bytes += bytes + RECORD_BYTES;
        self.refused.push(Refused {
            record,
            raw,
            sqlstate,
            message,
        });
    }

    /// The number of records, of which nothing is committed yet.
    pub fn totals(&self) -> Totals {
        Totals {
            records: (self.rows + self.refused.len()) as u64,
            refused: self.refused.len() as u64,
            ..Totals::default()
        }
    }

    /// Copies the rows, says of rejected ones where they came from, notes the refused records, and moves
    /// the positions. Nothing is committed. Returns the counts of the load; `None` if there was none,
    /// because there are neither records nor positions.
    pub async fn write(
        self,
        transaction: &Transaction<'_>,
        target: &Target<'_>,
        steps: &[Step<'_>],
        origin: impl Fn(R) -> Origin,
    ) -> Result<Option<Counts>, Error> {
        let mut counts = None;
        // Where a position moves there is a load, even if none of the records is a row.
        if self.rows > 0 || !steps.is_empty() {
            let copied = copy::copy(transaction, target.inbox, [self.csv.into()]).await?;
            if copied.rejected > 0 && !self.records.is_empty() {
                let origins: Vec<Origin> = self.records.into_iter().map(&origin).collect();
                locate(transaction, copied.load_id, &origins).await?;
            }
            counts = Some(copied);
        }
        if !self.refused.is_empty() {
            let rejects: Vec<Reject> = self
                .refused
                .into_iter()
                .map(|refused| Reject {
                    origin: origin(refused.record),
                    raw: refused.raw,
                    sqlstate: Cow::Borrowed(refused.sqlstate),
                    message: refused.message,
                })
                .collect();
            let notes = Notes {
                stream: &target.inbox.sql,
                stage: target.stage,
                line_format: target.line_format.as_ref(),
                load_id: counts.as_ref().map(|counts| counts.load_id),
            };
            notes.note(transaction, &rejects).await?;
            counts = Some(copy::latest_load(transaction, target.inbox).await?);
        }
        for step in steps {
            positions::advance(transaction, target.inbox, step).await?;
        }
        Ok(counts)
    }
}
