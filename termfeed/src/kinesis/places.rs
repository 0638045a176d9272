//! The positions of the shards in the database, moved in the transaction of their rows.
//!
//! A sequence number is longer than any integer, and so it stands in the detail of the position; what
//! moves, and fences off a rival, is the number of records.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Transaction};

use super::shards::Position;
use crate::error::Error;
use crate::inbox::Inbox;
use crate::positions::{self, Part};

/// The part that says when the first instance started, of a stream that is read from its end.
const BEGAN: &str = "began";

pub async fn all(
    client: &Client,
    inbox: &Inbox,
    source: &str,
) -> Result<BTreeMap<String, Position>, Error> {
    let rows = client
        .query_typed(
            "SELECT part, next, detail FROM termstream.feed_positions
              WHERE stream OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)
                AND source OPERATOR(pg_catalog.=) $2 AND part OPERATOR(pg_catalog.<>) $3",
            &[
                (&inbox.sql, Type::TEXT),
                (&source, Type::TEXT),
                (&BEGAN, Type::TEXT),
            ],
        )
        .await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let detail: Option<Value> = row.try_get(2)?;
        let detail = detail.unwrap_or_default();
        let position = Position {
            records: Some(row.try_get(1)?),
            after: detail["after"].as_str().map(str::to_owned),
            closed: detail["closed"].as_bool().unwrap_or(false),
        };
        found.insert(row.try_get(0)?, position);
    }
    Ok(found)
}

pub async fn advance(
    transaction: &Transaction<'_>,
    inbox: &Inbox,
    source: &str,
    shard: &str,
    from: &Position,
    to: &Position,
) -> Result<(), Error> {
    let part = Part {
        source,
        part: shard,
    };
    let detail = json!({"after": to.after, "closed": to.closed});
    let next = to.records.unwrap_or(0);
    positions::advance(transaction, inbox, &part, from.records, next, Some(detail)).await
}

/// When the first instance started, in milliseconds since 1970: now, if this is the first one.
pub async fn began(client: &Client, inbox: &Inbox, source: &str) -> Result<i64, Error> {
    let part = Part {
        source,
        part: BEGAN,
    };
    if let Some(time) = positions::next(client, inbox, &part).await? {
        return Ok(time);
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = now.as_millis() as i64;
    positions::advance(client, inbox, &part, None, now, None).await?;
    Ok(now)
}
