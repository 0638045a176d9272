//! `load_file`, in two forms: `header` is a word (`match`) or a boolean.

use pgrx::AnyArray;
use pgrx::pg_sys;
use pgrx::prelude::*;
use std::time::Duration;

use crate::pg::argument::{self, given, names};
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::procedure::with_transactions;
use crate::pg::rows::{Returned, single};
use crate::stream::{self, FileOptions};

#[pg_extern(sql = r#"
CREATE PROCEDURE termstream.load_file(stream text, path text, format text DEFAULT 'csv',
        header text DEFAULT NULL,
        delimiter text DEFAULT NULL, quote text DEFAULT NULL, escape text DEFAULT NULL,
        null_string text DEFAULT NULL, columns name[] DEFAULT NULL, encoding text DEFAULT NULL,
        resume boolean DEFAULT true, parallel integer DEFAULT 1, notify interval DEFAULT NULL,
        INOUT load_id bigint DEFAULT NULL, INOUT read bigint DEFAULT NULL,
        INOUT taken bigint DEFAULT NULL, INOUT rejected bigint DEFAULT NULL,
        INOUT pairs bigint DEFAULT NULL, INOUT bytes bigint DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
#[allow(clippy::too_many_arguments)] // Users pass them by name.
fn load_file_v0_2(
    stream: Option<&str>,
    path: Option<&str>,
    format: Option<&str>,
    header: Option<&str>,
    delimiter: Option<&str>,
    quote: Option<&str>,
    escape: Option<&str>,
    null_string: Option<&str>,
    columns: Option<AnyArray>,
    encoding: Option<&str>,
    resume: Option<bool>,
    parallel: Option<i32>,
    notify: Option<Interval>,
    _load_id: Option<i64>,
    _read: Option<i64>,
    _taken: Option<i64>,
    _rejected: Option<i64>,
    _pairs: Option<i64>,
    _bytes: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let options = FileOptions {
        format: given("format", format)?.parse().map_err(Raise::from)?,
        header: header.map(str::parse).transpose().map_err(Raise::from)?,
        delimiter: delimiter.map(str::to_owned),
        quote: quote.map(str::to_owned),
        escape: escape.map(str::to_owned),
        null: null_string.map(str::to_owned),
        columns: columns.map(listed).transpose()?,
        encoding: encoding.map(str::to_owned),
        resume: given("resume", resume)?,
        parallel: given("parallel", parallel)?,
        notify: notify.map(duration).transpose()?,
    };
    call(
        given("stream", stream)?,
        given("path", path)?,
        &options,
        fcinfo,
    )
}

#[pg_extern(sql = r#"
CREATE PROCEDURE termstream.load_file(stream text, path text, header boolean,
        format text DEFAULT 'csv',
        delimiter text DEFAULT NULL, quote text DEFAULT NULL, escape text DEFAULT NULL,
        null_string text DEFAULT NULL, columns name[] DEFAULT NULL, encoding text DEFAULT NULL,
        resume boolean DEFAULT true, parallel integer DEFAULT 1, notify interval DEFAULT NULL,
        INOUT load_id bigint DEFAULT NULL, INOUT read bigint DEFAULT NULL,
        INOUT taken bigint DEFAULT NULL, INOUT rejected bigint DEFAULT NULL,
        INOUT pairs bigint DEFAULT NULL, INOUT bytes bigint DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
#[allow(clippy::too_many_arguments)] // Users pass them by name.
fn load_file_with_header_v0_2(
    stream: Option<&str>,
    path: Option<&str>,
    header: Option<bool>,
    format: Option<&str>,
    delimiter: Option<&str>,
    quote: Option<&str>,
    escape: Option<&str>,
    null_string: Option<&str>,
    columns: Option<AnyArray>,
    encoding: Option<&str>,
    resume: Option<bool>,
    parallel: Option<i32>,
    notify: Option<Interval>,
    _load_id: Option<i64>,
    _read: Option<i64>,
    _taken: Option<i64>,
    _rejected: Option<i64>,
    _pairs: Option<i64>,
    _bytes: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    let header = match given("header", header)? {
        true => "true",
        false => "false",
    };
    load_file_v0_2(
        stream,
        path,
        format,
        Some(header),
        delimiter,
        quote,
        escape,
        null_string,
        columns,
        encoding,
        resume,
        parallel,
        notify,
        None,
        None,
        None,
        None,
        None,
        None,
        fcinfo,
    )
}

fn listed(columns: AnyArray) -> Result<Vec<String>, Raise> {
    names(columns.datum())
        .into_iter()
        .map(|name| given("columns", name))
        .collect()
}

fn duration(interval: Interval) -> Result<Duration, Raise> {
    let micros = u64::try_from(interval.as_micros())
        .ok()
        .filter(|micros| *micros > 0);
    micros.map(Duration::from_micros).ok_or_else(|| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            "notify must be greater than zero",
        )
        .hint("Give the time between two notices, for example '10 s'.")
    })
}

fn call(
    stream: &str,
    path: &str,
    options: &FileOptions,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    // Copied: the arguments live in memory that a commit inside may free.
    let (stream, path) = (stream.to_owned(), path.to_owned());
    let done = with_transactions(fcinfo, "load_file", |transactions| {
        stream::load_file(transactions, &stream, &path, options)
    })?;
    let counts = done.counts;
    let number = |count: u64| (count as i64).into_datum();
    Ok(single(
        fcinfo,
        [
            done.load_id.into_datum(),
            number(counts.read),
            number(counts.taken),
            number(counts.rejected),
            number(counts.pairs),
            number(counts.bytes),
        ],
    ))
}
