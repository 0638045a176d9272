//! A batch: rows as CSV, the messages they came from, and the messages that are no rows.

use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Headers, Message, OwnedHeaders};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

use super::decode::{Decoder, Trouble};
use crate::decode::Refusal;
use crate::error::Error;

/// A batch ends where its rows have this many bytes, however few they are.
const LARGEST: usize = 16 << 20;

/// A message that is no row.
pub struct Refused {
    pub origin: Origin,
    pub raw: Vec<u8>,
    pub refusal: Refusal,
}

/// Where a row came from.
pub struct Origin {
    pub partition: i32,
    pub offset: i64,
    timestamp: Option<i64>,
    key: Option<Vec<u8>>,
    headers: Option<OwnedHeaders>,
    /// The message of a row that does not show it.
    message: Option<Vec<u8>>,
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

    /// Adds the message as a row, or as a reject if it cannot be read as one. Fails, and adds nothing, where
    /// its schema cannot be had now.
    pub fn add(
        &mut self,
        message: &BorrowedMessage<'_>,
        decoder: &mut Decoder,
    ) -> Result<(), Error> {
        let taken = match decoder.row(message.payload(), &mut self.csv) {
            Ok(()) => None,
            Err(Trouble::Refused(refusal)) => Some(refusal),
            Err(Trouble::Passing(error)) => return Err(error),
        };
        self.next.insert(message.partition(), message.offset() + 1);
        self.bytes += message.payload_len() + message.key_len() + 64;
        let is_shown = taken.is_some() || !decoder.rewrites();
        let origin = Origin {
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            headers: message.headers().map(|headers| headers.detach()),
            message: message.payload().filter(|_| !is_shown).map(<[u8]>::to_vec),
        };
        match taken {
            None => self.origins.push(origin),
            Some(refusal) => self.refused.push(Refused {
                origin,
                raw: message.payload().unwrap_or_default().to_vec(),
                refusal,
            }),
        }
        Ok(())
    }

    pub fn take_csv(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.csv))
    }
}

impl Origin {
    /// Where the message is and what came with it, for whoever looks into a reject.
    pub fn detail(&self, topic: &str) -> Value {
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
        if let Some(message) = &self.message {
            detail["message"] = printable(message);
        }
        detail
    }
}

/// Text as it is; what no text of Postgres's can hold as hex, like its bytea.
fn printable(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text.into(),
        _ => hex(bytes).into(),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
