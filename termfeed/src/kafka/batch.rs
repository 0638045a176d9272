//! A batch of messages, and the offsets behind it.

use rdkafka::message::{BorrowedMessage, Headers, Message, OwnedHeaders};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

use super::decode::{Decoder, Trouble};
use crate::decode::Refusal;
use crate::error::Error;
use crate::pipeline::{self, Origin};

/// What is kept of a message until its row is committed.
pub struct Kept {
    partition: i32,
    offset: i64,
    timestamp: Option<i64>,
    key: Option<Vec<u8>>,
    headers: Option<OwnedHeaders>,
    /// The payload, where the text of the row is another one.
    payload: Option<Vec<u8>>,
}

/// The messages of one transaction.
#[derive(Default)]
pub struct Batch {
    pub rows: pipeline::Batch<Kept>,
    /// The offset at which each partition goes on after this batch.
    pub next: BTreeMap<i32, i64>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.next.is_empty()
    }

    /// Adds the message as a row, or as a reject if it cannot be read as one. Fails, and adds nothing, where
    /// its schema cannot be had now.
    pub fn add(
        &mut self,
        message: &BorrowedMessage<'_>,
        decoder: &mut Decoder,
    ) -> Result<(), Error> {
        let refusal = match decoder.row(message.payload(), &mut self.rows.csv) {
            Ok(()) => None,
            Err(Trouble::Refused(refusal)) => Some(refusal),
            Err(Trouble::Passing(error)) => return Err(error),
        };
        self.next.insert(message.partition(), message.offset() + 1);
        let bytes = message.payload_len() + message.key_len();
        let is_shown = refusal.is_some() || !decoder.rewrites();
        let kept = Kept {
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            headers: message.headers().map(|headers| headers.detach()),
            payload: message.payload().filter(|_| !is_shown).map(<[u8]>::to_vec),
        };
        match refusal {
            None => self.rows.add(kept, bytes),
            Some(Refusal {
                sqlstate,
                message: reason,
            }) => {
                let raw = message.payload().unwrap_or_default().to_vec();
                self.rows.refuse(kept, bytes, raw, (sqlstate, reason));
            }
        }
        Ok(())
    }
}

impl Kept {
    /// Tells where the message is: its partition as the source, its offset as the line. `source` is the
    /// topic's name in the database.
    pub fn origin(&self, source: &str, topic: &str) -> Origin {
        Origin {
            source: format!("{source}/{}", self.partition).into(),
            line: Some(self.offset),
            detail: Some(self.detail(topic)),
        }
    }

    /// Tells where the message is and what came with it.
    fn detail(&self, topic: &str) -> Value {
        let mut detail = json!({
            "topic": topic, "partition": self.partition, "offset": self.offset,
        });
        if let Some(time) = self.timestamp {
            detail["timestamp"] = time.into();
        }
        if let Some(key) = &self.key {
            detail["key"] = printable(key);
        }
        if let Some(headers) = &self.headers {
            let mut found = Map::new();
            for header in headers.iter() {
                let value = header.value.map_or(Value::Null, printable);
                match found.get_mut(header.key) {
                    None => drop(found.insert(header.key.to_owned(), value)),
                    // A name may come again.
                    Some(Value::Array(values)) => values.push(value),
                    Some(first) => *first = json!([first.take(), value]),
                }
            }
            detail["headers"] = found.into();
        }
        if let Some(payload) = &self.payload {
            detail["message"] = printable(payload);
        }
        detail
    }
}

/// Text as it is; bytes that text in Postgres cannot hold as hex, as bytea is written.
fn printable(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text.into(),
        _ => hex(bytes).into(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
