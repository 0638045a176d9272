//! The positions of the shards in the database, moved in the transaction of their rows.
//!
//! A sequence number does not fit into an integer, and so it stands in the detail of the position. The
//! position itself is the number of records: a rival that has moved it is found by that.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::shards::Position;
use crate::error::Error;
use crate::inbox::Inbox;
use crate::positions::{self, Part, Step};

/// The part whose position is the time when the first instance started, for `--from latest`.
const BEGAN: &str = "began";

/// Reads the positions of all shards.
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

/// The move of a shard's position.
pub fn step<'a>(source: &'a str, shard: &str, from: &Position, to: &Position) -> Step<'a> {
    Step {
        source,
        part: shard.to_owned(),
        expected: from.records,
        next: to.records.unwrap_or(0),
        detail: Some(json!({"after": to.after, "closed": to.closed})),
    }
}

/// Returns when the first instance started, in milliseconds since 1970, and notes the present time if this
/// is the first one.
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
    let first = Step {
        source,
        part: BEGAN.to_owned(),
        expected: None,
        next: now,
        detail: None,
    };
    positions::advance(client, inbox, &first).await?;
    Ok(now)
}
