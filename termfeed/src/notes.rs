//! Rows of a source that are no rows of the stream, noted as its rejects in the caller's transaction,
//! each with where it came from. It takes the right to insert into the stream, and no other.

use serde_json::Value;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

use crate::error::Error;
use crate::inbox::Inbox;

/// A record that could not be read as a row, and why not.
pub struct Note {
    pub line: Option<i64>,
    pub raw: Vec<u8>,
    pub sqlstate: &'static str,
    pub message: String,
    pub origin: Value,
}

/// Where the rows of a transaction came from.
pub struct Source<'a> {
    pub transaction: &'a Transaction<'a>,
    pub inbox: &'a Inbox,
    pub source: &'a str,
    /// How the rows are written, for `termstream.retry_rejects`.
    pub line_format: Option<Value>,
}

impl Source<'_> {
    /// Notes the rows; in the load that is given, or in one of their own.
    pub async fn note(
        &self,
        stage: &str,
        load_id: Option<i64>,
        notes: &[Note],
    ) -> Result<(), Error> {
        if notes.is_empty() {
            return Ok(());
        }
        let lines: Vec<Option<i64>> = notes.iter().map(|note| note.line).collect();
        let rows: Vec<&[u8]> = notes.iter().map(|note| note.raw.as_slice()).collect();
        let codes: Vec<&str> = notes.iter().map(|note| note.sqlstate).collect();
        let messages: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
        let origins: Vec<&Value> = notes.iter().map(|note| &note.origin).collect();
        self.transaction
            .query_typed(
                "SELECT termstream.note_rejects($1, $2, $3, $4, $5, $6, stage => $7, origins => $8,
                        line_format => $9, load_id => $10)",
                &[
                    (&self.inbox.sql, Type::TEXT),
                    (&self.source, Type::TEXT),
                    (&lines, Type::INT8_ARRAY),
                    (&rows, Type::BYTEA_ARRAY),
                    (&codes, Type::TEXT_ARRAY),
                    (&messages, Type::TEXT_ARRAY),
                    (&stage, Type::TEXT),
                    (&origins, Type::JSONB_ARRAY),
                    (&self.line_format, Type::JSONB),
                    (&load_id, Type::INT8),
                ],
            )
            .await?;
        Ok(())
    }

    /// Tells of the rejected rows of a COPY where they came from: one origin for each row of it.
    pub async fn place(&self, load_id: i64, origins: &[Value]) -> Result<(), Error> {
        let sources = vec![self.source; origins.len()];
        let lines: Vec<Option<i64>> = vec![None; origins.len()];
        self.transaction
            .query_typed(
                "SELECT termstream.place_rejects($1, $2, $3, $4)",
                &[
                    (&load_id, Type::INT8),
                    (&sources, Type::TEXT_ARRAY),
                    (&lines, Type::INT8_ARRAY),
                    (&origins, Type::JSONB_ARRAY),
                ],
            )
            .await?;
        Ok(())
    }
}
