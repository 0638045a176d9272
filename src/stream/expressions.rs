//! Conditions that a user gives: one boolean expression, or a JSON object of several with their names.

use pgrx::prelude::*;

use super::validation::explain;
use crate::pg::column::Column;
use crate::pg::error::Raise;
use crate::pg::parse::is_expression;
use crate::pg::position::told;
use crate::pg::session::{Session, Snapshot};
use crate::pg::user::on_safe_path;

/// A condition and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub name: String,
    pub expression: String,
}

/// What the conditions are about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Each row by itself.
    Row,
    /// The batch, by aggregates over its rows.
    Batch,
}

impl Of {
    fn argument(self) -> &'static str {
        match self {
            Of::Row => "check_rows",
            Of::Batch => "quality_check",
        }
    }

    /// A query that Postgres takes if, and only if, the expression is such a condition: in WHERE there
    /// are no aggregates, and beside HAVING there is nothing else.
    fn query(self) -> (&'static str, &'static str) {
        match self {
            Of::Row => ("SELECT FROM batch WHERE (", "\n)"),
            Of::Batch => ("SELECT FROM batch HAVING (", "\n)"),
        }
    }
}

/// Reads an argument: an SQL expression never begins with a brace. Empty is none.
pub fn read(session: &Session, of: Of, argument: &str) -> Result<Vec<Condition>, Raise> {
    let text = argument.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if !text.starts_with('{') {
        return Ok(vec![Condition {
            name: of.argument().to_owned(),
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
                    format!("{}: \"{name}\" is no expression", of.argument()),
                )
                .hint("Give an object of names and SQL expressions, for example '{\"paid\": \"amount > 0\"}'.")),
            }
        })
        .collect()
}

/// The conditions as JSON, for the catalog; `None` if there are none.
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

/// Has Postgres parse and plan each condition over the columns, as the current role and on its path.
pub fn validate(of: Of, columns: &[Column], conditions: &[Condition]) -> Result<(), Raise> {
    for condition in conditions {
        let text = &condition.expression;
        let wrong = |raise: Raise| {
            raise.or_hint(|| {
                let aggregates = if of == Of::Batch { ", in aggregates" } else { "" };
                format!(
                    "{} \"{}\" is a boolean SQL expression over the columns of the batch{aggregates}.",
                    of.argument(),
                    condition.name,
                )
            })
        };
        match is_expression(text) {
            Ok(true) => {}
            Ok(false) => {
                return Err(wrong(Raise::new(
                    PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
                    format!("{}: \"{text}\" is not one expression", of.argument()),
                )));
            }
            Err((error, at)) => return Err(wrong(told(error, at, text, 0))),
        }
        let (before, after) = of.query();
        let query = format!("EXPLAIN {before}{text}{after}");
        if let Err((error, at)) = explain(columns, &query) {
            return Err(wrong(told(
                error,
                at,
                text,
                "EXPLAIN ".len() + before.len(),
            )));
        }
    }
    Ok(())
}
