//! What is read: streams, loads, lexicons, matches. Each answer is JSON that the database has made.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_postgres::types::ToSql;

use super::Shared;
use super::answer::Refusal;
use crate::door::Inbox;

/// How long the database may take for an answer.
const READ_WAIT: Duration = Duration::from_secs(30);

const STREAMS: &str = "
SELECT coalesce(json_agg(json_build_object(
           'stream', s.stream::text, 'columns', s.columns, 'on_error', s.on_error,
           'lexicon', s.lexicon, 'pairs', s.pairs::text, 'rejects', s.rejects::text)
           ORDER BY s.stream::text), '[]')
  FROM termstream.streams s WHERE $1::text IS NULL OR s.stream = to_regclass($1)";

const COUNTS: &str = "
SELECT json_build_object(
    'loads', loads, 'read', read, 'taken', taken, 'rejected', rejected,
    'stages', json_build_object('parse', parse, 'convert', convert, 'check', \"check\",
        'statement', statement, 'quality', quality, 'predict', predict),
    'pairs', pairs, 'bytes', bytes, 'busy', busy, 'last_load', last_load)
  FROM termstream.stream_stats WHERE stream = to_regclass($1)";

const LOADS: &str = "
SELECT coalesce(json_agg(l), '[]') FROM (
    SELECT l.load_id, l.stream::text, l.source, l.state, l.read, l.taken, l.rejected, l.pairs, l.bytes,
           p.percent, l.started, l.finished, l.error
      FROM termstream.loads l LEFT JOIN termstream.progress p USING (load_id)
     ORDER BY l.load_id DESC LIMIT $1) l";

const LEXICONS: &str = "
SELECT coalesce(json_agg(json_build_object(
           'lexicon', lexicon, 'source', source::text, 'max_distance', max_distance,
           'overlap', overlap, 'created', created) ORDER BY lexicon), '[]')
  FROM termstream.lexicon";

const MATCHES: &str = "
SELECT coalesce(json_agg(m ORDER BY m.start, m.length DESC), '[]') FROM termstream.match($1::text, $2::text) m";

/// The one value that a query answers.
pub async fn json_of(
    shared: &Shared,
    query: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Value, Refusal> {
    let client = shared.reads.get().await?;
    match tokio::time::timeout(READ_WAIT, client.query_one(query, values)).await {
        Ok(row) => Ok(row?.try_get(0)?),
        Err(_) => {
            // The connection is not given back with a query at work.
            let cancel = client.cancel_token();
            if let Err(error) = cancel.cancel_query(shared.tls.clone()).await {
                tracing::warn!(reason = %crate::error::with_causes(&error), "a query could not be cancelled");
            }
            Err(Refusal::new(
                StatusCode::GATEWAY_TIMEOUT,
                "the database took too long to answer",
            ))
        }
    }
}

pub async fn find(shared: &Shared, stream: &str) -> Result<Inbox, Refusal> {
    let client = shared.reads.get().await?;
    Ok(Inbox::find(&**client, stream).await?)
}

pub async fn streams(State(shared): State<Shared>) -> Result<Json<Value>, Refusal> {
    json_of(&shared, STREAMS, &[&None::<&str>]).await.map(Json)
}

pub async fn stream(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let inbox = find(&shared, &stream).await?;
    let mut found = json_of(&shared, STREAMS, &[&Some(inbox.sql.as_str())]).await?;
    let mut found = found.get_mut(0).map(Value::take).unwrap_or_default();
    let counts = json_of(&shared, COUNTS, &[&inbox.sql]).await?;
    if let Some(object) = found.as_object_mut() {
        object.insert("counts".into(), counts);
    }
    Ok(Json(found))
}

#[derive(Deserialize)]
pub struct Newest {
    limit: Option<i64>,
}

/// Bodies that are being read, and the ledger.
pub async fn loads(
    State(shared): State<Shared>,
    newest: Result<Query<Newest>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let limit = newest?.limit.unwrap_or(50).clamp(1, 1000);
    let loads = json_of(&shared, LOADS, &[&limit]).await?;
    Ok(Json(
        json!({ "running": shared.running.told(), "loads": loads }),
    ))
}

pub async fn lexicons(State(shared): State<Shared>) -> Result<Json<Value>, Refusal> {
    json_of(&shared, LEXICONS, &[]).await.map(Json)
}

#[derive(Deserialize)]
pub struct Document {
    text: String,
}

pub async fn matches(
    State(shared): State<Shared>,
    Path(lexicon): Path<String>,
    document: Result<Query<Document>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Document { text }) = document?;
    json_of(&shared, MATCHES, &[&lexicon, &text])
        .await
        .map(Json)
}

/// The same for a text that is too long for a URL.
pub async fn matches_of_body(
    State(shared): State<Shared>,
    Path(lexicon): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Refusal> {
    let body = body?;
    let text = std::str::from_utf8(&body)
        .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the text is not in UTF-8"))?;
    json_of(&shared, MATCHES, &[&lexicon, &text])
        .await
        .map(Json)
}

/// Whether the database answers and has the extension.
pub async fn ready(State(shared): State<Shared>) -> Result<Json<Value>, Refusal> {
    let query = "SELECT to_json(extversion) FROM pg_extension WHERE extname = 'termstream'";
    match json_of(&shared, query, &[]).await {
        Ok(version) => Ok(Json(json!({ "extension": version }))),
        Err(_) => Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer, or has no extension termstream",
        )),
    }
}
