//! Conditions of a stream: one boolean expression, or a JSON object of several with names.

use pgrx::prelude::*;

use super::validation::explain;
use crate::pg::column::Column;
use crate::pg::error::Raise;
use crate::pg::parse::is_expression;
use crate::pg::position::with_position;
use crate::pg::session::{Session, Snapshot};
use crate::pg::user::on_safe_path;

/// A named condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub name: String,
    pub expression: String,
}

/// What a condition is evaluated over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each row.
    Row,
    /// The whole batch, by aggregates over its rows.
    Batch,
}

impl Scope {
    /// The argument of `create_stream` that holds such conditions.
    fn argument(self) -> &'static str {
        match self {
            Scope::Row => "check_rows",
            Scope::Batch => "quality_check",
        }
    }

    /// The parts of a query before and after an expression. Postgres accepts the query if, and only if, the
    /// expression is such a condition: WHERE allows no aggregates, and HAVING alone nothing else.
    fn query(self) -> (&'static str, &'static str) {
        match self {
            Scope::Row => ("SELECT FROM batch WHERE (", "\n)"),
            Scope::Batch => ("SELECT FROM batch HAVING (", "\n)"),
        }
    }
}

/// Parses an argument: a JSON object if it begins with a brace, which no SQL expression does; no condition
/// if it is empty.
pub fn read(session: &Session, scope: Scope, argument: &str) -> Result<Vec<Condition>, Raise> {
    let text = argument.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if !text.starts_with('{') {
        return Ok(vec![Condition {
            name: scope.argument().to_owned(),
            expression: text.to_owned(),
        }]);
    }
    let query = "SELECT key, value, json_typeof($1::json -> key) FROM json_each_text($1::json)";
    let rows = on_safe_path(|| session.run(query, &[text.into()], Snapshot::Latest));
    (0..rows.len())
        .map(|row| {
            let name: String = rows.get(row, 1).unwrap_or_default();
            let expression = rows.get::<String>(row, 2).filter(|text| !text.trim().is_empty());
            match (expression, rows.get::<String>(row, 3).as_deref()) {
                (Some(expression), Some("string")) => Ok(Condition { name, expression }),
                _ => Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
                    format!("{}: \"{name}\" is not an expression", scope.argument()),
                )
                .hint("Give an object of names and SQL expressions, for example '{\"paid\": \"amount > 0\"}'.")),
            }
        })
        .collect()
}

/// The conditions as a JSON object, to be stored; `None` if there are none.
pub fn to_json(session: &Session, conditions: &[Condition]) -> Option<String> {
    if conditions.is_empty() {
        return None;
    }
    let part = |take: fn(&Condition) -> &String| {
        conditions
            .iter()
            .map(|one| take(one).clone())
            .collect::<Vec<String>>()
    };
    let args = [
        part(|one| &one.name).into(),
        part(|one| &one.expression).into(),
    ];
    let query = "SELECT json_object($1, $2)::text";
    on_safe_path(|| session.run(query, &args, Snapshot::Latest)).get(0, 1)
}

/// Has Postgres parse and plan each condition over the columns, as the current role and on the current
/// search_path.
pub fn validate(scope: Scope, columns: &[Column], conditions: &[Condition]) -> Result<(), Raise> {
    for condition in conditions {
        let text = &condition.expression;
        let wrong = |raise: Raise| {
            raise.or_hint(|| {
                let aggregates = if scope == Scope::Batch { ", in aggregates" } else { "" };
                format!(
                    "{} \"{}\" is a boolean SQL expression over the columns of the batch{aggregates}.",
                    scope.argument(),
                    condition.name,
                )
            })
        };
        match is_expression(text) {
            Ok(true) => {}
            Ok(false) => {
                return Err(wrong(Raise::new(
                    PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
                    format!("{}: \"{text}\" is not one expression", scope.argument()),
                )));
            }
            Err((error, at)) => return Err(wrong(with_position(error, at, text, 0))),
        }
        let (before, after) = scope.query();
        let query = format!("EXPLAIN {before}{text}{after}");
        if let Err((error, at)) = explain(columns, &query) {
            return Err(wrong(with_position(
                error,
                at,
                text,
                "EXPLAIN ".len() + before.len(),
            )));
        }
    }
    Ok(())
}
