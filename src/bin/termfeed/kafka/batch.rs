//! A batch: rows as CSV, the messages they came from, and the messages that are no rows.

use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use serde_json::json;
use std::collections::BTreeMap;

use super::decode::{Decoder, Refusal};

/// A batch ends where its rows have this many bytes, however few they are.
const LARGEST: usize = 16 << 20;

/// A message that is no row.
pub struct Refused {
    pub partition: i32,
    pub offset: i64,
    pub detail: String,
    pub raw: Vec<u8>,
    pub refusal: Refusal,
}

/// Where a row came from.
pub struct Origin {
    pub partition: i32,
    pub offset: i64,
    pub detail: String,
}

#[derive(Default)]
pub struct Batch {
    pub csv: Vec<u8>,
    /// One for each row of `csv`, in its order.
    pub origins: Vec<Origin>,
    pub refused: Vec<Refused>,
    /// Where each partition goes on after this batch.
    pub next: BTreeMap<i32, i64>,
    bytes: usize,
}

impl Batch {
    pub fn messages(&self) -> usize {
        self.origins.len() + self.refused.len()
    }

    pub fn is_empty(&self) -> bool {
        self.next.is_empty()
    }

    pub fn is_full(&self, rows: usize) -> bool {
        self.messages() >= rows || self.bytes >= LARGEST
    }

    pub fn add(&mut self, message: &BorrowedMessage<'_>, decoder: &Decoder) {
        let (partition, offset) = (message.partition(), message.offset());
        self.next.insert(partition, offset + 1);
        self.bytes += message.payload_len() + message.key_len() + 64;
        let detail = detail(message);
        match decoder.row(message.payload(), &mut self.csv) {
            Ok(()) => self.origins.push(Origin {
                partition,
                offset,
                detail,
            }),
            Err(refusal) => self.refused.push(Refused {
                partition,
                offset,
                detail,
                raw: message.payload().unwrap_or_default().to_vec(),
                refusal,
            }),
        }
    }

    pub fn take_csv(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.csv))
    }
}

/// Key and headers, for whoever looks into a reject.
fn detail(message: &BorrowedMessage<'_>) -> String {
    let mut detail = serde_json::Map::new();
    if let Some(key) = message.key() {
        detail.insert("key".into(), printable(key).into());
    }
    if let Some(headers) = message.headers() {
        let headers: Vec<_> = headers
            .iter()
            .map(|one| json!([one.key, one.value.map(printable)]))
            .collect();
        detail.insert("headers".into(), headers.into());
    }
    if detail.is_empty() {
        return String::new();
    }
    serde_json::Value::Object(detail).to_string()
}

/// JSON escapes a NUL, so that Postgres takes the text.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
