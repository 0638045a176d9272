//! The transaction that brings records into a stream, in one place for every source.
//!
//! Rows, rejects with their origins, and the positions of the source are committed together, or none of
//! them is. After a failure a source reads again from the positions in the database, and so each record
//! is stored once.
//!
//! ```text
//! kafka, kinesis, predict ─▶ batch  (records one by one) ──┬─▶ copy, rejects, positions ─▶ commit
//! load, serve ─────────────▶ intake (bytes of a reader) ───┘
//! ```

mod batch;
mod copy;
mod intake;
mod rejects;
mod totals;

use std::time::Instant;
use tokio_postgres::{Client, Transaction};

pub use batch::{Batch, Target};
pub use intake::{CHUNK_BYTES, Intake};
pub use rejects::Origin;
pub use totals::Totals;

use crate::counts::Counts;
use crate::error::Error;
use crate::inbox::Inbox;
use crate::metrics;
use crate::positions::Step;

/// Writes a batch and commits it with the new positions of its source, in a transaction of its own.
/// `origin` tells where a record came from, and is asked about rejected records only.
pub async fn store<R>(
    client: &mut Client,
    target: &Target<'_>,
    batch: Batch<R>,
    steps: &[Step<'_>],
    origin: impl Fn(R) -> Origin,
) -> Result<Totals, Error> {
    let transaction = client.transaction().await?;
    let mut totals = batch.totals();
    let counts = batch.write(&transaction, target, steps, origin).await?;
    commit(transaction, target.inbox, counts.as_ref()).await?;
    totals.commit(&counts.unwrap_or_default());
    Ok(totals)
}

/// Commits, and counts the load in the metrics. `counts` is `None` where nothing was loaded.
pub async fn commit(
    transaction: Transaction<'_>,
    inbox: &Inbox,
    counts: Option<&Counts>,
) -> Result<(), Error> {
    let started = Instant::now();
    transaction.commit().await?;
    if let Some(counts) = counts {
        metrics::committed(&inbox.name, counts, started.elapsed());
    }
    Ok(())
}
