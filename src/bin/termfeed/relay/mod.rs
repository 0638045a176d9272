//! `termfeed relay`: rows of an outbox table to a topic, in order; what was delivered is marked.
//!
//! At least once: a row is marked when the brokers have it, so that a crash in between sends it again,
//! with the same id in its header "termfeed-id". One relay at a time has the table, others stand by.

use clap::Args;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio_postgres::Client;

use crate::database::{Database, backoff};
use crate::error::Error;
use crate::metrics;
use crate::settings::{Common, Secret};
use crate::shutdown::Shutdown;

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

    /// The table to read: id bigint (the order), key text, payload text or jsonb, delivered timestamptz
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbox: Option<String>,

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

    /// A setting of librdkafka's, "name=value"; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub kafka_option: Vec<Secret>,
}

struct Relay {
    producer: FutureProducer,
    topic: String,
    table: String,
    batch_rows: i64,
    transactional: bool,
}

/// How long a transaction of Kafka's may take to begin or to end before it is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn run(common: Common, flags: Flags, mut shutdown: Shutdown) -> Result<(), Error> {
    let database = Database::new(&common)?;
    let needed = |name: &str, value: &Option<String>| {
        value
            .clone()
            .ok_or_else(|| Error::Settings(format!("--{name} is needed")))
    };
    let mut relay = Relay {
        topic: needed("topic", &flags.topic)?,
        table: needed("outbox", &flags.outbox)?,
        batch_rows: flags.batch_rows.unwrap_or(1000).max(1),
        transactional: flags.transactional_id.is_some(),
        producer: producer(&flags, &needed("brokers", &flags.brokers)?)?,
    };
    let (mut waits, mut sent) = (backoff(), 0);
    let mut client: Option<Client> = None;
    while !shutdown.is_called() {
        let outcome = relay.step(&database, &mut client, &mut shutdown).await;
        let wait = match outcome {
            Ok(Some(0)) if flags.once => break,
            Ok(Some(rows)) if rows > 0 => {
                (waits, sent) = (backoff(), sent + rows);
                continue;
            }
            Ok(_) => Duration::from_millis(flags.poll_wait.unwrap_or(500)),
            Err(Error::Stopped) => break,
            Err(error) if error.is_passing() => {
                client = None;
                metrics::retried("relay");
                tracing::warn!(reason = %error, "the rows will be sent again");
                if relay.transactional {
                    relay.producer = producer(&flags, &needed("brokers", &flags.brokers)?)?;
                }
                waits.next().unwrap_or_default()
            }
            Err(error) => return Err(error),
        };
        shutdown.sleep(wait).await;
    }
    tracing::info!(rows = sent, topic = relay.topic, "delivered");
    Ok(())
}

fn producer(flags: &Flags, brokers: &str) -> Result<FutureProducer, Error> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("compression.type", "lz4")
        .set("linger.ms", "5");
    match &flags.transactional_id {
        Some(id) => config.set("transactional.id", id),
        // Never given up by itself: a later row of the same key must not overtake.
        None => config.set("message.timeout.ms", "0"),
    };
    for option in &flags.kafka_option {
        let (name, value) = option
            .expose()
            .split_once('=')
            .ok_or_else(|| Error::Settings("--kafka-option must be \"name=value\"".into()))?;
        config.set(name, value);
    }
    let producer: FutureProducer = config.create().map_err(refused)?;
    if flags.transactional_id.is_some() {
        producer.init_transactions(PATIENCE).map_err(passing)?;
    }
    Ok(producer)
}

fn refused(error: KafkaError) -> Error {
    Error::Settings(format!("Kafka: {error}"))
}

fn passing(error: KafkaError) -> Error {
    Error::Unreachable(format!("Kafka: {error}"))
}

impl Relay {
    /// Sends a batch and marks it: how many rows, or `None` while another relay has the table.
    async fn step(
        &mut self,
        database: &Database,
        client: &mut Option<Client>,
        shutdown: &mut Shutdown,
    ) -> Result<Option<i64>, Error> {
        if client.is_none() {
            let fresh = database.connect_patiently(shutdown).await?;
            let row = fresh
                .query_opt(
                    "SELECT pg_catalog.to_regclass($1)::pg_catalog.text",
                    &[&self.table],
                )
                .await?;
            self.table = match row.and_then(|row| row.get::<_, Option<String>>(0)) {
                Some(name) => name,
                None => {
                    return Err(Error::Settings(format!(
                        "there is no table \"{}\"",
                        self.table
                    )));
                }
            };
            let mine: bool = fresh
                .query_one(
                    "SELECT pg_catalog.pg_try_advisory_lock(
                        pg_catalog.hashtextextended('termfeed relay ' || $1, 0))",
                    &[&self.table],
                )
                .await?
                .try_get(0)?;
            if !mine {
                return Ok(None);
            }
            *client = Some(fresh);
        }
        let Some(client) = client.as_ref() else {
            return Ok(None);
        };
        let rows = client
            .query(
                &format!(
                    "SELECT id, key::text, payload::text FROM {} WHERE delivered IS NULL
                      ORDER BY id LIMIT $1",
                    self.table
                ),
                &[&self.batch_rows],
            )
            .await?;
        if rows.is_empty() {
            return Ok(Some(0));
        }
        if self.transactional {
            self.producer.begin_transaction().map_err(passing)?;
        }
        let (mut ids, mut waiting) = (Vec::new(), Vec::new());
        for row in &rows {
            let id: i64 = row.try_get(0)?;
            ids.push(id);
            waiting.push(self.send(id, row.try_get(1)?, row.try_get(2)?));
        }
        let all = futures_util::future::join_all(waiting);
        let reports = tokio::select! {
            reports = all => reports,
            // What is under way may arrive; it is not marked, and will be sent again.
            () = shutdown.wait() => return Err(Error::Stopped),
        };
        for report in reports {
            report?;
        }
        if self.transactional {
            self.producer
                .commit_transaction(PATIENCE)
                .map_err(passing)?;
        }
        client
            .execute(
                &format!(
                    "UPDATE {} SET delivered = pg_catalog.clock_timestamp() WHERE id = ANY ($1)",
                    self.table
                ),
                &[&ids],
            )
            .await?;
        Ok(Some(ids.len() as i64))
    }

    /// Joins the queue at once, in the order of the calls; the future is the delivery report.
    fn send(
        &self,
        id: i64,
        key: Option<String>,
        payload: Option<String>,
    ) -> impl Future<Output = Result<(), Error>> + use<> {
        let name = format!("{}/{id}", self.table);
        let headers = OwnedHeaders::new().insert(Header {
            key: "termfeed-id",
            value: Some(&name),
        });
        let mut record = FutureRecord::<str, str>::to(&self.topic).headers(headers);
        if let Some(key) = &key {
            record = record.key(key);
        }
        if let Some(payload) = &payload {
            record = record.payload(payload);
        }
        let queued = self
            .producer
            .send_result(record)
            .map_err(|(error, _)| error);
        async move {
            let failed = |error: KafkaError| match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
                    Error::Input(format!("row {name} is too large for the topic"))
                }
                _ => passing(error),
            };
            match queued.map_err(failed)?.await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err((error, _))) => Err(failed(error)),
                Err(_) => Err(Error::Unreachable("Kafka: the producer was closed".into())),
            }
        }
    }
}
