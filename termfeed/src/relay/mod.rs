//! `termfeed relay`: rows of an outbox to a topic, in order; what was delivered is marked.
//!
//! At least once: a row is marked when the brokers have it, so that a crash in between sends it again,
//! with the same id in its header "termfeed-id". One relay at a time has an outbox, others stand by.
//! Whoever drops a message whose id it has seen sees each once, and those of a key in their order.
//! The rejects of a stream are an outbox, too: a topic of dead letters.

mod outbox;
mod sender;

use clap::Args;
use serde::{Deserialize, Serialize};
#[cfg(feature = "avro")]
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

use crate::database::{Database, backoff};
use crate::error::Error;
use crate::metrics;
use crate::monitor;
use crate::readiness::{Need, Readiness};
use crate::settings::{Common, Secret, needed};
use crate::shutdown::Shutdown;
use outbox::{Outbox, Row, Rows};
use sender::Sender;

#[derive(Args, Clone, Debug, Serialize, Deserialize)]
pub struct Flags {
    /// Where the brokers are: host:port, several with commas
    #[arg(long, value_name = "HOST:PORT,…")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brokers: Option<String>,

    /// The topic to write
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,

    /// The table or updatable view to read: id bigint (the order), key text, payload text or jsonb,
    /// delivered timestamptz; and if it has them, headers jsonb, and error text for what no broker takes
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbox: Option<String>,

    /// Send this stream's rejects instead, each as a dead letter: an object of topic, partition, offset,
    /// failed_at, service, source, stage, error_type, message, payload, headers
    #[arg(long, value_name = "STREAM", conflicts_with_all = ["outbox", "cursor"])]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejects: Option<String>,

    /// Mark nothing: go on above the highest value sent of this column, which only grows
    #[arg(long, value_name = "COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,

    /// Rows sent at a time [default: 1000]
    #[arg(long, value_name = "ROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_rows: Option<i64>,

    /// How long to wait where the outbox is empty, in milliseconds [default: 500]
    #[arg(long, value_name = "MS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_wait: Option<u64>,

    /// Send each batch as one transaction of Kafka's, under this id
    #[arg(long, value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactional_id: Option<String>,

    /// End when the outbox is empty
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub once: bool,

    /// Send payloads, which are JSON objects, as Avro by this schema (a file)
    #[cfg(feature = "avro")]
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avro_schema: Option<PathBuf>,

    /// Where that schema is registered, as TOPIC-value: a registry with Confluent's interface
    #[cfg(feature = "avro")]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_registry: Option<Secret>,

    #[command(flatten)]
    #[serde(flatten)]
    pub monitor: monitor::Flags,

    /// A setting of librdkafka's, "name=value"; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub kafka_option: Vec<Secret>,
}

/// The most rows of a batch: more would not fit into librdkafka's queue.
const MOST_ROWS: i64 = 50_000;
/// How long the current batch may take after the signal to stop.
const LAST_WAIT: Duration = Duration::from_secs(20);
/// How often the waiting rows are counted.
const COUNTED: Duration = Duration::from_secs(10);

struct Relay {
    database: Database,
    rows: Rows,
    batch_rows: i64,
    kafka: sender::Settings,
    shutdown: Shutdown,
    readiness: Readiness,
    sender: Option<Sender>,
    source: Option<(Client, Outbox)>,
    counted: Option<Instant>,
    #[cfg(feature = "avro")]
    avro: Avro,
}

/// How payloads become Avro: the schema's id is asked for once the registry answers.
#[cfg(feature = "avro")]
enum Avro {
    Not,
    Unregistered(Secret, PathBuf),
    Registered(crate::avro::Writer),
}

/// The outcome of one step.
enum Done {
    Sent(u64),
    Empty,
    /// Another relay holds the outbox.
    StandingBy,
}

pub async fn run(common: Common, flags: Flags, mut shutdown: Shutdown) -> Result<(), Error> {
    let readiness = monitor::start(&flags.monitor, shutdown.clone()).await?;
    let mut relay = Relay {
        database: Database::new(&common)?,
        rows: match (&flags.rejects, &flags.cursor) {
            (Some(stream), _) => Rows::Rejects(stream.clone()),
            (None, Some(column)) => Rows::Above(needed("outbox", flags.outbox)?, column.clone()),
            (None, None) => Rows::Marked(needed("outbox", flags.outbox)?),
        },
        batch_rows: flags.batch_rows.unwrap_or(1000).clamp(1, MOST_ROWS),
        kafka: sender::Settings {
            brokers: needed("brokers", flags.brokers)?,
            topic: needed("topic", flags.topic)?,
            transactional_id: flags.transactional_id.clone(),
            options: flags.kafka_option.clone(),
        },
        shutdown: shutdown.clone(),
        readiness,
        sender: None,
        source: None,
        counted: None,
        #[cfg(feature = "avro")]
        avro: match (&flags.avro_schema, &flags.schema_registry) {
            (None, _) => Avro::Not,
            (Some(schema), Some(registry)) => Avro::Unregistered(registry.clone(), schema.clone()),
            (Some(_), None) => {
                return Err(Error::Settings(
                    "--avro-schema needs --schema-registry, an URL".into(),
                ));
            }
        },
    };
    let (mut waits, mut sent) = (backoff(), 0);
    let mut outcome = Ok(());
    while !shutdown.is_called() {
        let wait = match relay.step().await {
            Ok(Done::Empty) if flags.once => break,
            Ok(Done::Sent(rows)) => {
                (waits, sent) = (backoff(), sent + rows);
                continue;
            }
            Ok(_) => {
                relay.readiness.has_nothing_to_do();
                Duration::from_millis(flags.poll_wait.unwrap_or(500))
            }
            Err(Error::Stopped) => break,
            Err(error) if error.is_passing() => {
                relay.start_anew(&error);
                metrics::retried("relay");
                let wait = waits.next().unwrap_or_default();
                tracing::warn!(reason = %error, wait_ms = wait.as_millis() as u64,
                    "the rows will be sent again");
                wait
            }
            Err(error) => {
                outcome = Err(error);
                break;
            }
        };
        shutdown.sleep(wait).await;
        if relay.sender.is_none() {
            relay.readiness.tries_again();
        }
    }
    tracing::info!(rows = sent, topic = relay.kafka.topic, "delivered");
    outcome
}

impl Relay {
    /// Sends a batch and marks it.
    async fn step(&mut self) -> Result<Done, Error> {
        if self.sender.is_none() {
            let _wait = self.readiness.waits_for(Need::Broker);
            let link = self.readiness.another(Need::Broker);
            self.sender = Some(Sender::new(&self.kafka, link)?);
        }
        let wait = self.readiness.waits_for(Need::Database);
        if self.source.is_none() {
            let client = self.database.connect_patiently(&mut self.shutdown).await?;
            let opened = Outbox::open(&client, &self.rows, &self.kafka.topic).await?;
            self.source = opened.map(|outbox| (client, outbox));
        }
        let (Some(sender), Some((client, outbox))) = (&self.sender, &mut self.source) else {
            return Ok(Done::StandingBy);
        };
        if self.counted.is_none_or(|then| then.elapsed() > COUNTED) {
            metrics::waiting(&self.kafka.topic, outbox.waiting(client).await?);
            self.counted = Some(Instant::now());
        }
        let rows = outbox.next(client, self.batch_rows).await?;
        if rows.is_empty() {
            return Ok(Done::Empty);
        }
        drop(wait);
        let wait = self.readiness.waits_for(Need::Broker);
        let started = Instant::now();
        let name = outbox.name().to_owned();
        #[cfg(feature = "avro")]
        let (rows, unfit) = self.avro.encode(rows, &self.kafka.topic).await?;
        #[cfg(not(feature = "avro"))]
        let unfit = Vec::new();
        let mut reports = tokio::select! {
            reports = sender.send(rows, |row: &Row| format!("{name}/{}", row.id)) => reports?,
            // Messages in flight may arrive; their rows are not marked, so they are sent again.
            () = async { self.shutdown.wait().await; tokio::time::sleep(LAST_WAIT).await } => {
                return Err(Error::Stopped);
            }
        };
        drop(wait);
        let _wait = self.readiness.waits_for(Need::Database);
        reports.refused.extend(unfit);
        if !reports.refused.is_empty() {
            self.refused(&reports.refused).await?;
        }
        let Some((client, outbox)) = &mut self.source else {
            return Ok(Done::StandingBy);
        };
        outbox.delivered(client, &reports.delivered).await?;
        let rows = reports.delivered.len() as u64;
        metrics::delivered(&self.kafka.topic, rows, started.elapsed());
        self.readiness.fine();
        Ok(Done::Sent(rows))
    }

    /// Rows that no broker will take are marked, where the outbox has a column for it: those behind them
    /// go on. Elsewhere it is for a person to decide.
    async fn refused(&self, refused: &[(i64, String)]) -> Result<(), Error> {
        let Some((client, outbox)) = &self.source else {
            return Ok(());
        };
        if let Some((id, reason)) = refused.first()
            && !outbox.keeps_errors()
        {
            return Err(Error::Input(format!(
                "row {id} of \"{}\" cannot be delivered: {reason}; give the outbox a column \
                 \"error\" of type text to have such rows marked and passed over",
                outbox.name()
            )));
        }
        outbox.refused(client, refused).await?;
        metrics::refused(&self.kafka.topic, refused.len() as u64);
        tracing::warn!(
            rows = refused.len(),
            "rows that no broker will take were marked"
        );
        Ok(())
    }

    /// Drops a failed producer: its queued messages must not arrive after later ones.
    fn start_anew(&mut self, error: &Error) {
        let need = match error {
            Error::Away(_) => Need::Broker,
            other => Need::of(other),
        };
        self.readiness.failed(need, error);
        self.source = None;
        self.sender = None;
    }
}

#[cfg(feature = "avro")]
impl Avro {
    /// Encodes the payloads; returns the rows to send, and the rows that do not fit the schema with the reason.
    async fn encode(
        &mut self,
        rows: Vec<Row>,
        topic: &str,
    ) -> Result<(Vec<Row>, Vec<(i64, String)>), Error> {
        if let Avro::Unregistered(registry, schema) = self {
            let subject = format!("{topic}-value");
            let writer = crate::avro::Writer::new(registry, &subject, schema).await?;
            *self = Avro::Registered(writer);
        }
        let Avro::Registered(writer) = self else {
            return Ok((rows, Vec::new()));
        };
        let (mut fit, mut unfit) = (Vec::new(), Vec::new());
        for mut row in rows {
            let json = row.payload.as_deref().map(String::from_utf8_lossy);
            match json.map(|json| writer.message(&json)).transpose() {
                Ok(message) => {
                    row.payload = message;
                    fit.push(row);
                }
                Err(reason) => unfit.push((row.id, reason)),
            }
        }
        Ok((fit, unfit))
    }
}
