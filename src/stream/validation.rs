//! Validating the stream's SQL statements over the relation `batch`. A mistake is an error with its
//! position when the stream is created, not when the first rows come.

use pgrx::prelude::*;

use crate::pg::column::Column;
use crate::pg::error::Raise;
use crate::pg::parse::{Kind, Mistake, statements};
use crate::pg::position::{located, with_position};
use crate::pg::relation::BatchRelation;
use crate::pg::session;

/// Has Postgres parse and plan the statement, as the current role and on the current search_path, without
/// running it.
pub fn validate(columns: &[Column], statement: &str) -> Result<(), Raise> {
    let wrong = |raise: Raise| {
        raise.or_hint(|| {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let names = names.join(", ");
            format!("The statement sees the relation batch ({names}).")
        })
    };
    let parts = statements(statement)
        .map_err(|(error, at)| wrong(with_position(error, at, statement, 0)))?;
    if parts.is_empty() {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
            "the statement is empty",
        )
        .hint(
            "Give the SQL to run for each batch, for example 'INSERT INTO t SELECT * FROM batch'.",
        ));
    }
    for part in parts {
        let text = statement.get(part.range.clone()).unwrap_or_default();
        let query = match part.kind {
            Kind::Planned => format!("EXPLAIN {text}"),
            Kind::Command => continue,
            Kind::Other => {
                let start = text.len() - text.trim_start().len();
                let at = character(statement, part.range.start + start);
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
                    "this statement cannot run over a batch",
                )
                .hint("Use SELECT, INSERT, UPDATE, DELETE, MERGE, CALL, NOTIFY and TRUNCATE.")
                .at(statement, at));
            }
        };
        if let Err((error, at)) = explain(columns, &query) {
            let before = character(statement, part.range.start) - 1;
            let at = at.map(|at| at + before);
            return Err(wrong(with_position(error, at, statement, "EXPLAIN ".len())));
        }
    }
    Ok(())
}

/// Runs an EXPLAIN of a query that may name the relation `batch`.
pub fn explain(columns: &[Column], query: &str) -> Result<(), Mistake> {
    located(|| {
        session::connect(|session| {
            let batch = BatchRelation::new("batch", columns);
            batch.register(session, batch.len());
            session.execute(query, &[]);
        })
    })
}

/// The number of the character at a byte offset, counted from 1.
fn character(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| before.chars().count()) + 1
}
