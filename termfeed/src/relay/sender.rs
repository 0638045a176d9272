//! The producer: sends rows to the topic in order, and collects the delivery report of each.

use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::statistics::Statistics;
use serde_json::Value;
use std::time::Duration;
use tokio::task::block_in_place;

use super::outbox::Row;
use crate::error::Error;
use crate::kafka::Link;
use crate::metrics;
use crate::readiness::Readiness;
use crate::settings::Secret;

/// How long a transaction of Kafka's may take to begin or to end before it is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Sender {
    producer: FutureProducer<Context>,
    topic: String,
    transactional: bool,
}

/// What is needed to make a producer, again after one failed.
#[derive(Clone)]
pub struct Settings {
    pub brokers: String,
    pub topic: String,
    pub transactional_id: Option<String>,
    pub options: Vec<Secret>,
}

/// Reports whether the brokers answer.
struct Context(Link);

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        self.0.look(&statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        metrics::retried("broker");
        tracing::warn!(%error, reason, "the brokers cannot be reached: trying again");
    }
}

/// The outcome of a batch.
#[derive(Default)]
pub struct Reports {
    pub delivered: Vec<i64>,
    /// The ids of rows that no broker accepts, and why.
    pub refused: Vec<(i64, String)>,
}

enum Failure {
    Refused(String),
    Passing(Error),
}

impl Sender {
    pub fn new(settings: &Settings, readiness: Readiness) -> Result<Sender, Error> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &settings.brokers)
            .set("enable.idempotence", "true")
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .set("statistics.interval.ms", "1000");
        match &settings.transactional_id {
            Some(id) => config.set("transactional.id", id),
            // Never times out: a later row of the same key must not overtake.
            None => config.set("message.timeout.ms", "0"),
        };
        crate::kafka::options(&mut config, &settings.options)?;
        let producer: FutureProducer<Context> = config
            .create_with_context(Context(Link::new(readiness)))
            .map_err(crate::kafka::kafka)?;
        let transactional = settings.transactional_id.is_some();
        if transactional {
            block_in_place(|| producer.init_transactions(PATIENCE)).map_err(passing)?;
        }
        Ok(Sender {
            producer,
            topic: settings.topic.clone(),
            transactional,
        })
    }

    /// Sends the rows, each with what `id` says of it as the header "termfeed-id", and waits for the
    /// reports. In a transaction either all that are not refused are delivered, or none.
    pub async fn send(
        &self,
        rows: Vec<Row>,
        id: impl Fn(&Row) -> String,
    ) -> Result<Reports, Error> {
        if self.transactional {
            self.producer.begin_transaction().map_err(passing)?;
        }
        let waiting: Vec<_> = rows.iter().map(|row| self.queue(row, &id(row))).collect();
        let mut reports = Reports::default();
        for (row, report) in rows
            .iter()
            .zip(futures_util::future::join_all(waiting).await)
        {
            match report {
                Ok(()) => reports.delivered.push(row.id),
                Err(Failure::Refused(reason)) => reports.refused.push((row.id, reason)),
                Err(Failure::Passing(error)) => return Err(error),
            }
        }
        if self.transactional {
            let ended = block_in_place(|| match reports.refused.is_empty() {
                true => self.producer.commit_transaction(PATIENCE),
                // The other rows are sent again without these.
                false => self.producer.abort_transaction(PATIENCE),
            });
            ended.map_err(passing)?;
            if !reports.refused.is_empty() {
                reports.delivered.clear();
            }
        }
        Ok(reports)
    }

    /// Joins the queue at once, in the order of the calls; the future is the delivery report.
    fn queue(&self, row: &Row, id: &str) -> impl Future<Output = Result<(), Failure>> + use<> {
        let mut headers = OwnedHeaders::new().insert(Header {
            key: "termfeed-id",
            value: Some(id),
        });
        if let Some(Value::Object(more)) = &row.headers {
            for (key, value) in more {
                let text = value.as_str().map(str::to_owned);
                let value = (!value.is_null()).then(|| text.unwrap_or_else(|| value.to_string()));
                headers = headers.insert(Header {
                    key,
                    value: value.as_ref(),
                });
            }
        }
        let mut record = FutureRecord::<str, [u8]>::to(&self.topic).headers(headers);
        if let Some(key) = &row.key {
            record = record.key(key);
        }
        if let Some(payload) = &row.payload {
            record = record.payload(payload);
        }
        let queued = self.producer.send_result(record);
        let queued = queued.map_err(|(error, _)| judge(error));
        async move {
            match queued?.await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err((error, _))) => Err(judge(error)),
                Err(_) => Err(Failure::Passing(Error::Away(
                    "Kafka: the producer was closed".into(),
                ))),
            }
        }
    }
}

fn judge(error: KafkaError) -> Failure {
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::PolicyViolation,
        ) => Failure::Refused(error.to_string()),
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed,
        ) => Failure::Passing(crate::kafka::kafka(error)),
        _ => Failure::Passing(passing(error)),
    }
}

fn passing(error: KafkaError) -> Error {
    Error::Away(format!("Kafka: {error}"))
}
