//! How far a source has been read: kept in the database, and moved in the transaction of its rows.

use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

use crate::error::Error;
use crate::inbox::Inbox;

/// A part of a source that is read in order: a file, a partition of a topic, a shard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part<'a> {
    pub source: &'a str,
    pub part: &'a str,
}

/// A move of the position of one part.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    pub source: &'a str,
    pub part: String,
    /// Where the position is; `None` if nothing of the part was ever committed.
    pub expected: Option<i64>,
    /// Where the position will be.
    pub next: i64,
    /// What a reader keeps beside the position.
    pub detail: Option<serde_json::Value>,
}

/// Reads the position of a part; `None` if nothing of it was ever committed.
pub async fn next(
    client: &impl GenericClient,
    inbox: &Inbox,
    part: &Part<'_>,
) -> Result<Option<i64>, Error> {
    let row = client
        .query_typed_opt(
            "SELECT next FROM termstream.feed_positions
              WHERE stream OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)
                AND source OPERATOR(pg_catalog.=) $2 AND part OPERATOR(pg_catalog.=) $3",
            &[
                (&inbox.sql, Type::TEXT),
                (&part.source, Type::TEXT),
                (&part.part, Type::TEXT),
            ],
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Moves a position. If another instance has moved it meanwhile, the server refuses (40001), and the caller
/// must roll back: that instance has committed the rows.
pub async fn advance(
    client: &impl GenericClient,
    inbox: &Inbox,
    step: &Step<'_>,
) -> Result<(), Error> {
    client
        .query_typed(
            "SELECT termstream.move_position(pg_catalog.to_regclass($1), $2, $3, $4, $5, $6)",
            &[
                (&inbox.sql, Type::TEXT),
                (&step.source, Type::TEXT),
                (&step.part, Type::TEXT),
                (&step.expected, Type::INT8),
                (&step.next, Type::INT8),
                (&step.detail, Type::JSONB),
            ],
        )
        .await?;
    Ok(())
}

/// Reads the position of a part and what a reader has kept beside it.
pub async fn found(
    client: &impl GenericClient,
    inbox: &Inbox,
    part: &Part<'_>,
) -> Result<Option<(i64, Option<serde_json::Value>)>, Error> {
    let row = client
        .query_typed_opt(
            "SELECT next, detail FROM termstream.feed_positions
              WHERE stream OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)
                AND source OPERATOR(pg_catalog.=) $2 AND part OPERATOR(pg_catalog.=) $3",
            &[
                (&inbox.sql, Type::TEXT),
                (&part.source, Type::TEXT),
                (&part.part, Type::TEXT),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.try_get(0)?, row.try_get(1)?)))
}
