//! Reads one shard page by page and sends the pages to the worker through a bounded queue. If throttled or
//! disconnected, it retries with growing delays.

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::{Record, ShardIteratorType};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

use crate::database::backoff;
use crate::error::Error;
use crate::metrics;
use crate::readiness::{Need, Readiness};

/// A shard answers five questions a second, for all who read it.
const BETWEEN: Duration = Duration::from_millis(210);

/// Where to start reading.
#[derive(Clone, Debug)]
pub enum Start {
    Horizon,
    At(DateTime),
    After(String),
}

/// A page of records of a shard, in order.
pub struct Page {
    pub shard: String,
    /// Which reader of that shard it was: pages of one that was told to stop are dropped.
    pub reader: u64,
    pub records: Vec<Record>,
    pub behind: Option<Duration>,
    /// Whether this is the last page of the shard.
    pub closed: bool,
}

pub struct Reader {
    pub client: Client,
    pub stream: String,
    pub shard: String,
    pub number: u64,
    pub start: Start,
    pub page_rows: i32,
    pub poll_wait: Duration,
    /// Whether the shard is closed: it gets no more records.
    pub ended: Arc<AtomicBool>,
    pub pages: Sender<Result<Page, Error>>,
    pub readiness: Readiness,
}

impl Reader {
    /// Reads until the end of the shard, or until the receiver is gone.
    pub async fn run(mut self) {
        if let Err(error) = self.read().await {
            let _ = self.pages.send(Err(error)).await;
        }
    }

    async fn read(&mut self) -> Result<(), Error> {
        let mut iterator = self.iterator().await?;
        let mut waits = backoff();
        loop {
            let asked = Instant::now();
            let ended = self.ended.load(Ordering::Relaxed);
            let wait = self.readiness.waits_for(Need::Broker);
            let answer = self
                .client
                .get_records()
                .shard_iterator(&iterator)
                .limit(self.page_rows)
                .send()
                .await;
            drop(wait);
            let page = match answer {
                Ok(page) => page,
                Err(error) if error.code() == Some("ExpiredIteratorException") => {
                    iterator = self.iterator().await?;
                    continue;
                }
                Err(error) => {
                    self.wait_after(&error, waits.next()).await?;
                    continue;
                }
            };
            waits = backoff();
            self.readiness.fine();
            if let Some(last) = page.records.last() {
                self.start = Start::After(last.sequence_number.clone());
            }
            let behind = page.millis_behind_latest.map(|millis| millis.max(0) as u64);
            // An empty page is not the end: a shard may have gaps.
            let caught_up = page.records.is_empty() && behind == Some(0);
            let next = page.next_shard_iterator.filter(|_| !(caught_up && ended));
            let read = Page {
                shard: self.shard.clone(),
                reader: self.number,
                records: page.records,
                behind: behind.map(Duration::from_millis),
                closed: next.is_none(),
            };
            if self.pages.send(Ok(read)).await.is_err() {
                return Ok(());
            }
            match next {
                Some(next) => iterator = next,
                None => return Ok(()),
            }
            let pause = match caught_up {
                true => self.poll_wait,
                false => BETWEEN.min(self.poll_wait),
            };
            tokio::time::sleep_until(asked + pause).await;
        }
    }

    async fn iterator(&self) -> Result<String, Error> {
        let mut waits = backoff();
        loop {
            let question = self
                .client
                .get_shard_iterator()
                .stream_name(&self.stream)
                .shard_id(&self.shard);
            let question = match &self.start {
                Start::Horizon => question.shard_iterator_type(ShardIteratorType::TrimHorizon),
                Start::At(time) => question
                    .shard_iterator_type(ShardIteratorType::AtTimestamp)
                    .timestamp(*time),
                Start::After(number) => question
                    .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                    .starting_sequence_number(number),
            };
            let wait = self.readiness.waits_for(Need::Broker);
            let answer = question.send().await;
            drop(wait);
            match answer {
                Ok(answer) => {
                    return answer.shard_iterator.ok_or_else(|| {
                        Error::Input(format!("Kinesis has no way into shard \"{}\"", self.shard))
                    });
                }
                Err(error) => self.wait_after(&error, waits.next()).await?,
            }
        }
    }

    async fn wait_after<E>(&self, error: &SdkError<E>, wait: Option<Duration>) -> Result<(), Error>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let reason = in_words(error, &self.stream)?;
        let wait = wait.unwrap_or(Duration::from_secs(1));
        metrics::retried("kinesis");
        self.readiness.failed(Need::Broker, &reason);
        tracing::warn!(
            reason,
            shard = self.shard,
            wait_ms = wait.as_millis() as u64,
            "the shard cannot be read now: waiting"
        );
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// Returns the reason if a retry may help, otherwise the error.
pub fn in_words<E>(error: &SdkError<E>, stream: &str) -> Result<String, Error>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let code = error.code().unwrap_or_default();
    let message = error.message().unwrap_or_default();
    match code {
        "ResourceNotFoundException" => Err(Error::Settings(format!(
            "Kinesis has no stream \"{stream}\", or no such shard of it: {message}"
        ))),
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "KMSAccessDeniedException"
        | "KMSDisabledException"
        | "KMSNotFoundException"
        | "KMSInvalidStateException"
        | "KMSOptInRequired"
        | "InvalidArgumentException"
        | "ValidationException" => Err(Error::Settings(format!("Kinesis: {code}: {message}"))),
        "" => Ok(DisplayErrorContext(error).to_string()),
        other => Ok(format!("{other}: {message}")),
    }
}
