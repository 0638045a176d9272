//! Rejects of a load, each with where it came from, written in the caller's transaction. This takes the
//! right to insert into the stream, and no other.

use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

use crate::error::Error;

/// Where a record came from, for whoever looks into a reject.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file, the partition, the service: stands in the column `filename`.
    pub source: Arc<str>,
    /// The line or offset there: stands in the column `lineno`.
    pub line: Option<i64>,
    /// What else is known of it: stands in the column `origin`.
    pub detail: Option<Value>,
}

/// A record that could not be read as a row, and why not.
pub struct Reject {
    pub origin: Origin,
    pub raw: Vec<u8>,
    pub sqlstate: Cow<'static, str>,
    pub message: String,
}

/// What noted rejects have in common.
pub struct Notes<'a> {
    /// The stream, qualified and quoted for SQL.
    pub stream: &'a str,
    pub stage: &'a str,
    /// How the rows are written, for `termstream.retry_rejects`; CSV where it is `None`.
    pub line_format: Option<&'a Value>,
    /// The load that counts them; `None` makes a load of their own.
    pub load_id: Option<i64>,
}

impl Notes<'_> {
    /// Writes the rejects to the rejects table, with one statement for each source of records.
    pub async fn note(
        &self,
        transaction: &Transaction<'_>,
        rejects: &[Reject],
    ) -> Result<(), Error> {
        let mut by_source: BTreeMap<&str, Vec<&Reject>> = BTreeMap::new();
        for reject in rejects {
            let source = &*reject.origin.source;
            by_source.entry(source).or_default().push(reject);
        }
        for (source, rejects) in by_source {
            self.note_of(transaction, source, &rejects).await?;
        }
        Ok(())
    }

    async fn note_of(
        &self,
        transaction: &Transaction<'_>,
        source: &str,
        rejects: &[&Reject],
    ) -> Result<(), Error> {
        let each = rejects.iter();
        let lines: Vec<Option<i64>> = each.clone().map(|one| one.origin.line).collect();
        let rows: Vec<&[u8]> = each.clone().map(|one| one.raw.as_slice()).collect();
        let codes: Vec<&str> = each.clone().map(|one| &*one.sqlstate).collect();
        let messages: Vec<&str> = each.clone().map(|one| one.message.as_str()).collect();
        let origins: Vec<Option<&Value>> = each.map(|one| one.origin.detail.as_ref()).collect();
        transaction
            .query_typed(
                "SELECT termstream.note_rejects($1, $2, $3, $4, $5, $6, stage => $7, origins => $8,
                        line_format => $9, load_id => $10)",
                &[
                    (&self.stream, Type::TEXT),
                    (&source, Type::TEXT),
                    (&lines, Type::INT8_ARRAY),
                    (&rows, Type::BYTEA_ARRAY),
                    (&codes, Type::TEXT_ARRAY),
                    (&messages, Type::TEXT_ARRAY),
                    (&self.stage, Type::TEXT),
                    (&origins, Type::JSONB_ARRAY),
                    (&self.line_format, Type::JSONB),
                    (&self.load_id, Type::INT8),
                ],
            )
            .await?;
        Ok(())
    }
}

/// Says of the rejected rows of a COPY where they came from; `origins` has one for each row of it.
pub async fn locate(
    transaction: &Transaction<'_>,
    load_id: i64,
    origins: &[Origin],
) -> Result<(), Error> {
    let sources: Vec<&str> = origins.iter().map(|origin| &*origin.source).collect();
    let lines: Vec<Option<i64>> = origins.iter().map(|origin| origin.line).collect();
    let details: Vec<Option<&Value>> = origins.iter().map(|one| one.detail.as_ref()).collect();
    transaction
        .query_typed(
            "SELECT termstream.place_rejects($1, $2, $3, $4)",
            &[
                (&load_id, Type::INT8),
                (&sources, Type::TEXT_ARRAY),
                (&lines, Type::INT8_ARRAY),
                (&details, Type::JSONB_ARRAY),
            ],
        )
        .await?;
    Ok(())
}
