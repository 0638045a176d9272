//! `COPY … FROM STDIN`: rows as CSV into a stream, in the caller's transaction.
//!
//! The caller owns the transaction, so that other statements (moving a position, noting a reject) are
//! committed with the rows or not at all. A [`Copy`](struct@Copy) that is dropped before its end fails on
//! the server and fails the transaction: nothing is committed by halves.
//!
//! A stream is looked up once, by the search_path of the session, and is named with its schema from then
//! on: whatever a stream's statement does to the session, the rows go to the same stream. Statements have
//! no names, so that PgBouncer may hand each transaction to another session; only COPY gets a name from
//! tokio-postgres, which drops it before the transaction ends.
//!
//! A connection on which a COPY was refused must not be used again: tokio-postgres ends the COPY that never
//! began, the server answers that as well, and the connection is out of step.

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

/// A COPY that is running.
pub struct Copy {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    inbox: Inbox,
    bytes: u64,
    started: Instant,
}

impl Copy {
    /// Begins a COPY of CSV without a header: the stream's columns in their order, an unquoted empty field
    /// for NULL.
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

    /// Sends a piece of the CSV, cut anywhere, and waits while the server is behind. Errors in the rows are
    /// returned by [`Copy::finish`].
    pub async fn send(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        Ok(self.sink.send(bytes).await?)
    }

    /// Ends the COPY and reads its counts from the ledger of loads. Nothing is committed yet.
    pub async fn finish(mut self, client: &impl GenericClient) -> Result<Counts, Error> {
        self.sink.as_mut().finish().await?;
        metrics::copied(&self.inbox.name, self.bytes, self.started.elapsed());
        latest_load(client, &self.inbox).await
    }
}

/// Finds the load that this session ended last. Loads are numbered in order, and a session runs one COPY
/// at a time, so it is the newest one of this backend, at the end of the primary key.
const LATEST: &str = "
SELECT load_id, read, taken, rejected, pairs, bytes,
       ARRAY[parse, convert, \"check\", statement, quality, predict]
  FROM termstream.loads
 WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
   AND relation OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)
 ORDER BY load_id DESC LIMIT 1";

/// Reads the counts of the load that this session ended last.
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

/// Copies all chunks of CSV in one COPY.
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
