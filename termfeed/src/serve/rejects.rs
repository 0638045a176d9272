//! Rejected rows over HTTP: listed page by page, and retried.

use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

use super::Shared;
use super::answer::Refusal;
use super::read::{Answer, find, json_of};
use crate::inbox::Inbox;

/// How many characters of a row or a value are shown: a row may have megabytes.
const SHOWN: i32 = 4000;

#[derive(Deserialize)]
pub struct Page {
    /// List the rejects after this number, the oldest first.
    after: Option<i64>,
    /// List the rejects before this number, the newest first; the newest of all if neither is given.
    before: Option<i64>,
    limit: Option<i64>,
}

pub async fn page(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Answer, Refusal> {
    let Query(page) = page?;
    let inbox = find(&shared, &stream).await?;
    let table = inbox.rejects.as_deref().ok_or_else(|| gone(&inbox))?;
    let order = if page.after.is_some() { "ASC" } else { "DESC" };
    let query = format!(
        "SELECT coalesce(pg_catalog.json_agg(r), '[]')::pg_catalog.text FROM (
            SELECT reject_id, load_id, stage, starttime, filename, lineno,
                   pg_catalog.left(coalesce(line, pg_catalog.encode(line_bytes, 'escape')), {SHOWN}) AS line,
                   line_format, colname, pg_catalog.left(raw_field_value, {SHOWN}) AS raw_field_value, err_message,
                   err_detail, errorcode
              FROM {table}
             WHERE reject_id OPERATOR(pg_catalog.>) $1 AND reject_id OPERATOR(pg_catalog.<) $2
             ORDER BY reject_id {order} LIMIT $3) r"
    );
    let limit = page.limit.unwrap_or(50).clamp(1, 1000);
    let range = (
        page.after.unwrap_or(i64::MIN),
        page.before.unwrap_or(i64::MAX),
    );
    json_of(
        &shared,
        &query,
        &[
            (&range.0, Type::INT8),
            (&range.1, Type::INT8),
            (&limit, Type::INT8),
        ],
    )
    .await
    .map(Json)
}

/// An answer for a stream without a rejects table.
fn gone(inbox: &Inbox) -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        format!(
            "the table of the rejects of \"{}\" does not exist",
            inbox.name
        ),
    )
}

#[derive(Deserialize)]
pub struct Which {
    /// Numbers of rejects, separated by commas. If absent: the rejects in the body or, if it is empty, all.
    reject_id: Option<String>,
}

/// The corrected line of a reject.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mended {
    reject_id: i64,
    line: String,
}

const MENDED: &str =
    "the body must be empty, or a list like [{\"reject_id\": 7, \"line\": \"the row\"}]";

const RETRY: &str =
    "SELECT pg_catalog.to_json(r)::pg_catalog.text FROM termstream.retry_rejects($1, $2) r";

/// Retries rejects; those in the body with the corrected lines given there. Rows that pass are removed from
/// the rejects.
pub async fn retry(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Answer, Refusal> {
    let Query(which) = which?;
    let body = body?;
    let mended: Vec<Mended> = match body.is_empty() {
        true => Vec::new(),
        false => serde_json::from_slice(&body)
            .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("{MENDED}: {error}")))?,
    };
    let mut numbers = which.reject_id.as_deref().map(numbers).transpose()?;
    if !body.is_empty() {
        let of_body = mended.iter().map(|row| row.reject_id);
        numbers.get_or_insert_default().extend(of_body);
    }
    let condition = numbers.map(|numbers| among(&numbers));
    let inbox = find(&shared, &stream).await?;
    let mut session = shared.loads.get().await?;
    // In a transaction, so that nothing is taken if the client disconnects.
    let transaction = session.begin(None).await?;
    if !mended.is_empty() {
        mend(&transaction, &inbox, &mended).await?;
    }
    let row = transaction
        .query_typed_one(RETRY, &[(&inbox.sql, Type::TEXT), (&condition, Type::TEXT)])
        .await?;
    let text: String = row.try_get(0)?;
    transaction.commit().await?;
    session.give_back();
    RawValue::from_string(text)
        .map(Json)
        .map_err(|error| Refusal::internal(error.to_string()))
}

/// Writes the corrected lines.
async fn mend(
    transaction: &Transaction<'_>,
    inbox: &Inbox,
    mended: &[Mended],
) -> Result<(), Refusal> {
    let table = inbox.rejects.as_deref().ok_or_else(|| gone(inbox))?;
    let update = format!("UPDATE {table} SET line = $2 WHERE reject_id OPERATOR(pg_catalog.=) $1");
    for row in mended {
        let values: [(&(dyn ToSql + Sync), Type); 2] =
            [(&row.reject_id, Type::INT8), (&row.line, Type::TEXT)];
        if transaction.execute_typed(&update, &values).await? == 0 {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                format!(
                    "there is no reject {}: nothing was taken again",
                    row.reject_id
                ),
            ));
        }
    }
    Ok(())
}

fn numbers(list: &str) -> Result<Vec<i64>, Refusal> {
    let numbers: Result<Vec<i64>, _> = list.split(',').map(str::parse).collect();
    numbers.map_err(|_| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "reject_id must be numbers separated by commas",
        )
    })
}

/// Builds the condition from numbers only, whatever the request contains.
fn among(numbers: &[i64]) -> String {
    match numbers {
        [] => "false".to_owned(),
        some => {
            let numbers: Vec<String> = some.iter().map(i64::to_string).collect();
            format!("reject_id IN ({})", numbers.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_come_into_the_condition() {
        assert!(numbers("7,-1, 3").is_err());
        let condition = numbers("7,3").ok().map(|numbers| among(&numbers));
        assert_eq!(condition.as_deref(), Some("reject_id IN (7, 3)"));
        assert_eq!(among(&[]), "false");
        for hostile in ["", "1)", "1 OR true", "reject_id", "1,,2"] {
            assert!(numbers(hostile).is_err(), "{hostile}");
        }
    }
}
