//! `termfeed kinesis`: the shards of a stream of Kinesis into a stream of ours.
//!
//! Kinesis gives records again whenever it is asked; the sequence numbers live in the database and move
//! in the transaction of the rows, so that each is stored once. A record that is no row becomes a
//! reject, and the rest goes on. Instances share the shards.
//!
//! ```text
//! members (whose) ─▶ shards (which) ─▶ reader (one a shard) ─▶ batch ─▶ worker ─▶ pipeline (COPY, rejects, positions, COMMIT)
//! ```

mod batch;
mod members;
mod positions;
mod reader;
mod shards;
mod worker;

use aws_sdk_kinesis::primitives::{DateTime, DateTimeFormat};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::aws;
use crate::database::Database;
use crate::decode::Format;
use crate::error::Error;
use crate::monitor;
use crate::settings::{Common, needed};
use crate::shutdown::Shutdown;

#[derive(Args, Clone, Debug, Serialize, Deserialize)]
pub struct Flags {
    /// The stream of Kinesis to read, by its name
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinesis_stream: Option<String>,

    /// The stream that takes the records
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,

    /// What a record is [default: json]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,

    /// Where to begin with a shard that was never read: horizon, latest, or a time like
    /// 2026-01-31T12:00:00Z [default: horizon]
    #[arg(long, value_name = "PLACE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,

    /// Rows of one transaction, about [default: 10000]
    #[arg(long, value_name = "ROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_rows: Option<usize>,

    /// How long a batch waits for more records, in milliseconds [default: 500]
    #[arg(long, value_name = "MS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_wait: Option<u64>,

    /// How long to wait where a shard has nothing new, in milliseconds [default: 1000]
    #[arg(long, value_name = "MS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_wait: Option<u64>,

    #[command(flatten)]
    #[serde(flatten)]
    pub aws: aws::Flags,

    #[command(flatten)]
    #[serde(flatten)]
    pub monitor: monitor::Flags,
}

/// Where to begin with shards that were never read.
#[derive(Clone, Debug)]
pub enum From {
    Horizon,
    /// When the first instance started.
    Latest,
    At(DateTime),
}

/// The flags with their defaults.
pub struct Settings {
    pub kinesis_stream: String,
    pub stream: String,
    pub format: Format,
    pub from: From,
    pub batch_rows: usize,
    pub batch_wait: Duration,
    pub poll_wait: Duration,
}

impl Settings {
    fn new(flags: Flags) -> Result<Settings, Error> {
        let from = match flags.from.as_deref() {
            None | Some("horizon") => From::Horizon,
            Some("latest") => From::Latest,
            Some(time) => match DateTime::from_str(time, DateTimeFormat::DateTimeWithOffset) {
                Ok(time) => From::At(time),
                Err(_) => {
                    return Err(Error::Settings(format!(
                        "--from \"{time}\" is no place: write horizon, latest, or a time like \
                         2026-01-31T12:00:00Z"
                    )));
                }
            },
        };
        Ok(Settings {
            kinesis_stream: needed("kinesis-stream", flags.kinesis_stream)?,
            stream: needed("stream", flags.stream)?,
            format: flags.format.unwrap_or_default(),
            from,
            batch_rows: flags.batch_rows.unwrap_or(10_000).max(1),
            batch_wait: Duration::from_millis(flags.batch_wait.unwrap_or(500)),
            poll_wait: Duration::from_millis(flags.poll_wait.unwrap_or(1000).max(1)),
        })
    }
}

pub async fn run(common: Common, flags: Flags, shutdown: Shutdown) -> Result<(), Error> {
    let (aws, monitor) = (flags.aws.clone(), flags.monitor.clone());
    let settings = Settings::new(flags)?;
    let database = Database::new(&common)?;
    let config = aws::configure(&aws, "AWS_ENDPOINT_URL_KINESIS").await?;
    let kinesis = aws_sdk_kinesis::Client::new(&config);
    let readiness = monitor::start(&monitor, shutdown.clone()).await?;
    let mut worker = worker::Worker::new(database, kinesis, settings, shutdown, readiness);
    let outcome = worker.run().await;
    let totals = worker.totals();
    tracing::info!(
        records = totals.records,
        rows = totals.rows,
        rejected = totals.rejected,
        batches = totals.batches,
        "committed"
    );
    outcome
}
