//! What is read: streams, rejects, lexicons, matches. Each answer is JSON that the database has made.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;

use super::Shared;
use super::answer::Refusal;
use crate::door::Inbox;
use crate::error::Error;

const STREAMS: &str = "
SELECT coalesce(json_agg(json_build_object(
           'stream', s.stream::text, 'columns', s.columns, 'on_error', s.on_error,
           'lexicon', s.lexicon, 'pairs', s.pairs::text, 'rejects', s.rejects::text) ORDER BY 1), '[]')
  FROM termstream.streams s WHERE $1::text IS NULL OR s.stream = to_regclass($1)";

const LOADS: &str = "
SELECT json_build_object(
    'read', coalesce(sum(read), 0), 'taken', coalesce(sum(taken), 0),
    'rejected', coalesce(sum(rejected), 0), 'pairs', coalesce(sum(pairs), 0), 'loads', count(*))
  FROM termstream.load WHERE stream = to_regclass($1)";

async fn json_of(
    shared: &Shared,
    query: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Value, Refusal> {
    let client = shared.pool.get().await?;
    Ok(client.query_one(query, values).await?.try_get(0)?)
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
    if let Some(object) = found.as_object_mut() {
        object.insert(
            "counts".into(),
            json_of(&shared, LOADS, &[&inbox.sql]).await?,
        );
    }
    Ok(Json(found))
}

#[derive(Deserialize)]
pub struct Page {
    /// Rejects after this one, the oldest first; without it, the newest first.
    after: Option<i64>,
    limit: Option<i64>,
}

pub async fn rejects(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    let client = shared.pool.get().await?;
    let inbox = Inbox::find(&**client, &stream).await?;
    let table: String = client
        .query_one(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM termstream.stream s
               JOIN pg_class c ON c.oid = s.rejects JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE s.stream = to_regclass($1)",
            &[&inbox.sql],
        )
        .await?
        .try_get(0)?;
    let order = if page.after.is_some() { "ASC" } else { "DESC" };
    let query = format!(
        "SELECT coalesce(json_agg(r), '[]') FROM (
            SELECT reject_id, load_id, stage, starttime, lineno, line, colname, raw_field_value,
                   err_message, err_detail, errorcode
              FROM {table} WHERE reject_id > $1 ORDER BY reject_id {order} LIMIT $2) r"
    );
    let limit = page.limit.unwrap_or(50).clamp(1, 1000);
    let row = client
        .query_one(&query, &[&page.after.unwrap_or(i64::MIN), &limit])
        .await?;
    Ok(Json(row.try_get(0)?))
}

pub async fn lexicons(State(shared): State<Shared>) -> Result<Json<Value>, Refusal> {
    let query = "SELECT coalesce(json_agg(json_build_object('lexicon', lexicon,
        'source', source::text, 'max_distance', max_distance, 'created', created) ORDER BY lexicon),
        '[]') FROM termstream.lexicon";
    json_of(&shared, query, &[]).await.map(Json)
}

#[derive(Deserialize)]
pub struct Text {
    text: String,
}

pub async fn matches(
    State(shared): State<Shared>,
    Path(lexicon): Path<String>,
    Query(document): Query<Text>,
) -> Result<Json<Value>, Refusal> {
    let query = "SELECT coalesce(json_agg(m ORDER BY m.start), '[]')
                   FROM termstream.match($1::text, $2::text) m";
    json_of(&shared, query, &[&lexicon, &document.text])
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

async fn find(shared: &Shared, stream: &str) -> Result<Inbox, Refusal> {
    let client = shared.pool.get().await?;
    let found: Result<Inbox, Error> = Inbox::find(&**client, stream).await;
    Ok(found?)
}
