//! Reads of streams, loads and lexicons. The database makes the JSON of each answer.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};

use super::Shared;
use super::answer::Refusal;
use super::running::Told;
use crate::error::Error;
use crate::inbox::Inbox;

/// How long the database may take for an answer.
const READ_WAIT: Duration = Duration::from_secs(20);
/// How long until the connection is given up, if the database does not even report a timeout.
const LAST_WAIT: Duration = Duration::from_secs(25);

const STREAMS: &str = "
SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
           'stream', s.stream::pg_catalog.text, 'columns', s.columns, 'on_error', s.on_error,
           'lexicon', s.lexicon, 'pairs', s.pairs::pg_catalog.text, 'rejects', s.rejects::pg_catalog.text)
           ORDER BY s.stream::pg_catalog.text), '[]')::pg_catalog.text
  FROM termstream.streams s";

const STREAM: &str = "
SELECT pg_catalog.json_build_object(
           'stream', s.stream::pg_catalog.text, 'columns', s.columns, 'on_error', s.on_error,
           'lexicon', s.lexicon, 'pairs', s.pairs::pg_catalog.text, 'rejects', s.rejects::pg_catalog.text,
           'counts', (SELECT pg_catalog.json_build_object(
               'loads', c.loads, 'read', c.read, 'taken', c.taken, 'rejected', c.rejected,
               'stages', pg_catalog.json_build_object('parse', c.parse, 'convert', c.convert,
                   'check', c.\"check\", 'statement', c.statement, 'quality', c.quality,
                   'predict', c.predict),
               'pairs', c.pairs, 'bytes', c.bytes, 'busy', c.busy, 'last_load', c.last_load)
                        FROM termstream.stream_stats c
                       WHERE c.stream OPERATOR(pg_catalog.=) s.stream))::pg_catalog.text
  FROM termstream.streams s WHERE s.stream OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)";

const LOADS: &str = "
SELECT coalesce(pg_catalog.json_agg(l), '[]')::pg_catalog.text FROM (
    SELECT l.load_id, l.stream::pg_catalog.text, l.source, l.state, l.read, l.taken, l.rejected, l.pairs,
           l.bytes, p.percent, l.started, l.finished, l.error
      FROM termstream.loads l
      LEFT JOIN termstream.progress p ON p.load_id OPERATOR(pg_catalog.=) l.load_id
     ORDER BY l.load_id DESC LIMIT $1) l";

const LEXICONS: &str = "
SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
           'lexicon', lexicon, 'source', source::pg_catalog.text, 'max_distance', max_distance,
           'overlap', overlap, 'created', created) ORDER BY lexicon), '[]')::pg_catalog.text
  FROM termstream.lexicon";

/// An answer with JSON from the database.
pub type Answer = Json<Box<RawValue>>;

/// Returns the only value of a query: the text of a JSON value.
pub async fn json_of(
    shared: &Shared,
    query: &str,
    values: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Box<RawValue>, Refusal> {
    let asked = async {
        let mut session = shared.reads.get().await?;
        let transaction = session.begin(Some(READ_WAIT)).await?;
        let row = transaction.query_typed_one(query, values).await?;
        let text: String = row.try_get(0)?;
        transaction.commit().await?;
        session.give_back();
        RawValue::from_string(text).map_err(|error| Refusal::internal(error.to_string()))
    };
    in_time(LAST_WAIT, asked).await
}

/// Returns the outcome if it arrives in time, otherwise an answer of 504.
pub async fn in_time<T>(
    longest: Duration,
    asked: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let late = || {
        let detail = "the database took too long to answer";
        Refusal::new(StatusCode::GATEWAY_TIMEOUT, detail)
    };
    match tokio::time::timeout(longest, asked).await {
        Ok(Err(refusal)) if refusal.is("57014") => Err(late()),
        Ok(outcome) => outcome,
        Err(_) => Err(late()),
    }
}

/// Looks a stream up.
pub async fn find(shared: &Shared, stream: &str) -> Result<Inbox, Refusal> {
    let asked = async {
        let mut session = shared.reads.get().await?;
        let transaction = session.begin(Some(READ_WAIT)).await?;
        let found = Inbox::find(&transaction, stream).await;
        if matches!(found, Ok(_) | Err(Error::NoStream(_))) {
            transaction.rollback().await?;
            session.give_back();
        }
        Ok(found?)
    };
    in_time(LAST_WAIT, asked).await
}

pub async fn streams(State(shared): State<Shared>) -> Result<Answer, Refusal> {
    json_of(&shared, STREAMS, &[]).await.map(Json)
}

pub async fn stream(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
) -> Result<Answer, Refusal> {
    let inbox = find(&shared, &stream).await?;
    json_of(&shared, STREAM, &[(&inbox.sql, Type::TEXT)])
        .await
        .map(Json)
}

#[derive(Deserialize)]
pub struct Newest {
    limit: Option<i64>,
}

/// Lists the bodies that are being read, and the loads.
#[derive(Serialize)]
pub struct Loads {
    running: Vec<Told>,
    loads: Box<RawValue>,
}

pub async fn loads(
    State(shared): State<Shared>,
    newest: Result<Query<Newest>, QueryRejection>,
) -> Result<Json<Loads>, Refusal> {
    let limit = newest?.limit.unwrap_or(50).clamp(1, 1000);
    let loads = json_of(&shared, LOADS, &[(&limit, Type::INT8)]).await?;
    Ok(Json(Loads {
        running: shared.running.told(),
        loads,
    }))
}

pub async fn lexicons(State(shared): State<Shared>) -> Result<Answer, Refusal> {
    json_of(&shared, LEXICONS, &[]).await.map(Json)
}
