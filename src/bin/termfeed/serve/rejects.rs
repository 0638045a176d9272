//! Rejected rows over HTTP: read a page at a time, and taken again.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

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

const TABLE: &str = "
SELECT format('%I.%I', n.nspname, c.relname)
  FROM termstream.stream s
  JOIN pg_class c ON c.oid = s.rejects
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE s.stream = to_regclass($1)";

pub async fn page(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(page) = page?;
    let table: Option<String> = {
        let client = shared.reads.get().await?;
        let inbox = Inbox::find(&**client, &stream).await?;
        let row = client.query_opt(TABLE, &[&inbox.sql]).await?;
        row.map(|row| row.try_get(0)).transpose()?
    };
    let Some(table) = table else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!("the table of the rejects of \"{stream}\" does not exist"),
        ));
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

#[derive(Deserialize)]
pub struct Which {
    /// Numbers of rejects, separated by commas; all without them.
    reject_id: Option<String>,
}

const RETRY: &str = "SELECT to_json(r) FROM termstream.retry_rejects($1, $2) r";

/// Takes rejects through the stream again. Those that pass are no rejects any more.
pub async fn retry(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(which) = which?;
    let condition = which.reject_id.as_deref().map(of_numbers).transpose()?;
    let mut client = shared.loads.get().await?;
    let inbox = Inbox::find(&**client, &stream).await?;
    // A transaction, so that a client who goes away takes nothing.
    let transaction = client.transaction().await?;
    let row = transaction
        .query_one(RETRY, &[&inbox.sql, &condition])
        .await?;
    transaction.commit().await?;
    Ok(Json(row.try_get(0)?))
}

/// A condition that is made of numbers alone, whatever was asked.
fn of_numbers(list: &str) -> Result<String, Refusal> {
    let numbers: Result<Vec<String>, _> = list
        .split(',')
        .map(|number| number.parse::<i64>().map(|number| number.to_string()))
        .collect();
    match numbers {
        Ok(numbers) => Ok(format!("reject_id IN ({})", numbers.join(", "))),
        Err(_) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "reject_id must be numbers separated by commas",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_come_into_the_condition() {
        assert!(of_numbers("7,-1, 3").is_err());
        assert_eq!(
            of_numbers("7,3").ok().as_deref(),
            Some("reject_id IN (7, 3)")
        );
        for hostile in ["", "1)", "1 OR true", "reject_id", "1,,2"] {
            assert!(of_numbers(hostile).is_err(), "{hostile}");
        }
    }
}
