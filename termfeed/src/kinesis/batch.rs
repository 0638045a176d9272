//! A batch of records, and the positions behind it.

use aws_sdk_kinesis::primitives::DateTime;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::reader::Page;
use super::shards::Position;
use crate::decode::{Plain, Refusal};
use crate::pipeline::{self, Origin};

/// What is kept of a record until its row is committed.
pub struct Kept {
    shard: Arc<str>,
    sequence_number: String,
    partition_key: Option<String>,
    arrived: Option<DateTime>,
}

/// The records of one transaction.
#[derive(Default)]
pub struct Batch {
    pub rows: pipeline::Batch<Kept>,
    /// The position of each shard after this batch.
    pub next: BTreeMap<String, Position>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.next.is_empty()
    }

    /// Adds the records of a page, the first of which follows the shard's position.
    pub fn add(&mut self, page: Page, committed: &Position, decoder: &Plain) {
        if page.records.is_empty() && !page.closed {
            return;
        }
        let shard: Arc<str> = page.shard.as_str().into();
        let next = self
            .next
            .entry(page.shard)
            .or_insert_with(|| committed.clone());
        for record in page.records {
            next.records = Some(next.records.unwrap_or(0) + 1);
            next.after = Some(record.sequence_number.clone());
            let data = record.data.as_ref();
            let kept = Kept {
                shard: shard.clone(),
                sequence_number: record.sequence_number,
                partition_key: record.partition_key,
                arrived: record.approximate_arrival_timestamp,
            };
            match decoder.row(data, &mut self.rows.csv) {
                Ok(()) => self.rows.add(kept, data.len()),
                Err(Refusal { sqlstate, message }) => {
                    let reason = (sqlstate, message);
                    self.rows.refuse(kept, data.len(), data.to_vec(), reason);
                }
            }
        }
        next.closed |= page.closed;
    }
}

impl Kept {
    /// Tells where the record came from; `source` is the name of its stream in the database.
    pub fn origin(self, source: Arc<str>) -> Origin {
        let detail = json!({
            "shard": &*self.shard,
            "sequence_number": self.sequence_number,
            // Postgres keeps no NUL.
            "partition_key": self.partition_key.map(|key| key.replace('\0', "\u{fffd}")),
            "arrived": self.arrived.map(|time| time.as_secs_f64()),
        });
        Origin {
            source,
            line: None,
            detail: Some(detail),
        }
    }
}
