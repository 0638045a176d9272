//! Rejected rows over HTTP: read a page at a time, and taken again.

use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::{GenericClient, Transaction};

use super::Shared;
use super::answer::Refusal;
use super::read::json_of;
use crate::door::Inbox;

/// Of a row and of a value so many characters are shown: a row may have megabytes.
const SHOWN: i32 = 4000;

#[derive(Deserialize)]
pub struct Page {
    /// Rejects after this one, the oldest first.
    after: Option<i64>,
    /// Rejects before this one, the newest first; of all, if neither is given.
    before: Option<i64>,
    limit: Option<i64>,
}

pub async fn page(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(page) = page?;
    let table = {
        let client = shared.reads.get().await?;
        let inbox = Inbox::find(&**client, &stream).await?;
        table_of(&**client, &inbox).await?
    };
    let order = if page.after.is_some() { "ASC" } else { "DESC" };
    let query = format!(
        "SELECT coalesce(json_agg(r), '[]') FROM (
            SELECT reject_id, load_id, stage, starttime, filename, lineno, left(coalesce(line, encode(line_bytes, 'escape')), {SHOWN}) AS line,
                   colname, left(raw_field_value, {SHOWN}) AS raw_field_value, err_message, err_detail,
                   errorcode
              FROM {table} WHERE reject_id > $1 AND reject_id < $2
             ORDER BY reject_id {order} LIMIT $3) r"
    );
    let limit = page.limit.unwrap_or(50).clamp(1, 1000);
    let range = (
        page.after.unwrap_or(i64::MIN),
        page.before.unwrap_or(i64::MAX),
    );
    json_of(&shared, &query, &[&range.0, &range.1, &limit])
        .await
        .map(Json)
}

/// The name of the stream's rejects table, for SQL.
async fn table_of(client: &impl GenericClient, inbox: &Inbox) -> Result<String, Refusal> {
    inbox.rejects(client).await?.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            format!(
                "the table of the rejects of \"{}\" does not exist",
                inbox.name
            ),
        )
    })
}

#[derive(Deserialize)]
pub struct Which {
    /// Numbers of rejects, separated by commas; those of the body or, if it is empty, all without them.
    reject_id: Option<String>,
}

/// A row as it should have been.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mended {
    reject_id: i64,
    line: String,
}

const MENDED: &str =
    "the body must be empty, or a list like [{\"reject_id\": 7, \"line\": \"the row\"}]";

const RETRY: &str = "SELECT to_json(r) FROM termstream.retry_rejects($1, $2) r";

/// Takes rejects through the stream again, those of the body with the lines that are given there. Those
/// that pass are no rejects any more.
pub async fn retry(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Refusal> {
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
    let mut client = shared.loads.get().await?;
    let inbox = Inbox::find(&**client, &stream).await?;
    // A transaction, so that a client who goes away takes nothing.
    let transaction = client.transaction().await?;
    if !mended.is_empty() {
        mend(&transaction, &inbox, &mended).await?;
    }
    let row = transaction
        .query_one(RETRY, &[&inbox.sql, &condition])
        .await?;
    transaction.commit().await?;
    Ok(Json(row.try_get(0)?))
}

/// Writes the lines as they should have been.
async fn mend(
    transaction: &Transaction<'_>,
    inbox: &Inbox,
    mended: &[Mended],
) -> Result<(), Refusal> {
    let table = table_of(transaction, inbox).await?;
    let update = format!("UPDATE {table} SET line = $2 WHERE reject_id = $1");
    let update = transaction.prepare(&update).await?;
    for row in mended {
        if transaction
            .execute(&update, &[&row.reject_id, &row.line])
            .await?
            == 0
        {
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

/// A condition that is made of numbers alone, whatever was asked.
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
