//! The SQL functions about rejects: adding them, writing where rows came from, and retrying them.

use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::{AnyArray, AnyElement};

use crate::pg::argument::{self, given, json_text, json_texts};
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::rows::{Returned, single};
use crate::stream::{self, Note, Notes, RowOrigins};

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.note_rejects(stream text, source text, lines bigint[], rows bytea[],
        errorcodes text[], messages text[], stage text DEFAULT 'parse', origins jsonb[] DEFAULT NULL,
        details text[] DEFAULT NULL, line_format jsonb DEFAULT NULL, load_id bigint DEFAULT NULL)
    RETURNS bigint
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
#[allow(clippy::too_many_arguments)] // Feeders pass them by name.
fn note_rejects_v0_2(
    stream: Option<&str>,
    source: Option<&str>,
    lines: Option<Array<'_, i64>>,
    rows: Option<Array<'_, &[u8]>>,
    errorcodes: Option<Array<'_, &str>>,
    messages: Option<Array<'_, &str>>,
    stage: Option<&str>,
    origins: Option<AnyArray>,
    details: Option<Array<'_, &str>>,
    line_format: Option<AnyElement>,
    load_id: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<i64, ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let rows = given("rows", rows)?;
    let lines = given("lines", lines)?;
    let codes = given("errorcodes", errorcodes)?;
    let messages = given("messages", messages)?;
    let origins = origins.map(|origins| json_texts(origins.datum()));
    let lengths = [
        Some(lines.len()),
        Some(codes.len()),
        Some(messages.len()),
        origins.as_ref().map(Vec::len),
        details.as_ref().map(Array::len),
    ];
    same_length(rows.len(), &lengths)?;
    let mut origins = origins.unwrap_or_default().into_iter();
    let mut details = details.iter().flat_map(Array::iter);
    let noted = lines
        .iter()
        .zip(rows.iter())
        .zip(codes.iter().zip(messages.iter()));
    let noted = noted
        .map(|((line, raw), (sqlstate, message))| Note {
            line,
            raw: raw.unwrap_or_default(),
            sqlstate: sqlstate.unwrap_or_default(),
            message: message.unwrap_or_default(),
            detail: details.next().flatten(),
            origin: origins.next().flatten(),
        })
        .collect();
    let notes = Notes {
        stream: given("stream", stream)?,
        source: given("source", source)?,
        stage: given("stage", stage)?,
        load_id,
        line_format: line_format.map(|format| json_text(format.datum())),
    };
    Ok(stream::note_rejects(&notes, noted)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.place_rejects(load_id bigint, sources text[], lines bigint[],
        origins jsonb[] DEFAULT NULL) RETURNS bigint
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn place_rejects(
    load_id: Option<i64>,
    sources: Option<Array<'_, &str>>,
    lines: Option<Array<'_, i64>>,
    origins: Option<AnyArray>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<i64, ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let sources = given("sources", sources)?;
    let lines = given("lines", lines)?;
    let origins = origins.map(|origins| json_texts(origins.datum()));
    same_length(
        lines.len(),
        &[Some(sources.len()), origins.as_ref().map(Vec::len)],
    )?;
    let origins = RowOrigins {
        sources: sources
            .iter()
            .map(|source| source.map(str::to_owned))
            .collect(),
        lines: lines.iter().collect(),
        origins: origins.unwrap_or_else(|| vec![None; lines.len()]),
    };
    Ok(stream::place_rejects(given("load_id", load_id)?, origins)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.retry_rejects(stream text, condition text DEFAULT NULL,
        INOUT load_id bigint DEFAULT NULL, OUT read bigint, OUT taken bigint, OUT rejected bigint)
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn retry_rejects(
    stream: Option<&str>,
    condition: Option<&str>,
    load_id: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let done = stream::retry_rejects(given("stream", stream)?, condition, load_id)?;
    let counts = [done.counts.read, done.counts.taken, done.counts.rejected];
    let [read, taken, rejected] = counts.map(|count| (count as i64).into_datum());
    Ok(single(
        fcinfo,
        [done.load_id.into_datum(), read, taken, rejected],
    ))
}

fn same_length(rows: usize, lengths: &[Option<usize>]) -> Result<(), Raise> {
    if lengths.iter().flatten().all(|length| *length == rows) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_ARRAY_ELEMENT_ERROR,
        "the arrays do not have the same length",
    )
    .hint("Give one element for each row in each array."))
}
