//! A batch: rows as CSV, the records they came from, and the records that are no rows.

use aws_sdk_kinesis::types::Record;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::reader::Page;
use super::shards::Position;
use crate::decode::Plain;
use crate::notes::Note;

/// A batch ends where its rows have this many bytes, however few they are.
const LARGEST: usize = 16 << 20;

#[derive(Default)]
pub struct Batch {
    csv: Vec<u8>,
    /// One for each row of `csv`, in its order.
    pub origins: Vec<Value>,
    pub refused: Vec<Note>,
    /// Where each shard is after this batch.
    pub next: BTreeMap<String, Position>,
    bytes: usize,
}

impl Batch {
    pub fn records(&self) -> usize {
        self.origins.len() + self.refused.len()
    }

    pub fn is_empty(&self) -> bool {
        self.next.is_empty()
    }

    pub fn is_full(&self, rows: usize) -> bool {
        self.records() >= rows || self.bytes >= LARGEST
    }

    /// Adds the records of a page, which go on where the shard is.
    pub fn add(&mut self, page: Page, committed: &Position, decoder: &Plain) {
        if page.records.is_empty() && !page.closed {
            return;
        }
        let next = self
            .next
            .entry(page.shard.clone())
            .or_insert_with(|| committed.clone());
        for record in page.records {
            next.records = Some(next.records.unwrap_or(0) + 1);
            next.after = Some(record.sequence_number.clone());
            let data = record.data.as_ref();
            self.bytes += data.len() + 64;
            let origin = origin(&page.shard, &record);
            match decoder.row(data, &mut self.csv) {
                Ok(()) => self.origins.push(origin),
                Err(refusal) => self.refused.push(Note {
                    line: None,
                    raw: data.to_vec(),
                    sqlstate: refusal.sqlstate,
                    message: refusal.message,
                    origin,
                }),
            }
        }
        next.closed |= page.closed;
    }

    pub fn take_csv(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.csv))
    }
}

/// Where a record came from, for whoever looks into a reject.
fn origin(shard: &str, record: &Record) -> Value {
    json!({
        "shard": shard,
        "sequence_number": record.sequence_number,
        // Postgres keeps no NUL.
        "partition_key": record.partition_key.as_ref().map(|key| key.replace('\0', "\u{fffd}")),
        "arrived": record.approximate_arrival_timestamp.map(|time| time.as_secs_f64()),
    })
}
