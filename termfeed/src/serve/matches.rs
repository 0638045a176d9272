//! Matching over HTTP: a document, and the mentions in it.
//!
//! Matching is the most expensive request, so it has a small pool of its own with a statement timeout, and
//! other reads do not wait for it. Memory is bounded: documents by number and length, answers by length.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use futures_util::{TryStreamExt, pin_mut};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::sync::SemaphorePermit;
use tokio_postgres::types::{ToSql, Type};

use super::Shared;
use super::answer::Refusal;
use super::pace::is_too_slow;
use super::read::{Answer, in_time};

/// Documents that are matched at once.
pub const AT_ONCE: usize = 2;
/// Documents held at once: being matched, waiting, or arriving.
pub const HELD: usize = 32;
/// The longest document.
const DOCUMENT_BYTES: usize = 1 << 20;
/// How long a document may take to arrive.
const DOCUMENT_WAIT: Duration = Duration::from_secs(30);
/// The longest answer.
const ANSWER_BYTES: usize = 4 << 20;
/// How long the database may take for a document.
const MATCH_WAIT: Duration = Duration::from_secs(10);
/// How long a request may take in all, including the wait for a session.
const LAST_WAIT: Duration = Duration::from_secs(25);
/// A session that matched a longer document is closed, so that its memory is returned.
const SMALL_BYTES: usize = 64 << 10;

const MATCHES: &str = "
SELECT pg_catalog.to_json(m)::pg_catalog.text FROM termstream.match($1, $2) m
 ORDER BY m.start, m.length DESC";

#[derive(Deserialize)]
pub struct Document {
    text: String,
}

pub async fn of_query(
    State(shared): State<Shared>,
    Path(lexicon): Path<String>,
    document: Result<Query<Document>, QueryRejection>,
) -> Result<Answer, Refusal> {
    let Query(Document { text }) = document?;
    let _held = held(&shared)?;
    mentions(&shared, &lexicon, &text).await.map(Json)
}

/// Matches a document sent as the body, which may be too long for a URL.
pub async fn of_body(
    State(shared): State<Shared>,
    Path(lexicon): Path<String>,
    body: Body,
) -> Result<Answer, Refusal> {
    let _held = held(&shared)?;
    let Ok(body) = tokio::time::timeout(DOCUMENT_WAIT, to_bytes(body, DOCUMENT_BYTES)).await else {
        return Err(too_slow());
    };
    let body = body.map_err(|error| match is_too_slow(&error) {
        true => too_slow(),
        false => Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a text may have {DOCUMENT_BYTES} bytes: send it in parts"),
        ),
    })?;
    let text = std::str::from_utf8(&body)
        .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the text is not in UTF-8"))?;
    mentions(&shared, &lexicon, text).await.map(Json)
}

fn too_slow() -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly")
}

fn held(shared: &Shared) -> Result<SemaphorePermit<'_>, Refusal> {
    shared
        .documents
        .try_acquire()
        .map_err(|_| Refusal::busy("too many documents wait to be matched: try again later"))
}

/// Returns the mentions as a JSON list, in the order of the text.
async fn mentions(shared: &Shared, lexicon: &str, text: &str) -> Result<Box<RawValue>, Refusal> {
    let asked = async {
        let mut session = shared.matchers.get().await?;
        let transaction = session.begin(Some(MATCH_WAIT)).await?;
        let values: [(&(dyn ToSql + Sync), Type); 2] =
            [(&lexicon, Type::TEXT), (&text, Type::TEXT)];
        let mut list = String::from("[");
        {
            let rows = transaction.query_typed_raw(MATCHES, values).await?;
            pin_mut!(rows);
            while let Some(row) = rows.try_next().await? {
                let mention: &str = row.try_get(0)?;
                if list.len() + mention.len() > ANSWER_BYTES {
                    return Err(Refusal::new(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        format!(
                            "the text has more mentions than an answer of {ANSWER_BYTES} bytes holds: \
                             send it in parts"
                        ),
                    ));
                }
                if list.len() > 1 {
                    list.push(',');
                }
                list.push_str(mention);
            }
        }
        list.push(']');
        transaction.commit().await?;
        if text.len() <= SMALL_BYTES {
            session.give_back();
        }
        RawValue::from_string(list).map_err(|error| Refusal::internal(error.to_string()))
    };
    in_time(LAST_WAIT, asked).await
}
