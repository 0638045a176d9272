//! The stream's statement: one or several, over the relation `batch`. A mistake is told when the stream
//! is made, at its place, and not when the first rows come.

use pgrx::prelude::*;

use crate::pg::column::Column;
use crate::pg::error::Raise;
use crate::pg::parse::{Kind, Mistake, statements};
use crate::pg::position::{located, told};
use crate::pg::relation::BatchRelation;
use crate::pg::session;

/// Has Postgres parse and plan the statement, as the current role and on its path. Nothing is run.
pub fn validate(columns: &[Column], statement: &str) -> Result<(), Raise> {
    let wrong = |raise: Raise| {
        raise.or_hint(|| {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let names = names.join(", ");
            format!("The statement sees the relation batch ({names}).")
        })
    };
    let parts =
        statements(statement).map_err(|(error, at)| wrong(told(error, at, statement, 0)))?;
    if parts.is_empty() {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
            "the statement is empty",
        )
        .hint("Give what is to be done with each batch, for example 'INSERT INTO t SELECT * FROM batch'."));
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
                    "this is not a statement for a batch",
                )
                .hint("Use SELECT, INSERT, UPDATE, DELETE, MERGE, CALL, NOTIFY and TRUNCATE.")
                .at(statement, at));
            }
        };
        if let Err((error, at)) = explain(columns, &query) {
            let before = character(statement, part.range.start) - 1;
            let at = at.map(|at| at + before);
            return Err(wrong(told(error, at, statement, "EXPLAIN ".len())));
        }
    }
    Ok(())
}

/// Runs an EXPLAIN that may name the batch.
pub fn explain(columns: &[Column], query: &str) -> Result<(), Mistake> {
    located(|| {
        session::connect(|session| {
            let batch = BatchRelation::new("batch", columns);
            batch.register(session, batch.len());
            session.execute(query, &[]);
        })
    })
}

/// The number of the character at a byte, from 1.
fn character(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| before.chars().count()) + 1
}
