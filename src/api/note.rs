//! The SQL surface for feeders: rows that never were rows.

use pgrx::prelude::*;

use crate::pg::error::{ErrorReport, Raise};
use crate::stream::{self, Note};

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.note_rejects(stream text, source text, lines bigint[], rows bytea[],
        errorcodes text[], messages text[]) RETURNS bigint
    VOLATILE STRICT PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn note_rejects(
    stream: &str,
    source: &str,
    lines: Array<'_, i64>,
    rows: Array<'_, &[u8]>,
    errorcodes: Array<'_, &str>,
    messages: Array<'_, &str>,
) -> Result<i64, ErrorReport> {
    let several = [rows.len(), errorcodes.len(), messages.len()];
    if several.iter().any(|length| *length != lines.len()) {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_ARRAY_ELEMENT_ERROR,
            "lines, rows, errorcodes and messages are not equally long",
        )
        .into());
    }
    let notes: Vec<Note> = lines
        .iter()
        .zip(rows.iter())
        .zip(errorcodes.iter().zip(messages.iter()))
        .map(|((line, raw), (sqlstate, message))| Note {
            line: line.unwrap_or(0),
            raw: raw.unwrap_or_default(),
            sqlstate: sqlstate.unwrap_or_default(),
            message: message.unwrap_or_default(),
        })
        .collect();
    Ok(stream::note_rejects(stream, source, &notes)?)
}
