//! How the file is written, in COPY's words.

use pgrx::prelude::*;

use crate::pg::definition::Column;
use crate::pg::error::Raise;
use crate::record::{self, CsvOptions, Header};

/// The options of `load_file`. What is `None` has COPY's default.
pub struct FileOptions {
    pub format: String,
    pub header: Header,
    pub delimiter: Option<String>,
    pub quote: Option<String>,
    pub escape: Option<String>,
    pub null: Option<String>,
    /// The stream's columns that the file has, in its order; `None` is all.
    pub columns: Option<Vec<String>>,
    /// Go on after what an earlier load of the file has committed.
    pub resume: bool,
}

impl FileOptions {
    pub fn check_format(&self) -> Result<(), Raise> {
        if self.format == "csv" {
            return Ok(());
        }
        Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("format \"{}\" not recognized", self.format),
        )
        .hint("The only format is csv."))
    }

    /// The stream's columns that the file has, in the file's order, and for each column of the stream
    /// its field.
    pub fn in_file(&self, columns: &[Column]) -> Result<(Vec<Column>, Vec<Option<usize>>), Raise> {
        let Some(names) = &self.columns else {
            return Ok((columns.to_vec(), (0..columns.len()).map(Some).collect()));
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
            .map(|column| found.iter().position(|one| one.name == column.name))
            .collect();
        Ok((found, fields))
    }

    /// For the parser; `columns` are those of the file.
    pub fn csv(&self, columns: &[Column]) -> Result<CsvOptions, record::Error> {
        let names = columns.iter().map(|column| column.name.clone()).collect();
        let mut options = CsvOptions::new(names)?;
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
            _ => raise(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE),
        }
    }
}
