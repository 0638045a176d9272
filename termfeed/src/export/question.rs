//! The SQL of an export: the query with each column in a form that Parquet has, the rows of one run, in the
//! order of the files.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::Settings;
use super::columns::{Column, quoted};
use crate::error::Error;

pub struct Question {
    /// The columns of the files: all columns of the query except the partition column.
    pub columns: Vec<Column>,
    pub partition: Option<String>,
    query: String,
    order_by: Option<String>,
    cursor: Option<Cursor>,
}

struct Cursor {
    column: String,
    kind: String,
    /// The condition on a column of transaction ids: running and later transactions are not exported yet.
    is_transaction: bool,
}

impl Question {
    pub async fn new(client: &Client, settings: &Settings) -> Result<Question, Error> {
        let query = settings.query.trim().trim_end_matches(';').to_owned();
        let statement = client
            .prepare(&format!("SELECT * FROM ({query}\n) AS q"))
            .await?;
        let mut columns: Vec<Column> = Vec::new();
        let mut cursor = None;
        for column in statement.columns() {
            let name = column.name();
            if columns.iter().any(|other| other.name == name) {
                return Err(Error::Settings(format!(
                    "two columns of the query are named \"{name}\": name one by AS"
                )));
            }
            if settings.cursor.as_deref() == Some(name) {
                cursor = Some(Cursor {
                    column: format!("q.{}", quoted(name)),
                    kind: type_name(client, column.type_()).await?,
                    is_transaction: *column.type_() == Type::XID8,
                });
            }
            columns.push(Column::new(name, column.type_(), column.type_modifier())?);
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        for (flag, given) in [
            ("partition-by", &settings.partition_by),
            ("cursor", &settings.cursor),
        ] {
            if let Some(given) = given
                && !names.contains(&given.as_str())
            {
                return Err(Error::Settings(format!(
                    "--{flag}: the query has no column \"{given}\", but {}",
                    names.join(", ")
                )));
            }
        }
        columns.retain(|column| settings.partition_by.as_ref() != Some(&column.name));
        Ok(Question {
            columns,
            partition: settings.partition_by.clone(),
            query,
            order_by: settings.order_by.clone(),
            cursor,
        })
    }

    /// Returns the end of a run that begins after `after`; `None` if nothing is new.
    pub async fn newest(
        &self,
        client: &Client,
        after: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let Cursor { column, kind, .. } = cursor;
        let settled = match cursor.is_transaction {
            true => {
                format!(
                    "AND {column} < pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"
                )
            }
            false => String::new(),
        };
        let found = client
            .query_opt(
                &format!(
                    "SELECT {column}::pg_catalog.text FROM ({}\n) AS q
                      WHERE ($1::pg_catalog.text IS NULL OR {column} > $1::pg_catalog.text::{kind})
                        AND {column} IS NOT NULL {settled}
                      ORDER BY {column} DESC LIMIT 1",
                    self.query
                ),
                &[&after],
            )
            .await?;
        Ok(found.map(|row| row.try_get(0)).transpose()?)
    }

    /// Selects the rows, those of a run being after $1 and up to $2. The partition, as text, is the last column.
    pub fn rows(&self) -> String {
        // Under other names than the columns': a name behind ORDER BY must mean the column, not its text.
        let columns = self.columns.iter().enumerate();
        let mut wanted: Vec<String> = columns
            .map(|(at, column)| format!("{} AS \"termfeed {at}\"", column.expression()))
            .collect();
        let mut order = Vec::new();
        if let Some(partition) = &self.partition {
            wanted.push(format!(
                "q.{}::pg_catalog.text AS \"termfeed partition\"",
                quoted(partition)
            ));
            order.push(format!("q.{}", quoted(partition)));
        }
        order.extend(self.order_by.clone());
        let mut range = String::new();
        if let Some(Cursor { column, kind, .. }) = &self.cursor {
            range = format!(
                " WHERE ($1::pg_catalog.text IS NULL OR {column} > $1::pg_catalog.text::{kind})
                    AND {column} <= $2::pg_catalog.text::{kind}"
            );
            order.push(column.clone());
        }
        let order = match order.is_empty() {
            true => String::new(),
            false => format!(" ORDER BY {}", order.join(", ")),
        };
        format!(
            "SELECT {} FROM ({}\n) AS q{range}{order}",
            wanted.join(", "),
            self.query
        )
    }
}

async fn type_name(client: &Client, kind: &Type) -> Result<String, Error> {
    let row = client
        .query_one("SELECT pg_catalog.format_type($1, NULL)", &[&kind.oid()])
        .await?;
    Ok(row.try_get(0)?)
}
