//! Formats of columns: how their values are written, if not as in SQL.

use pgrx::prelude::*;

use crate::pg::catalog::type_category;
use crate::pg::column::Column;
use crate::pg::error::Raise;
use termstream_core::load::{Error, NumberFormat, TimeFormat};

/// The format of one column.
#[derive(Debug, Clone)]
pub struct Format {
    /// The format as the user wrote it.
    pub text: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Number(NumberFormat),
    Time(TimeFormat),
}

impl Format {
    /// The value as written in SQL; `None` if it does not match the format.
    pub fn to_sql(&self, value: &str) -> Option<String> {
        match &self.kind {
            Kind::Number(format) => format.to_sql(value),
            Kind::Time(format) => format.to_iso(value),
        }
    }

    /// The decimal point of a number format; `None` for a time format.
    pub fn point(&self) -> Option<char> {
        match &self.kind {
            Kind::Number(format) => Some(format.point()),
            Kind::Time(_) => None,
        }
    }

    /// What a value of the format is called in an error.
    pub fn noun(&self) -> &'static str {
        match &self.kind {
            Kind::Number(_) => "number",
            Kind::Time(_) => "date or time",
        }
    }
}

/// The format of each column, if it has one. `formats` are pairs of a column and its format.
pub fn by_column(
    columns: &[Column],
    formats: &[(String, String)],
) -> Result<Vec<Option<Format>>, Raise> {
    for (name, _) in formats {
        if columns.iter().all(|column| column.name != *name) {
            let declared: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
                format!("formats: column \"{name}\" is not declared"),
            )
            .hint(format!(
                "The declared columns are: {}.",
                declared.join(", ")
            )));
        }
    }
    columns
        .iter()
        .map(|column| {
            let format = formats.iter().find(|(name, _)| *name == column.name);
            format.map(|(_, text)| for_column(column, text)).transpose()
        })
        .collect()
}

fn for_column(column: &Column, text: &str) -> Result<Format, Raise> {
    let kind = match type_category(column.type_oid) {
        'N' => Kind::Number(NumberFormat::new(text).map_err(invalid)?),
        'D' => Kind::Time(TimeFormat::new(text).map_err(invalid)?),
        _ => {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
                format!(
                    "formats: column \"{}\" is of type {}",
                    column.name,
                    column.type_name()
                ),
            )
            .hint("Only columns of numbers, dates and times can have a format."));
        }
    };
    Ok(Format {
        text: text.to_owned(),
        kind,
    })
}

fn invalid(error: Error) -> Raise {
    let raise = Raise::new(
        PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        format!("formats: {error}"),
    );
    match error {
        Error::InvalidNumberFormat { .. } => raise.hint(
            "Write 1234.56 as the input does, for example '1.234,56' or '1 234,56'.",
        ),
        _ => raise.hint(
            "Write a date or time with YYYY YY MM DD HH24 HH12 MI SS MS US AM, for example 'DD/MM/YYYY HH24:MI:SS'.",
        ),
    }
}
