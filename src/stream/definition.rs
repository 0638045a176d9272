//! The definition of a stream: its columns, its statement, and what happens to bad rows.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CString;

use super::expressions::Condition;
use super::formats::{self, Format};
use crate::pg::catalog::{column_type, lock_for_insert, owner, qualified_name};
use crate::pg::column::{Column, parse_columns};
use crate::pg::error::Raise;
use crate::pg::session::{Rows, Snapshot};
use crate::tables;
use termstream_core::load::{Limits, OnError};

/// A stream's row in `termstream.stream`, checked and parsed.
pub struct StreamDefinition {
    pub stream: pg_sys::Oid,
    /// The stream's qualified name, for messages and SQL.
    pub name: String,
    /// The role that owns the stream: its statement runs with that role's rights.
    pub owner: pg_sys::Oid,
    pub columns: Vec<Column>,
    pub statement: String,
    pub search_path: CString,
    /// The qualified name of the rejects table, for SQL.
    pub rejects: String,
    pub rejects_table: pg_sys::Oid,
    /// Whether the column userid of the rejects table is of type regrole, as version 0.1.0 made it.
    pub rejects_have_oids: bool,
    pub on_error: OnError,
    pub limits: Limits,
    pub batch_rows: usize,
    /// The conditions that each row must satisfy.
    pub checks: Vec<Condition>,
    /// The conditions that a batch must satisfy as a whole.
    pub quality: Vec<Condition>,
    pub on_quality: OnError,
    /// For each column the format of its values; `None` if they are written as in SQL.
    pub formats: Vec<Option<Format>>,
}

impl StreamDefinition {
    /// For each of these columns, the character that replaces the decimal point of a JSON number, if the
    /// format of the column has another one.
    pub fn points(&self, columns: &[Column]) -> Vec<Option<char>> {
        let point = |column: &Column| {
            let number = self
                .columns
                .iter()
                .position(|one| one.name == column.name)?;
            self.formats.get(number)?.as_ref()?.point()
        };
        columns.iter().map(point).collect()
    }

    /// Reads the definition of the stream behind a view. Locks the view, as for an INSERT: sessions that
    /// would alter or drop it wait until the transaction ends.
    pub fn read(stream: pg_sys::Oid) -> Result<StreamDefinition, Raise> {
        lock_for_insert(stream);
        let stored = tables::STREAM.run(&[stream.into()], Stored::take);
        let name = qualified_name(stream);
        let (Some(name), Some(owner), Some(stored)) = (name, owner(stream), stored) else {
            let name = qualified_name(stream);
            return Err(not_a_stream(
                &name.unwrap_or_else(|| stream.to_u32().to_string()),
            ));
        };
        let rejects_table = stored.rejects;
        let Some(rejects) = qualified_name(rejects_table) else {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
                format!("the rejects table of stream {name} was dropped"),
            )
            .hint("Drop the stream with termstream.drop_stream and create it anew."));
        };
        let columns = parse_columns(&stored.columns);
        Ok(StreamDefinition {
            stream,
            name,
            owner,
            formats: formats::by_column(&columns, &stored.formats)?,
            columns,
            statement: stored.statement,
            search_path: stored.search_path,
            rejects,
            rejects_table,
            rejects_have_oids: column_type(rejects_table, "userid") == Some(pg_sys::REGROLEOID),
            on_error: stored.on_error,
            limits: stored.limits,
            checks: stored.checks,
            quality: stored.quality,
            on_quality: stored.on_quality,
            batch_rows: stored.batch_rows,
        })
    }
}

/// The row as stored. It is read with the rights of the extension's owner, so nothing in it is evaluated.
struct Stored {
    columns: String,
    statement: String,
    search_path: CString,
    rejects: pg_sys::Oid,
    on_error: OnError,
    batch_rows: usize,
    limits: Limits,
    on_quality: OnError,
    checks: Vec<Condition>,
    quality: Vec<Condition>,
    formats: Vec<(String, String)>,
}

impl Stored {
    fn take(row: &Rows) -> Option<Stored> {
        let pairs = |names, values| {
            let names = row.get::<Vec<String>>(0, names).unwrap_or_default();
            let values = row.get::<Vec<String>>(0, values).unwrap_or_default();
            names.into_iter().zip(values).collect::<Vec<_>>()
        };
        let conditions = |names, values| {
            pairs(names, values)
                .into_iter()
                .map(|(name, expression)| Condition { name, expression })
                .collect()
        };
        let option = |column| {
            row.get::<String>(0, column)
                .and_then(|option| option.parse().ok())
                .unwrap_or(OnError::Table)
        };
        let search_path: String = row.get(0, 3)?;
        Some(Stored {
            columns: row.get(0, 1)?,
            statement: row.get(0, 2)?,
            search_path: CString::new(search_path).unwrap_or_default(),
            rejects: row.get(0, 4)?,
            on_error: option(5),
            batch_rows: row.get::<i32>(0, 6).map_or(1, |rows| rows.max(1) as usize),
            limits: Limits::new(row.get(0, 7), row.get(0, 8)).unwrap_or_default(),
            on_quality: option(9),
            checks: conditions(10, 11),
            quality: conditions(12, 13),
            formats: pairs(14, 15),
        })
    }
}

/// The error for a name that is not a stream's. It lists the streams that exist.
pub fn not_a_stream(name: &str) -> Raise {
    let existing = crate::pg::session::connect(|session| {
        let rows = session.run(
            "SELECT stream::pg_catalog.text FROM termstream.streams ORDER BY 1 LIMIT 20",
            &[],
            Snapshot::Active,
        );
        (0..rows.len())
            .filter_map(|row| rows.get::<String>(row, 1))
            .collect::<Vec<_>>()
    });
    let hint = if existing.is_empty() {
        "There is none yet: make one with termstream.create_match_stream or create_stream."
            .to_owned()
    } else {
        format!("Known streams: {}.", existing.join(", "))
    };
    Raise::new(
        PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        format!("stream \"{name}\" does not exist"),
    )
    .hint(hint)
}
