//! What a stream is: its columns, its statement, what happens to bad rows.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CString;

use super::expressions::Condition;
use super::formats::{self, Format};
use crate::load::{Limits, OnError};
use crate::pg::catalog::{lock_for_insert, owner, qualified_name};
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
    pub limits: Limits,
    pub batch_rows: usize,
    /// What each row must fulfil.
    pub checks: Vec<Condition>,
    /// What the batch must fulfil as a whole.
    pub quality: Vec<Condition>,
    pub on_quality: OnError,
    /// For each column how its values are written, if not as SQL writes them.
    pub formats: Vec<Option<Format>>,
}

const READ: &str = "
SELECT columns, statement, search_path, rejects::pg_catalog.oid, on_error, batch_rows,
       reject_limit, reject_ratio, on_quality,
       ARRAY(SELECT key FROM json_each_text(check_rows)),
       ARRAY(SELECT value FROM json_each_text(check_rows)),
       ARRAY(SELECT key FROM json_each_text(quality_check)),
       ARRAY(SELECT value FROM json_each_text(quality_check)),
       ARRAY(SELECT key FROM jsonb_each_text(formats)),
       ARRAY(SELECT value FROM jsonb_each_text(formats))
  FROM termstream.stream WHERE stream = $1";

thread_local! {
    static READ_DEFINITION: Saved = const { Saved::new(READ, &[pg_sys::OIDOID]) };
}

impl Definition {
    /// What stands for the point of a JSON number in each of these columns, where it is another one.
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

    /// Reads the definition of the stream behind a view. Whoever would change or drop it waits from now
    /// on until the transaction ends, as for a table that rows go into.
    pub fn read(session: &Session, stream: pg_sys::Oid) -> Result<Definition, Raise> {
        lock_for_insert(stream);
        let row = READ_DEFINITION.with(|read| read.run(session, &[stream.into()], Mode::Write));
        let name = qualified_name(stream);
        let (Some(name), Some(owner), Some(columns)) =
            (name, owner(stream), row.get::<String>(0, 1))
        else {
            let name = qualified_name(stream);
            return Err(not_a_stream(
                &name.unwrap_or_else(|| stream.to_u32().to_string()),
            ));
        };
        let rejects_table = row.get::<pg_sys::Oid>(0, 4).and_then(qualified_name);
        let Some(rejects) = rejects_table else {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
                format!("the rejects table of stream {name} was dropped"),
            )
            .hint("Drop the stream with termstream.drop_stream and create it anew."));
        };
        let columns = parse_columns(&columns);
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
        Ok(Definition {
            stream,
            name,
            owner,
            formats: formats::by_column(&columns, &pairs(14, 15))?,
            columns,
            statement: row.get(0, 2).unwrap_or_default(),
            search_path: CString::new(row.get::<String>(0, 3).unwrap_or_default())
                .unwrap_or_default(),
            rejects,
            on_error: option(5),
            limits: Limits::new(row.get(0, 7), row.get(0, 8)).unwrap_or_default(),
            checks: conditions(10, 11),
            quality: conditions(12, 13),
            on_quality: option(9),
            batch_rows: row.get::<i32>(0, 6).map_or(1, |rows| rows.max(1) as usize),
        })
    }
}

/// The error for a relation that is no stream, naming those that are.
pub fn not_a_stream(name: &str) -> Raise {
    let known = crate::pg::session::connect(|session| {
        let rows = session.run(
            "SELECT stream::pg_catalog.text FROM termstream.stream s
              WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) s.stream::pg_catalog.oid)
              ORDER BY 1 LIMIT 20",
            &[],
            Mode::Read,
        );
        (0..rows.len())
            .filter_map(|row| rows.get::<String>(row, 1))
            .collect::<Vec<_>>()
    });
    let hint = if known.is_empty() {
        "There is none yet: make one with termstream.create_match_stream or create_stream."
            .to_owned()
    } else {
        format!("Known streams: {}.", known.join(", "))
    };
    Raise::new(
        PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        format!("stream \"{name}\" does not exist"),
    )
    .hint(hint)
}
