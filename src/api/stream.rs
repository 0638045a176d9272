//! Creating, altering and dropping streams, and their triggers.

use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::{AnyArray, AnyElement};

use crate::pg::argument::{self, given, json_text, names};
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::rows::Returned;
use crate::pg::trigger::TriggerCall;
use crate::stream::match_stream::{self, NewMatchStream};
use crate::stream::{self, Options, ddl};

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.create_stream(stream text, columns text, statement text,
        on_error text DEFAULT 'table', batch_rows integer DEFAULT 5000, check_rows text DEFAULT NULL,
        reject_limit bigint DEFAULT NULL, reject_ratio double precision DEFAULT NULL,
        quality_check text DEFAULT NULL, on_quality text DEFAULT 'table', formats jsonb DEFAULT NULL)
    RETURNS void
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
#[allow(clippy::too_many_arguments)] // Users pass them by name.
fn create_stream(
    stream: Option<&str>,
    columns: Option<&str>,
    statement: Option<&str>,
    on_error: Option<&str>,
    batch_rows: Option<i32>,
    check_rows: Option<&str>,
    reject_limit: Option<i64>,
    reject_ratio: Option<f64>,
    quality_check: Option<&str>,
    on_quality: Option<&str>,
    formats: Option<AnyElement>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<(), ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let options = Options {
        check_rows,
        on_error: Some(given("on_error", on_error)?),
        reject_limit,
        reject_ratio,
        batch_rows: Some(given("batch_rows", batch_rows)?),
        quality_check,
        on_quality: Some(given("on_quality", on_quality)?),
        formats: formats.map(|formats| json_text(formats.datum())),
    };
    Ok(ddl::create_stream(
        given("stream", stream)?,
        given("columns", columns)?,
        given("statement", statement)?,
        &options,
    )?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.create_match_stream(stream text, columns text, lexicon text, key text,
        text_columns name[], pairs text, on_error text DEFAULT 'table',
        batch_rows integer DEFAULT 5000, check_rows text DEFAULT NULL, reject_limit bigint DEFAULT NULL,
        reject_ratio double precision DEFAULT NULL, quality_check text DEFAULT NULL,
        on_quality text DEFAULT 'table', formats jsonb DEFAULT NULL) RETURNS void
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
#[allow(clippy::too_many_arguments)] // Users pass them by name.
fn create_match_stream_v0_2(
    stream: Option<&str>,
    columns: Option<&str>,
    lexicon: Option<&str>,
    key: Option<&str>,
    text_columns: Option<AnyArray>,
    pairs: Option<&str>,
    on_error: Option<&str>,
    batch_rows: Option<i32>,
    check_rows: Option<&str>,
    reject_limit: Option<i64>,
    reject_ratio: Option<f64>,
    quality_check: Option<&str>,
    on_quality: Option<&str>,
    formats: Option<AnyElement>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<(), ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let text_columns = names(given("text_columns", text_columns)?.datum())
        .into_iter()
        .map(|name| given("text_columns", name))
        .collect::<Result<Vec<String>, Raise>>()?;
    let options = Options {
        check_rows,
        on_error: Some(given("on_error", on_error)?),
        reject_limit,
        reject_ratio,
        batch_rows: Some(given("batch_rows", batch_rows)?),
        quality_check,
        on_quality: Some(given("on_quality", on_quality)?),
        formats: formats.map(|formats| json_text(formats.datum())),
    };
    Ok(match_stream::create_match_stream(&NewMatchStream {
        stream: given("stream", stream)?,
        columns: given("columns", columns)?,
        lexicon: given("lexicon", lexicon)?,
        key: given("key", key)?,
        text_columns,
        pairs: given("pairs", pairs)?,
        options,
    })?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.alter_stream(stream text, statement text DEFAULT NULL,
        on_error text DEFAULT NULL, batch_rows integer DEFAULT NULL, check_rows text DEFAULT NULL,
        reject_limit bigint DEFAULT NULL, reject_ratio double precision DEFAULT NULL,
        quality_check text DEFAULT NULL, on_quality text DEFAULT NULL, formats jsonb DEFAULT NULL)
    RETURNS void
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
#[allow(clippy::too_many_arguments)] // Users pass them by name.
fn alter_stream(
    stream: Option<&str>,
    statement: Option<&str>,
    on_error: Option<&str>,
    batch_rows: Option<i32>,
    check_rows: Option<&str>,
    reject_limit: Option<i64>,
    reject_ratio: Option<f64>,
    quality_check: Option<&str>,
    on_quality: Option<&str>,
    formats: Option<AnyElement>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<(), ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let options = Options {
        check_rows,
        on_error,
        reject_limit,
        reject_ratio,
        batch_rows,
        quality_check,
        on_quality,
        formats: formats.map(|formats| json_text(formats.datum())),
    };
    Ok(ddl::alter_stream(
        given("stream", stream)?,
        statement,
        &options,
    )?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.drop_stream(stream text, keep_rejects boolean DEFAULT true) RETURNS void
    VOLATILE STRICT PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn drop_stream_v0_2(
    stream: &str,
    keep_rejects: bool,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<(), ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    Ok(ddl::drop_stream(stream, keep_rejects)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.take_rows() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn take_rows(fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    let row = stream::take(&TriggerCall::new(fcinfo))?;
    // A trigger returns a null pointer where it returns no row, never NULL.
    Ok(Returned(Some(row.unwrap_or(pg_sys::Datum::from(0)))))
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.takes_rows() RETURNS boolean
    -- STABLE: depends on session_replication_role.
    STABLE PARALLEL SAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
CREATE DOMAIN termstream.field AS text CHECK (termstream.takes_rows());
COMMENT ON DOMAIN termstream.field IS
    'a field of a row for a stream; an error in a session in which the triggers of the stream do not fire';
"#)]
fn takes_rows() -> Result<bool, ErrorReport> {
    stream::must_fire()?;
    Ok(true)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.left_out() RETURNS text
    -- STABLE: depends on a setting, and is drawn by each session; RESTRICTED: a worker would draw another one.
    STABLE PARALLEL RESTRICTED
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn left_out() -> Result<String, ErrorReport> {
    Ok(stream::mark()?)
}
