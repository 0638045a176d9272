//! The options of a stream: those that a user gives, and the settings that result.

use pgrx::prelude::*;

use super::definition::StreamDefinition;
use super::expressions::{self, Condition, Scope};
use super::formats;
use super::load_error;
use crate::pg::column::Column;
use crate::pg::error::Raise;
use crate::pg::session::{Arg, Session, Snapshot};
use crate::pg::user::on_safe_path;
use termstream_core::load::{DEFAULT_BATCH_ROWS, Limits, MAX_BATCH_ROWS, OnError};

/// Options as a user gives them; `None` for one that is not given.
#[derive(Default)]
pub struct Options<'a> {
    pub check_rows: Option<&'a str>,
    pub on_error: Option<&'a str>,
    pub reject_limit: Option<i64>,
    pub reject_ratio: Option<f64>,
    pub batch_rows: Option<i32>,
    pub quality_check: Option<&'a str>,
    pub on_quality: Option<&'a str>,
    /// A JSON object of columns and their formats.
    pub formats: Option<String>,
}

/// The value of each option of a stream.
#[derive(Clone)]
pub struct Settings {
    pub checks: Vec<Condition>,
    pub quality: Vec<Condition>,
    on_error: OnError,
    on_quality: OnError,
    reject_limit: Option<i64>,
    reject_ratio: Option<f64>,
    batch_rows: i64,
    /// Pairs of a column and its format.
    formats: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            checks: Vec::new(),
            quality: Vec::new(),
            on_error: OnError::Table,
            on_quality: OnError::Table,
            reject_limit: None,
            reject_ratio: None,
            batch_rows: DEFAULT_BATCH_ROWS,
            formats: Vec::new(),
        }
    }
}

impl Settings {
    /// The settings of an existing stream.
    pub fn of(definition: &StreamDefinition) -> Settings {
        let formats = definition.columns.iter().zip(&definition.formats);
        Settings {
            checks: definition.checks.clone(),
            quality: definition.quality.clone(),
            on_error: definition.on_error,
            on_quality: definition.on_quality,
            reject_limit: definition.limits.reject_limit().map(|limit| limit as i64),
            reject_ratio: definition.limits.reject_ratio(),
            batch_rows: definition.batch_rows as i64,
            formats: formats
                .filter_map(|(column, format)| {
                    Some((column.name.clone(), format.as_ref()?.text.clone()))
                })
                .collect(),
        }
    }

    /// Whether the column has a format.
    pub fn has_format(&self, column: &Column) -> bool {
        self.formats.iter().any(|(name, _)| *name == column.name)
    }

    /// The settings with the given options changed. Each option is validated here, not when rows come.
    pub fn change(
        mut self,
        session: &Session,
        columns: &[Column],
        options: &Options,
    ) -> Result<Settings, Raise> {
        if let Some(checks) = options.check_rows {
            self.checks = expressions::read(session, Scope::Row, checks)?;
        }
        if let Some(quality) = options.quality_check {
            self.quality = expressions::read(session, Scope::Batch, quality)?;
        }
        if let Some(on_error) = options.on_error {
            self.on_error = one_of("on_error", on_error)?;
        }
        if let Some(on_quality) = options.on_quality {
            self.on_quality = one_of("on_quality", on_quality)?;
        }
        if options.reject_limit.is_some() {
            self.reject_limit = options.reject_limit.filter(|limit| *limit != 0);
        }
        if options.reject_ratio.is_some() {
            self.reject_ratio = options.reject_ratio.filter(|ratio| *ratio != 1.0);
        }
        Limits::new(self.reject_limit, self.reject_ratio).map_err(|error| load_error(&error))?;
        if let Some(batch_rows) = options.batch_rows.map(i64::from) {
            if !(1..=MAX_BATCH_ROWS).contains(&batch_rows) {
                return Err(invalid(format!("batch_rows {batch_rows} is out of range"))
                    .hint(format!("Give a number from 1 to {MAX_BATCH_ROWS}.")));
            }
            self.batch_rows = batch_rows;
        }
        if let Some(formats) = &options.formats {
            self.formats = read_formats(session, formats)?;
        }
        formats::by_column(columns, &self.formats)?;
        Ok(self)
    }

    /// The first arguments of `tables::ADD_STREAM` and `tables::ALTER_STREAM`, in their order.
    pub fn to_args(&self, session: &Session) -> Vec<Arg> {
        let (columns, texts): (Vec<String>, Vec<String>) = self.formats.iter().cloned().unzip();
        let query = "SELECT nullif(json_object($1, $2)::text, '{}')";
        let args = [columns.into(), texts.into()];
        let formats: Option<String> =
            on_safe_path(|| session.run(query, &args, Snapshot::Latest)).get(0, 1);
        vec![
            expressions::to_json(session, &self.checks).into(),
            expressions::to_json(session, &self.quality).into(),
            self.on_error.as_str().into(),
            self.on_quality.as_str().into(),
            self.reject_limit.into(),
            self.reject_ratio.into(),
            (self.batch_rows as i32).into(),
            formats.into(),
        ]
    }
}

fn one_of(option: &str, value: &str) -> Result<OnError, Raise> {
    value.parse().map_err(|_: termstream_core::load::Error| {
        invalid(format!("invalid value for {option}: \"{value}\""))
            .hint("The values are table, stop and ignore.")
    })
}

fn read_formats(session: &Session, formats: &str) -> Result<Vec<(String, String)>, Raise> {
    let query = "SELECT key, value FROM jsonb_each_text(
        CASE jsonb_typeof($1::jsonb) WHEN 'object' THEN $1::jsonb ELSE '{\"\": null}' END)";
    let rows = on_safe_path(|| session.run(query, &[formats.into()], Snapshot::Latest));
    (0..rows.len())
        .map(|row| {
            let column: String = rows.get(row, 1).unwrap_or_default();
            match rows.get::<String>(row, 2) {
                Some(format) => Ok((column, format)),
                None => Err(invalid(
                    "formats is not an object of columns and their formats".into(),
                )
                .hint("For example '{\"amount\": \"1.234,56\", \"sold_at\": \"DD/MM/YYYY\"}'.")),
            }
        })
        .collect()
}

fn invalid(message: String) -> Raise {
    Raise::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, message)
}
