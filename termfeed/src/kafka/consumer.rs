//! The consumer of a group, whose offsets are told by the database instead of the brokers.
//!
//! A rebalance is only noted in the callback. The worker carries it out between two batches, when it
//! has read from the database where each partition goes on.

use rdkafka::bindings::rd_kafka_resp_err_t as Code;
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Link, Settings};
use crate::error::Error;
use crate::metrics;
use crate::settings::Secret;

/// A decision of the group about this member.
pub enum Change {
    Assigned(Vec<i32>),
    Revoked,
}

pub struct Context {
    topic: String,
    link: Link,
    changes: Mutex<VecDeque<Change>>,
    /// The next offset by the database, for the lag; `None` if nothing was read yet.
    next: Mutex<HashMap<i32, Option<i64>>>,
    closing: AtomicBool,
}

impl Context {
    pub fn next_change(&self) -> Option<Change> {
        held(&self.changes).pop_front()
    }

    /// From now on partitions are given back at once: nobody is left who would do it later, and the
    /// consumer waits for it before it closes.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    pub fn is_changing(&self) -> bool {
        !held(&self.changes).is_empty()
    }

    pub fn committed(&self, partition: i32, next: Option<i64>) {
        held(&self.next).insert(partition, next);
    }

    pub fn forget(&self) {
        held(&self.next).clear();
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        self.link.look(&statistics);
        let Some(topic) = statistics.topics.get(&self.topic) else {
            return;
        };
        for (partition, next) in held(&self.next).iter() {
            if let Some(state) = topic.partitions.get(partition)
                && state.hi_offset >= 0
            {
                let next = next.unwrap_or(state.lo_offset.max(0));
                metrics::lag(&self.topic, *partition, state.hi_offset - next);
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        metrics::retried("broker");
        tracing::warn!(%error, reason, "the brokers cannot be reached: trying again");
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, code: Code, list: &mut TopicPartitionList) {
        if self.closing.load(Ordering::Relaxed) {
            if let Err(error) = consumer.unassign() {
                tracing::warn!(%error, "the partitions could not be given back");
            }
            return;
        }
        let change = match code {
            Code::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                Change::Assigned(list.elements().iter().map(|one| one.partition()).collect())
            }
            _ => Change::Revoked,
        };
        held(&self.changes).push_back(change);
    }
}

pub fn connect(settings: &Settings, link: Link) -> Result<BaseConsumer<Context>, Error> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("group.id", &settings.group)
        // The whole assignment at once: it can be given anew at any time, with other offsets.
        .set("partition.assignment.strategy", "range,roundrobin")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set(
            "auto.offset.reset",
            if settings.skip_lost {
                "earliest"
            } else {
                "error"
            },
        )
        .set("isolation.level", "read_committed")
        .set("session.timeout.ms", "10000")
        .set("statistics.interval.ms", "1000");
    options(&mut config, &settings.options)?;
    let context = Context {
        topic: settings.topic.clone(),
        link,
        changes: Mutex::default(),
        next: Mutex::default(),
        closing: AtomicBool::new(false),
    };
    config.create_with_context(context).map_err(kafka)
}

/// Builds the librdkafka configuration; the user's settings override ours.
pub fn options(config: &mut ClientConfig, options: &[Secret]) -> Result<(), Error> {
    for option in options {
        let (name, value) = option
            .expose()
            .split_once('=')
            .ok_or_else(|| Error::Settings("--kafka-option must be \"name=value\"".to_owned()))?;
        config.set(name, value);
    }
    Ok(())
}

/// Whether an error of librdkafka is permanent.
pub fn kafka(error: KafkaError) -> Error {
    Error::Settings(format!("Kafka: {error}"))
}
