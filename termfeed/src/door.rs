//! The door: rows as CSV into a stream by `COPY … FROM STDIN`, in a transaction of the caller's.
//!
//! The caller owns the transaction, so that other statements (a position moved, a reject noted) are
//! committed with the rows, or not at all. A [`Copy`](struct@Copy) that is dropped before its end fails on the
//! server, and with it the transaction: nothing is ever half committed.
//!
//! A stream is looked up once, by the search_path of the session, and is named with its schema from
//! then on: whatever a stream's statement may do to the session, the rows go where they were meant to.
//! Statements have no names, so that PgBouncer may hand each transaction to another session; tokio-postgres
//! gives one to COPY alone, and takes it back before the transaction ends.
//!
//! A connection on which a COPY was refused is out of step: tokio-postgres ends a COPY that never
//! began, and the server answers that, too. It must not be used again.

use bytes::Bytes;
use futures_util::SinkExt;
use std::pin::Pin;
use std::time::Instant;
use tokio_postgres::types::Type;
use tokio_postgres::{CopyInSink, GenericClient, Transaction};

use crate::counts::{Counts, STAGES};
use crate::error::Error;
use crate::inbox::{Inbox, LEFT_OUT};
use crate::metrics;
use crate::rows::Rejected;

/// A COPY under way.
pub struct Copy {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    inbox: Inbox,
    bytes: u64,
    started: Instant,
}

impl Copy {
    /// Begins a COPY of CSV without a header: the stream's columns in their order, NULL an unquoted
    /// empty field.
    pub async fn begin(transaction: &Transaction<'_>, inbox: &Inbox) -> Result<Copy, Error> {
        let started = Instant::now();
        if inbox.columns.iter().any(|column| column.has_default) {
            let set = format!("SET LOCAL termstream.left_out = '{}'", *LEFT_OUT);
            transaction.batch_execute(&set).await?;
        }
        let sink = transaction
            .copy_in(&format!("COPY {} FROM STDIN (FORMAT csv)", inbox.sql))
            .await?;
        Ok(Copy {
            sink: Box::pin(sink),
            inbox: inbox.clone(),
            bytes: 0,
            started,
        })
    }

    /// Sends bytes: any part of the CSV. Waits while the server is behind. What the server has against
    /// the rows is told by [`Copy::finish`].
    pub async fn send(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        Ok(self.sink.send(bytes).await?)
    }

    /// Ends the COPY and reads what the ledger has of it. Nothing is committed yet.
    pub async fn finish(mut self, client: &impl GenericClient) -> Result<Counts, Error> {
        self.sink.as_mut().finish().await?;
        metrics::copied(&self.inbox.name, self.bytes, self.started.elapsed());
        latest_load(client, &self.inbox).await
    }
}

/// The load that this session has just ended. Loads are numbered in order, and a session runs one COPY
/// at a time: it is the newest of this backend, found at the end of the primary key.
const LATEST: &str = "
SELECT load_id, read, taken, rejected, pairs, bytes,
       ARRAY[parse, convert, \"check\", statement, quality, predict]
  FROM termstream.loads
 WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
   AND relation OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)
 ORDER BY load_id DESC LIMIT 1";

pub async fn latest_load(client: &impl GenericClient, inbox: &Inbox) -> Result<Counts, Error> {
    let row = client
        .query_typed_one(LATEST, &[(&inbox.sql, Type::TEXT)])
        .await?;
    let by_stage: Vec<i64> = row.try_get(6)?;
    let mut stages = [0; STAGES.len()];
    stages
        .iter_mut()
        .zip(by_stage)
        .for_each(|(stage, rows)| *stage = rows);
    Ok(Counts {
        load_id: row.try_get(0)?,
        read: row.try_get(1)?,
        taken: row.try_get(2)?,
        rejected: row.try_get(3)?,
        pairs: row.try_get(4)?,
        bytes: row.try_get(5)?,
        stages,
    })
}

/// Copies chunks of CSV in one go.
pub async fn copy(
    transaction: &Transaction<'_>,
    inbox: &Inbox,
    chunks: impl IntoIterator<Item = Bytes>,
) -> Result<Counts, Error> {
    let mut copy = Copy::begin(transaction, inbox).await?;
    for chunk in chunks {
        copy.send(chunk).await?;
    }
    copy.finish(transaction).await
}

/// Notes rows that could not be taken apart as rejects of the stream, in the same transaction: of a load
/// of it, or of one of their own. `line_format` tells how they are written, so that they can be retried.
pub async fn note_rejects(
    transaction: &Transaction<'_>,
    inbox: &Inbox,
    source: &str,
    rejects: &[Rejected],
    load_id: Option<i64>,
    line_format: Option<serde_json::Value>,
) -> Result<Counts, Error> {
    let lines: Vec<i64> = rejects.iter().map(|reject| reject.line).collect();
    let rows: Vec<&[u8]> = rejects.iter().map(|reject| reject.raw.as_slice()).collect();
    let codes: Vec<&str> = rejects.iter().map(|r| r.sqlstate.as_str()).collect();
    let messages: Vec<&str> = rejects.iter().map(|r| r.message.as_str()).collect();
    let noted = transaction
        .query_typed_one(
            "SELECT termstream.note_rejects($1, $2, $3, $4, $5, $6, line_format => $7, load_id => $8)",
            &[
                (&inbox.sql, Type::TEXT),
                (&source, Type::TEXT),
                (&lines, Type::INT8_ARRAY),
                (&rows, Type::BYTEA_ARRAY),
                (&codes, Type::TEXT_ARRAY),
                (&messages, Type::TEXT_ARRAY),
                (&line_format, Type::JSONB),
                (&load_id, Type::INT8),
            ],
        )
        .await?;
    let bytes: usize = rows.iter().map(|row| row.len()).sum();
    let mut stages = [0; STAGES.len()];
    stages[0] = rejects.len() as i64;
    Ok(Counts {
        load_id: noted.try_get(0)?,
        read: rejects.len() as i64,
        rejected: rejects.len() as i64,
        bytes: bytes as i64,
        stages,
        ..Counts::default()
    })
}
