//! The worker: polls, fills a batch, and has the pipeline store it with the new offsets.
//!
//! Whatever fails on the way, nothing is kept in memory: the partitions begin again where the database
//! says. So does a COMMIT whose answer got lost; and who writes after a rival finds the position moved,
//! and rolls back.

use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio_postgres::Client;

use super::batch::{Batch, Kept};
use super::consumer::{self, Change, Context, kafka};
use super::decode::Decoder;
use super::{From, Link, Settings};
use crate::database::{Database, backoff};
use crate::error::Error;
use crate::inbox::Inbox;
use crate::metrics;
use crate::pipeline::{self, Target, Totals};
use crate::positions::{self, Part, Step};
use crate::readiness::{Need, Readiness};
use crate::shutdown::Shutdown;

/// The longest time in which a signal or a rebalance is not seen.
const POLL: Duration = Duration::from_millis(100);

/// How long the brokers may take to say where a partition ends.
const ASKED: Duration = Duration::from_secs(1);

pub struct Worker {
    runtime: Handle,
    database: Database,
    settings: Settings,
    shutdown: Shutdown,
    consumer: BaseConsumer<Context>,
    client: Option<Client>,
    inbox: Inbox,
    decoder: Decoder,
    /// The name of the topic in the database.
    source: String,
    /// The partitions of this member, and the positions that the database has of them.
    committed: BTreeMap<i32, Option<i64>>,
    /// Whether the consumer is not where the database is: the partitions are new, or a batch failed.
    astray: bool,
    totals: Totals,
    readiness: Readiness,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.consumer.context().close();
    }
}

impl Worker {
    pub fn new(
        runtime: Handle,
        database: Database,
        settings: Settings,
        mut shutdown: Shutdown,
        readiness: Readiness,
    ) -> Result<Worker, Error> {
        let link = Link::new(readiness.another(Need::Broker));
        let consumer = consumer::connect(&settings, link)?;
        let (client, inbox) = runtime.block_on(async {
            let client = database.connect_patiently(&mut shutdown).await?;
            let inbox = Inbox::find(&client, &settings.stream).await?;
            Ok::<_, Error>((client, inbox))
        })?;
        let decoder = Decoder::new(&settings, inbox.columns.clone())?;
        consumer.subscribe(&[&settings.topic]).map_err(kafka)?;
        Ok(Worker {
            source: format!("kafka:{}", settings.topic),
            client: Some(client),
            committed: BTreeMap::new(),
            astray: false,
            totals: Totals::default(),
            runtime,
            database,
            settings,
            shutdown,
            consumer,
            inbox,
            decoder,
            readiness,
        })
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Works until it is told to stop, or something is wrong for good.
    pub fn run(&mut self) -> Result<(), Error> {
        let mut waits = backoff();
        while !self.shutdown.is_called() {
            match self.step() {
                Ok(()) => waits = backoff(),
                Err(Error::Stopped) => break,
                Err(error) if error.is_passing() => {
                    let wait = waits.next().unwrap_or(POLL);
                    tracing::warn!(reason = %error, wait_ms = wait.as_millis() as u64,
                        "nothing was committed: waiting, and going on where the database says");
                    self.readiness.failed(Need::of(&error), &error);
                    self.client = None;
                    self.astray = !self.committed.is_empty();
                    self.rest(wait);
                    self.readiness.tries_again();
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A batch, and then what the group has decided meanwhile.
    fn step(&mut self) -> Result<(), Error> {
        self.connect()?;
        if self.astray {
            self.follow()?;
        }
        if self.astray {
            self.assign()?;
            self.astray = false;
        }
        let batch = self.gather()?;
        if batch.is_empty() {
            self.readiness.has_nothing_to_do();
        } else {
            self.take(batch)?;
            self.readiness.fine();
        }
        self.follow()
    }

    /// Does what the group has decided. New partitions are assigned with the next step.
    fn follow(&mut self) -> Result<(), Error> {
        while let Some(change) = self.consumer.context().next_change() {
            self.consumer.context().forget();
            match change {
                Change::Assigned(partitions) => {
                    tracing::info!(?partitions, "partitions assigned");
                    self.committed = partitions.into_iter().map(|one| (one, None)).collect();
                    self.astray = true;
                }
                Change::Revoked => {
                    tracing::info!("partitions revoked");
                    self.committed.clear();
                    self.astray = false;
                    self.consumer.unassign().map_err(kafka)?;
                }
            }
        }
        Ok(())
    }

    /// Reads the positions from the database, and has each partition go on there. What the consumer
    /// has fetched before is dropped.
    fn assign(&mut self) -> Result<(), Error> {
        let Some(client) = self.client.as_ref() else {
            return Err(Error::Unreachable("it went away".into()));
        };
        let _wait = self.readiness.waits_for(Need::Database);
        let mut list = TopicPartitionList::new();
        for (partition, committed) in &mut self.committed {
            let name = partition.to_string();
            let part = Part {
                source: &self.source,
                part: &name,
            };
            *committed = self
                .runtime
                .block_on(positions::next(client, &self.inbox, &part))?;
            let offset = match (*committed, self.settings.from) {
                (Some(next), _) => Offset::Offset(next),
                (None, From::Beginning) => Offset::Beginning,
                (None, From::End) => Offset::End,
            };
            list.add_partition_offset(&self.settings.topic, *partition, offset)
                .map_err(kafka)?;
            if self.settings.from == From::Beginning || committed.is_some() {
                self.consumer.context().committed(*partition, *committed);
            }
        }
        self.consumer.assign(&list).map_err(kafka)?;
        self.consumer.resume(&list).map_err(kafka)
    }

    fn connect(&mut self) -> Result<(), Error> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            let _wait = self.readiness.waits_for(Need::Database);
            let connected = self.runtime.block_on(self.database.connect());
            self.client = Some(connected.inspect_err(|_| metrics::retried("connect"))?);
        }
        Ok(())
    }

    /// Waits, and stays in the group: whoever does not poll is thrown out of it, and tells no lag. The
    /// partitions are assigned anew afterwards, so that what is fetched meanwhile is not lost.
    fn rest(&self, time: Duration) {
        let end = Instant::now() + time;
        let pause = |list| self.consumer.pause(&list);
        if let Err(error) = self.consumer.assignment().and_then(pause) {
            tracing::debug!(%error, "the partitions are not paused");
        }
        // Those that are paused have no statistics.
        for (partition, committed) in &self.committed {
            let topic = &self.settings.topic;
            if let Ok((low, high)) = self.consumer.fetch_watermarks(topic, *partition, ASKED) {
                metrics::lag(topic, *partition, high - committed.unwrap_or(low));
            }
        }
        while Instant::now() < end && !self.shutdown.is_called() {
            let left = end.saturating_duration_since(Instant::now());
            let _ = self.consumer.poll(left.min(POLL));
        }
    }

    /// Polls until the batch is full, its wait is over, or something else is to be done.
    fn gather(&mut self) -> Result<Batch, Error> {
        let mut batch = Batch::default();
        let mut end: Option<Instant> = None;
        while !batch.rows.is_full(self.settings.batch_rows) {
            if self.shutdown.is_called() || self.consumer.context().is_changing() {
                break;
            }
            let left = end.map_or(POLL, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            match self.consumer.poll(left.min(POLL)) {
                None if batch.is_empty() => break,
                None => {}
                Some(Ok(message)) => {
                    end.get_or_insert_with(|| Instant::now() + self.settings.batch_wait);
                    let partition = message.partition();
                    let Some(committed) = self.committed.get(&partition) else {
                        continue;
                    };
                    let next = batch.next.get(&partition).copied().or(*committed);
                    if next.is_none_or(|next| message.offset() >= next) {
                        let _wait = self
                            .asks_for_schemas()
                            .then(|| self.readiness.waits_for(Need::Service));
                        batch.add(&message, &mut self.decoder)?;
                    }
                }
                Some(Err(error)) => self.judge(error)?,
            }
        }
        Ok(batch)
    }

    /// Whether a message may wait for a registry.
    fn asks_for_schemas(&self) -> bool {
        self.settings.format.plain().is_none()
    }

    /// librdkafka tries again by itself, but for what only a person can decide.
    fn judge(&self, error: KafkaError) -> Result<(), Error> {
        match &error {
            KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset) => {
                Err(Error::Input(format!(
                    "the brokers no longer have messages of topic \"{}\" that were not read yet; \
                     start with --skip-lost to go on at the first one they have",
                    self.settings.topic
                )))
            }
            KafkaError::MessageConsumption(
                RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed,
            )
            | KafkaError::MessageConsumptionFatal(_) => Err(kafka(error)),
            _ => {
                metrics::retried("poll");
                self.readiness.failed(Need::Broker, &error);
                tracing::warn!(%error, "reading the topic failed: trying again");
                Ok(())
            }
        }
    }

    fn take(&mut self, batch: Batch) -> Result<(), Error> {
        let Some(client) = self.client.as_mut() else {
            return Err(Error::Unreachable("it went away".into()));
        };
        let _wait = self.readiness.waits_for(Need::Database);
        let target = Target {
            inbox: &self.inbox,
            stage: "parse",
            line_format: self.settings.format.of_lines(),
        };
        let (source, topic) = (&self.source, &self.settings.topic);
        let committed = &self.committed;
        let steps: Vec<Step> = batch
            .next
            .iter()
            .map(|(partition, next)| Step {
                source,
                part: partition.to_string(),
                expected: committed.get(partition).copied().flatten(),
                next: *next,
                detail: None,
            })
            .collect();
        let origin = |message: Kept| message.origin(source, topic);
        let stored = pipeline::store(client, &target, batch.rows, &steps, origin);
        let totals = self.runtime.block_on(stored).inspect_err(|_| {
            metrics::failed(&self.inbox.name);
            metrics::retried("batch");
        })?;
        self.totals += totals;
        self.advance(&batch.next);
        Ok(())
    }

    /// Goes on behind these offsets, which are committed in the database, and tells the brokers.
    fn advance(&mut self, offsets: &BTreeMap<i32, i64>) {
        let mut list = TopicPartitionList::new();
        for (partition, next) in offsets {
            self.committed.insert(*partition, Some(*next));
            self.consumer.context().committed(*partition, Some(*next));
            let _ =
                list.add_partition_offset(&self.settings.topic, *partition, Offset::Offset(*next));
        }
        // For those who watch the group. Nothing is read from it, and so it may fail.
        let _ = self.consumer.commit(&list, CommitMode::Async);
    }
}
