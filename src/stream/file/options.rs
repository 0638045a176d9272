//! The options of `load_file`: the format of the file, named as in COPY, and how it is loaded.

use pgrx::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::pg::column::Column;
use crate::pg::error::Raise;
use termstream_core::record::{self, Field, Format, Header, Record};

/// The largest number of workers of one load.
const MAX_PARALLEL: i32 = 64;

/// The options of `load_file`; `None` stands for COPY's default.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileOptions {
    pub format: Format,
    /// Whether the file has a header; `None` stands for `true` with CSV, otherwise `false`.
    pub header: Option<Header>,
    pub delimiter: Option<String>,
    pub quote: Option<String>,
    pub escape: Option<String>,
    pub null: Option<String>,
    /// The stream's columns that the file has, in the order of the file; `None` stands for all.
    pub columns: Option<Vec<String>>,
    /// The encoding of the file; `None` stands for UTF-8.
    pub encoding: Option<String>,
    /// Whether to go on after what an earlier load of the file has committed.
    #[serde(skip)]
    pub resume: bool,
    /// The number of processes that load the file; if more than one, they are background workers.
    #[serde(skip)]
    pub parallel: i32,
    /// The time between two notices about the progress.
    #[serde(skip)]
    pub notify: Option<Duration>,
}

impl FileOptions {
    /// The format in which [`termstream_core::load::Row::line`] writes a row that has only these columns.
    pub fn of_given(columns: Vec<String>) -> FileOptions {
        let is_empty = columns.is_empty();
        FileOptions {
            format: if is_empty {
                Format::JsonLines
            } else {
                Format::Csv
            },
            columns: (!is_empty).then_some(columns),
            ..FileOptions::default()
        }
    }

    /// Checks that `parallel` is in range.
    pub fn check(&self) -> Result<(), Raise> {
        if (1..=MAX_PARALLEL).contains(&self.parallel) {
            return Ok(());
        }
        Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!(
                "parallel must be between 1 and {MAX_PARALLEL}, not {}",
                self.parallel
            ),
        )
        .hint("Give the number of processors that the load may use."))
    }

    /// Whether the file has a header, with the default resolved.
    pub fn header(&self) -> Header {
        self.header.unwrap_or(match self.format {
            Format::Csv => Header::Yes,
            Format::Text | Format::JsonLines => Header::No,
        })
    }

    /// The columns of the file, in their order, and for each column of the stream where its value is.
    pub fn in_file(&self, columns: &[Column]) -> Result<(Vec<Column>, Vec<Value>), Raise> {
        let Some(names) = &self.columns else {
            let all = (0..columns.len()).map(Value::Field);
            return Ok((columns.to_vec(), all.collect()));
        };
        let mut found: Vec<Column> = Vec::new();
        for name in names {
            let Some(column) = columns.iter().find(|column| column.name == *name) else {
                let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
                    format!("columns: the stream has no column \"{name}\""),
                )
                .hint(format!("Its columns are: {}.", names.join(", "))));
            };
            if found.iter().any(|column| column.name == *name) {
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_DUPLICATE_COLUMN,
                    format!("columns: column \"{name}\" is named twice"),
                ));
            }
            found.push(column.clone());
        }
        let fields = columns
            .iter()
            .map(
                |column| match found.iter().position(|one| one.name == column.name) {
                    Some(field) => Value::Field(field),
                    None if column.default.is_some() => Value::LeftOut,
                    None => Value::Null,
                },
            )
            .collect();
        Ok((found, fields))
    }

    /// The format of lines, as JSON, for rejects; `None` if it is CSV of all the stream's columns. It does
    /// not include the encoding, since rejects are stored decoded.
    pub fn line_format(&self) -> Option<String> {
        let written = [
            ("delimiter", &self.delimiter),
            ("quote", &self.quote),
            ("escape", &self.escape),
            ("null", &self.null),
        ];
        let mut format = serde_json::Map::new();
        for (name, value) in written {
            if let Some(value) = value {
                format.insert(name.to_owned(), value.as_str().into());
            }
        }
        if let Some(columns) = &self.columns {
            format.insert("columns".to_owned(), columns.as_slice().into());
        }
        if format.is_empty() && self.format == Format::Csv {
            return None;
        }
        format.insert("format".to_owned(), self.format.as_str().into());
        Some(serde_json::Value::Object(format).to_string())
    }

    /// The options of the parser. `columns` are those of the file.
    pub fn record(&self, columns: &[Column]) -> Result<record::Options, record::Error> {
        let names = columns.iter().map(|column| column.name.clone()).collect();
        let has_default = columns.iter().map(|column| column.default.is_some());
        let mut options = record::Options::new(self.format, names)?.defaults(has_default);
        if let Some(delimiter) = &self.delimiter {
            options = options.delimiter(delimiter)?;
        }
        if let Some(quote) = &self.quote {
            options = options.quote(quote)?;
        }
        if let Some(escape) = &self.escape {
            options = options.escape(escape)?;
        }
        if let Some(null) = &self.null {
            options = options.null(null)?;
        }
        Ok(options)
    }
}

/// Where the value of a column of the stream comes from.
#[derive(Clone, Copy)]
pub enum Value {
    /// From this field of the record.
    Field(usize),
    /// From the column's default, since the file does not have the column.
    LeftOut,
    /// It is NULL, since the file does not have the column, and the column has no default.
    Null,
}

impl Value {
    /// The value in a record.
    pub fn of<'r>(self, record: &Record<'r>) -> Field<'r> {
        match self {
            Value::Field(field) => record.field(field),
            Value::LeftOut => Field::LeftOut,
            Value::Null => Field::Null,
        }
    }
}

impl From<record::Error> for Raise {
    fn from(error: record::Error) -> Raise {
        use record::Error::*;
        let raise = |code| Raise::new(code, error.to_string());
        match &error {
            HeaderName { .. }
            | HeaderTooShort { .. }
            | HeaderTooLong { .. }
            | HeaderMalformed(_) => raise(PgSqlErrorCode::ERRCODE_BAD_COPY_FILE_FORMAT)
                .hint("The header names the stream's columns, in their order."),
            HeaderMissing => raise(PgSqlErrorCode::ERRCODE_BAD_COPY_FILE_FORMAT)
                .hint("If the file may be empty, call load_file with header => false."),
            OutOfMemory => termstream_core::bounds::OutOfMemory.into(),
            InvalidFormat { .. } => raise(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE)
                .hint("Valid formats are csv, text and jsonl; files compressed by gzip or zstd need no option."),
            _ => raise(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE),
        }
    }
}
