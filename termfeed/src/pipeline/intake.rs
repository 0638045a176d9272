//! Rows from a reader into a stream, in transactions of the caller's.
//!
//! It reads no faster than the server takes, and holds a chunk, one record, and the rejects of the COPY
//! under way, whatever the length of the input.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_postgres::Transaction;

use super::copy::Copy;
use super::rejects::{Notes, Origin, Reject};
use crate::counts::{Counts, PARSE, STAGES};
use crate::error::Error;
use crate::inbox::Inbox;
use crate::rows::{Rejected, Rows};

/// Read and sent to the server at once.
pub const CHUNK_BYTES: usize = 64 << 10;
const SMALLEST_CHUNK: usize = 4 << 10;
/// Of rows that are to be committed a few at a time no more are read at once than that many, guessed.
const ROW_BYTES: usize = 64;

/// Rejects that may wait for the end of a COPY; with more of them a new COPY of the same transaction is
/// begun.
const WAITING_REJECTS: usize = 10_000;
const WAITING_BYTES: usize = 8 << 20;

pub struct Intake {
    reader: Box<dyn AsyncRead + Send + Unpin>,
    rows: Rows,
    buffer: Vec<u8>,
    /// What rejects are said to come from.
    source: Arc<str>,
    /// Bytes that may still come.
    room: u64,
    /// Rows read, for those who watch.
    seen: Arc<AtomicU64>,
    /// Rows of the batches before.
    before: u64,
    ended: bool,
}

impl Intake {
    pub fn new(
        reader: Box<dyn AsyncRead + Send + Unpin>,
        rows: Rows,
        source: impl Into<Arc<str>>,
    ) -> Intake {
        Intake {
            reader,
            rows,
            buffer: vec![0; CHUNK_BYTES],
            source: source.into(),
            room: u64::MAX,
            seen: Arc::default(),
            before: 0,
            ended: false,
        }
    }

    /// Refuses more than so many bytes.
    pub fn at_most(mut self, bytes: u64) -> Intake {
        self.room = bytes;
        self
    }

    /// Reads less at once, so that batches can be about so small.
    pub fn in_batches_of(mut self, rows: u64) -> Intake {
        let wanted = usize::try_from(rows)
            .unwrap_or(CHUNK_BYTES)
            .saturating_mul(ROW_BYTES / 2);
        self.buffer = vec![0; wanted.clamp(SMALLEST_CHUNK, CHUNK_BYTES)];
        self
    }

    /// Tells there how many rows were read.
    pub fn seen_by(mut self, seen: Arc<AtomicU64>) -> Intake {
        self.seen = seen;
        self
    }

    /// Behind the last row of the batches: offset and line.
    pub fn position(&self) -> (u64, u64) {
        self.rows.position()
    }

    /// Whether nothing is left.
    pub fn is_drained(&self) -> bool {
        self.ended && self.rows.waiting().0 == 0
    }

    /// The next CSV for COPY; none if there are rejects only, or nothing more.
    pub async fn next(&mut self) -> Result<Bytes, Error> {
        while !self.ended {
            let length = self
                .reader
                .read(&mut self.buffer)
                .await
                .map_err(|error| Error::io("read the rows", error))?;
            let full = || Error::io("read the rows", std::io::ErrorKind::FileTooLarge.into());
            self.room = self.room.checked_sub(length as u64).ok_or_else(full)?;
            match self.buffer.get(..length) {
                Some(bytes) if length > 0 => self.rows.feed(bytes)?,
                _ => {
                    self.ended = true;
                    self.rows.finish()?;
                }
            }
            self.seen.store(self.rows.read(), Ordering::Relaxed);
            let csv = self.rows.take_csv();
            if !csv.is_empty() || self.rows.waiting().0 > 0 {
                return Ok(csv);
            }
        }
        Ok(Bytes::new())
    }

    /// Copies `first`, which [`Intake::next`] has given, and what follows, until `enough` says so of the
    /// number of rows, or nothing is left. Whether it is enough is asked once a chunk.
    pub async fn batch(
        &mut self,
        transaction: &Transaction<'_>,
        inbox: &Inbox,
        first: Bytes,
        enough: impl Fn(u64) -> bool,
    ) -> Result<Counts, Error> {
        let mut copy = Copy::begin(transaction, inbox).await?;
        let mut csv = first;
        let mut done: Option<Counts> = None;
        loop {
            if !csv.is_empty() {
                copy.send(csv).await?;
            }
            let last = self.ended || enough(self.rows.read() - self.before);
            let (number, bytes) = self.rows.waiting();
            if last || number >= WAITING_REJECTS || bytes >= WAITING_BYTES {
                let mut counts = copy.finish(transaction).await?;
                if number > 0 {
                    counts = self.note(transaction, inbox, counts).await?;
                }
                let sum = match done.take() {
                    Some(before) => before.plus(counts),
                    None => counts,
                };
                if last {
                    self.before = self.rows.read();
                    return Ok(sum);
                }
                done = Some(sum);
                copy = Copy::begin(transaction, inbox).await?;
            }
            csv = self.next().await?;
        }
    }

    /// Notes the rejects that wait, in the load of these counts, and adds them to the counts.
    async fn note(
        &mut self,
        transaction: &Transaction<'_>,
        inbox: &Inbox,
        counts: Counts,
    ) -> Result<Counts, Error> {
        let rejects: Vec<Reject> = self
            .rows
            .take_rejects()
            .into_iter()
            .map(|rejected| reject(&self.source, rejected))
            .collect();
        let line_format = self.rows.line_format();
        let notes = Notes {
            stream: &inbox.sql,
            stage: STAGES[PARSE],
            line_format: line_format.as_ref(),
            load_id: Some(counts.load_id),
        };
        notes.note(transaction, &rejects).await?;
        let mut stages = [0; STAGES.len()];
        stages[PARSE] = rejects.len() as i64;
        let bytes: usize = rejects.iter().map(|reject| reject.raw.len()).sum();
        Ok(counts.plus(Counts {
            read: rejects.len() as i64,
            rejected: rejects.len() as i64,
            bytes: bytes as i64,
            stages,
            ..Counts::default()
        }))
    }
}

fn reject(source: &Arc<str>, rejected: Rejected) -> Reject {
    Reject {
        origin: Origin {
            source: source.clone(),
            line: Some(rejected.line),
            detail: None,
        },
        raw: rejected.raw,
        sqlstate: rejected.sqlstate.into(),
        message: rejected.message,
    }
}
