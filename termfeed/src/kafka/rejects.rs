//! The rejects of a batch: messages that were no rows, and rows that the stream has rejected, each
//! with the place it came from. It takes the right to insert into the stream, and no other.

use serde_json::Value;
use std::collections::BTreeMap;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

use super::Format;
use super::batch::{Origin, Refused};
use crate::error::Error;
use crate::inbox::Inbox;

/// How the rows are written, for `termstream.retry_rejects`: as CSV, where nothing else is said.
fn line_format(format: Format) -> Option<Value> {
    match format {
        Format::Json => Some(serde_json::json!({"format": "jsonl"})),
        _ => None,
    }
}

/// What the rejects of a batch have in common.
pub struct Sender<'a> {
    pub transaction: &'a Transaction<'a>,
    pub inbox: &'a Inbox,
    /// The name of the topic in the database.
    pub source: &'a str,
    pub topic: &'a str,
    pub format: Format,
    /// The load of the COPY, which counts them all.
    pub load_id: i64,
}

impl Sender<'_> {
    /// Tells of the rejected rows of the COPY which messages they were.
    pub async fn place(&self, origins: &[Origin]) -> Result<(), Error> {
        let sources: Vec<String> = origins.iter().map(|one| self.part(one.partition)).collect();
        let lines: Vec<i64> = origins.iter().map(|one| one.offset).collect();
        let details: Vec<Value> = origins.iter().map(|one| one.detail(self.topic)).collect();
        self.transaction
            .query_typed(
                "SELECT termstream.place_rejects($1, $2, $3, $4)",
                &[
                    (&self.load_id, Type::INT8),
                    (&sources, Type::TEXT_ARRAY),
                    (&lines, Type::INT8_ARRAY),
                    (&details, Type::JSONB_ARRAY),
                ],
            )
            .await?;
        Ok(())
    }

    /// Notes the messages that were no rows.
    pub async fn note(&self, refused: &[Refused]) -> Result<(), Error> {
        let mut partitions: BTreeMap<i32, Vec<&Refused>> = BTreeMap::new();
        for one in refused {
            partitions
                .entry(one.origin.partition)
                .or_default()
                .push(one);
        }
        for (partition, some) in partitions {
            let each = some.iter();
            let lines: Vec<i64> = each.clone().map(|one| one.origin.offset).collect();
            let rows: Vec<&[u8]> = each.clone().map(|one| one.raw.as_slice()).collect();
            let codes: Vec<&str> = each.clone().map(|one| one.refusal.sqlstate).collect();
            let messages: Vec<&str> = each.clone().map(|one| &*one.refusal.message).collect();
            let origins: Vec<Value> = each.map(|one| one.origin.detail(self.topic)).collect();
            self.transaction
                .query_typed(
                    "SELECT termstream.note_rejects($1, $2, $3, $4, $5, $6, origins => $7,
                        line_format => $8, load_id => $9)",
                    &[
                        (&self.inbox.sql, Type::TEXT),
                        (&self.part(partition), Type::TEXT),
                        (&lines, Type::INT8_ARRAY),
                        (&rows, Type::BYTEA_ARRAY),
                        (&codes, Type::TEXT_ARRAY),
                        (&messages, Type::TEXT_ARRAY),
                        (&origins, Type::JSONB_ARRAY),
                        (&line_format(self.format), Type::JSONB),
                        (&self.load_id, Type::INT8),
                    ],
                )
                .await?;
        }
        Ok(())
    }

    fn part(&self, partition: i32) -> String {
        format!("{}/{partition}", self.source)
    }
}
