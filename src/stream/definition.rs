//! What a stream is: its columns, its statement, what happens to bad rows.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CString;

use crate::load::OnError;
use crate::pg::catalog::{owner, qualified_name};
use crate::pg::definition::{Column, parse_columns};
use crate::pg::error::Raise;
use crate::pg::session::{Mode, Saved, Session};

/// A stream's row in `termstream.stream`.
pub struct Definition {
    pub stream: pg_sys::Oid,
    /// The stream's name for messages and SQL, qualified.
    pub name: String,
    /// The role that owns the stream: its statement runs with that role's rights.
    pub owner: pg_sys::Oid,
    pub columns: Vec<Column>,
    pub statement: String,
    pub search_path: CString,
    /// The rejects table for SQL, qualified.
    pub rejects: String,
    pub on_error: OnError,
    pub batch_rows: usize,
}

const READ: &str = "
SELECT columns, statement, search_path, rejects::pg_catalog.oid, on_error, batch_rows
  FROM termstream.stream WHERE stream = $1";

thread_local! {
    static READ_DEFINITION: Saved = const { Saved::new(READ, &[pg_sys::OIDOID]) };
}

impl Definition {
    /// Reads the definition of the stream behind a view.
    pub fn read(session: &Session, stream: pg_sys::Oid) -> Result<Definition, Raise> {
        let row = READ_DEFINITION.with(|read| read.run(session, &[stream.into()], Mode::Write));
        let name = qualified_name(stream);
        let (Some(name), Some(owner), Some(columns)) =
            (name, owner(stream), row.get::<String>(0, 1))
        else {
            return Err(not_a_stream(&stream.to_u32().to_string()));
        };
        let rejects_table = row.get::<pg_sys::Oid>(0, 4).and_then(qualified_name);
        let Some(rejects) = rejects_table else {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
                format!("the rejects table of stream {name} was dropped"),
            )
            .hint("Drop the stream with termstream.drop_stream and create it anew."));
        };
        Ok(Definition {
            stream,
            name,
            owner,
            columns: parse_columns(&columns),
            statement: row.get(0, 2).unwrap_or_default(),
            search_path: CString::new(row.get::<String>(0, 3).unwrap_or_default())
                .unwrap_or_default(),
            rejects,
            on_error: row
                .get::<String>(0, 5)
                .and_then(|option| option.parse().ok())
                .unwrap_or(OnError::Table),
            batch_rows: row.get::<i32>(0, 6).map_or(1, |rows| rows.max(1) as usize),
        })
    }
}

/// The error for a relation that is no stream, naming those that are.
pub fn not_a_stream(name: &str) -> Raise {
    let known = crate::pg::session::connect(|session| {
        let rows = session.run(
            "SELECT stream::pg_catalog.text FROM termstream.stream ORDER BY 1 LIMIT 20",
            &[],
            Mode::Read,
        );
        (0..rows.len())
            .filter_map(|row| rows.get::<String>(row, 1))
            .collect::<Vec<_>>()
    });
    let hint = if known.is_empty() {
        "There is none yet: make one with termstream.create_match_stream.".to_owned()
    } else {
        format!("Known streams: {}.", known.join(", "))
    };
    Raise::new(
        PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        format!("stream \"{name}\" does not exist"),
    )
    .hint(hint)
}
