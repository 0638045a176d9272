//! How the file is written, in COPY's words, and how it is to be loaded.

use pgrx::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::pg::column::Column;
use crate::pg::error::Raise;
use termstream_core::record::{self, Field, Format, Header, Record};

/// The most workers of one load: more than a server has processors for.
const MAX_PARALLEL: i32 = 64;

/// The options of `load_file`. What is `None` has COPY's default.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileOptions {
    pub format: Format,
    /// `None` is `true` for CSV, else `false`.
    pub header: Option<Header>,
    pub delimiter: Option<String>,
    pub quote: Option<String>,
    pub escape: Option<String>,
    pub null: Option<String>,
    /// The stream's columns that the file has, in its order; `None` is all.
    pub columns: Option<Vec<String>>,
    /// `None` is UTF-8.
    pub encoding: Option<String>,
    /// Go on after what an earlier load of the file has committed.
    #[serde(skip)]
    pub resume: bool,
    /// How many processes load it; with more than one they are background workers.
    #[serde(skip)]
    pub parallel: i32,
    /// How often a notice tells how far it is.
    #[serde(skip)]
    pub notify: Option<Duration>,
}

impl FileOptions {
    /// How [`termstream_core::load::Row::line`] writes a row of which these columns are given.
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

    pub fn header(&self) -> Header {
        self.header.unwrap_or(match self.format {
            Format::Csv => Header::Yes,
            Format::Text | Format::JsonLines => Header::No,
        })
    }

    /// The stream's columns that the file has, in the file's order, and for each column of the stream
    /// where its value is.
    pub fn in_file(&self, columns: &[Column]) -> Result<(Vec<Column>, Vec<Value>), Raise> {
        let Some(names) = &self.columns else {
            let all = (0..columns.len()).map(Value::Field);
            return Ok((columns.to_vec(), all.collect()));
        };
        let mut found: Vec<Column> = Vec::new();
        for name in names {
            let Some(column) = columns.iter().find(|column| column.name == *name) else {
                let known: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
                    format!("columns: the stream has no column \"{name}\""),
                )
                .hint(format!("Its columns are: {}.", known.join(", "))));
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

    /// How a line is written, for the rejects: `None` where it is CSV of all the stream's columns. They
    /// are kept decoded, so that the encoding is no part of it.
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

    /// For the parser; `columns` are those of the file.
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

/// Where a column of the stream has its value.
#[derive(Clone, Copy)]
pub enum Value {
    /// In this field of the record.
    Field(usize),
    /// The file does not have the column: its default.
    LeftOut,
    /// Nor has the column a default.
    Null,
}

impl Value {
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
                .hint("If an empty file is right, call load_file with header => false."),
            OutOfMemory => termstream_core::bounds::OutOfMemory.into(),
            InvalidFormat { .. } => raise(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE)
                .hint("Valid formats are csv, text and jsonl; what is compressed by gzip or zstd is read as it is."),
            _ => raise(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE),
        }
    }
}
