//! `termfeed kafka`: a topic into a stream, exactly once.
//!
//! The offsets live in the database and move in the transaction of the rows; what the brokers know of
//! them is for those who look on. A message that is no row becomes a reject, and the rest goes on.
//!
//! ```text
//! consumer (partitions, offsets) ─▶ decode (message to row) ─▶ batch ─▶ worker ─▶ pipeline (COPY, rejects, positions, COMMIT)
//! ```

#[cfg(feature = "avro")]
mod avro;
mod batch;
mod consumer;
mod decode;
mod link;
mod worker;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
#[cfg(feature = "avro")]
use std::path::PathBuf;
use std::time::Duration;

use crate::database::Database;
use crate::error::Error;
use crate::monitor;
use crate::pipeline::Totals;
use crate::readiness::Need;
use crate::settings::{Common, Secret, needed};
use crate::shutdown::Shutdown;
pub use consumer::{kafka, options};
pub use link::Link;
use worker::Worker;

#[derive(Args, Clone, Debug, Serialize, Deserialize)]
pub struct Flags {
    /// Where the brokers are: host:port, several with commas
    #[arg(long, value_name = "HOST:PORT,…")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brokers: Option<String>,

    /// The topic to read
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,

    /// The stream that takes the messages
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,

    /// The consumer group; instances of one group share the partitions [default: termfeed-STREAM]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,

    /// What a message is [default: json]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,

    /// Rows of one transaction, at the most [default: 10000]
    #[arg(long, value_name = "ROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_rows: Option<usize>,

    /// Consumers of the group in this process, each with a connection of its own [default: 1]
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,

    /// How long a batch waits for more messages, in milliseconds [default: 500]
    #[arg(long, value_name = "MS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_wait: Option<u64>,

    /// Where to begin with a partition that was never read [default: beginning]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<From>,

    /// Go on where the broker has deleted messages before they were read, instead of stopping
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub skip_lost: bool,

    /// Where the schemas of --format avro are: a registry with Confluent's interface
    #[cfg(feature = "avro")]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_registry: Option<Secret>,

    /// Read all messages by this Avro schema (a file), whichever they were written by: its defaults fill
    /// the fields that they lack
    #[cfg(feature = "avro")]
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avro_schema: Option<PathBuf>,

    #[command(flatten)]
    #[serde(flatten)]
    pub monitor: monitor::Flags,

    /// A setting of librdkafka's, "name=value"; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub kafka_option: Vec<Secret>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// An object, its keys the stream's columns
    #[default]
    Json,
    /// A line of CSV, the stream's columns in their order
    Csv,
    /// The whole message, for the stream's only column
    Raw,
    /// A record of Avro, its fields the stream's columns, with the id of its schema before it
    #[cfg(feature = "avro")]
    Avro,
}

impl Format {
    /// The format of messages that need no schema.
    pub fn plain(self) -> Option<crate::decode::Format> {
        match self {
            Format::Json => Some(crate::decode::Format::Json),
            Format::Csv => Some(crate::decode::Format::Csv),
            Format::Raw => Some(crate::decode::Format::Raw),
            #[cfg(feature = "avro")]
            Format::Avro => None,
        }
    }

    /// How messages are written, for `termstream.retry_rejects`; CSV where it is `None`.
    pub fn of_lines(self) -> Option<serde_json::Value> {
        self.plain().and_then(crate::decode::Format::of_lines)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum From {
    #[default]
    Beginning,
    End,
}

/// The flags with their defaults.
#[derive(Clone, Default)]
pub struct Settings {
    pub brokers: String,
    pub topic: String,
    pub stream: String,
    pub group: String,
    pub format: Format,
    pub batch_rows: usize,
    pub batch_wait: Duration,
    pub from: From,
    pub skip_lost: bool,
    #[cfg(feature = "avro")]
    pub schema_registry: Option<Secret>,
    #[cfg(feature = "avro")]
    pub avro_schema: Option<PathBuf>,
    pub options: Vec<Secret>,
}

impl Settings {
    fn new(flags: Flags) -> Result<Settings, Error> {
        let stream = needed("stream", flags.stream)?;
        let batch_rows = flags.batch_rows.unwrap_or(10_000);
        if batch_rows == 0 {
            return Err(Error::Settings(
                "--batch-rows 0 would take nothing: give 1 or more".into(),
            ));
        }
        Ok(Settings {
            brokers: needed("brokers", flags.brokers)?,
            topic: needed("topic", flags.topic)?,
            group: flags.group.unwrap_or_else(|| format!("termfeed-{stream}")),
            stream,
            format: flags.format.unwrap_or_default(),
            batch_rows,
            batch_wait: Duration::from_millis(flags.batch_wait.unwrap_or(500)),
            from: flags.from.unwrap_or_default(),
            skip_lost: flags.skip_lost,
            #[cfg(feature = "avro")]
            schema_registry: flags.schema_registry,
            #[cfg(feature = "avro")]
            avro_schema: flags.avro_schema,
            options: flags.kafka_option,
        })
    }
}

pub async fn run(common: Common, flags: Flags, shutdown: Shutdown) -> Result<(), Error> {
    let monitor = flags.monitor.clone();
    let workers = flags.workers.unwrap_or(1).max(1);
    let settings = Settings::new(flags)?;
    let database = Database::new(&common)?;
    let readiness = monitor::start(&monitor, shutdown.clone()).await?;
    let mut hands = vec![readiness];
    while hands.len() < workers {
        hands.push(hands[0].another(Need::Database));
    }
    // Polling blocks, and so each has a thread of its own.
    let threads: Vec<_> = hands
        .into_iter()
        .map(|readiness| {
            let handle = tokio::runtime::Handle::current();
            let (database, settings) = (database.clone(), settings.clone());
            let shutdown = shutdown.clone();
            tokio::task::spawn_blocking(move || {
                let worker = Worker::new(handle, database, settings, shutdown.clone(), readiness);
                let ended = worker.map(|mut worker| (worker.run(), worker.totals()));
                // If one is at its end, so are they all.
                shutdown.call();
                ended
            })
        })
        .collect();
    let (mut outcome, mut totals) = (Ok(()), Totals::default());
    for thread in threads {
        let ended = thread
            .await
            .unwrap_or_else(|error| Err(Error::Input(format!("the consumer failed: {error}"))));
        match ended {
            Ok((ended, its)) => {
                totals += its;
                outcome = outcome.and(ended);
            }
            Err(Error::Stopped) => {}
            Err(error) => outcome = Err(error),
        }
    }
    tracing::info!(
        messages = totals.records,
        rows = totals.rows,
        rejected = totals.rejected,
        batches = totals.batches,
        "committed"
    );
    outcome
}
