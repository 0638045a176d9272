//! Making and dropping streams, and their triggers.

use pgrx::AnyArray;
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::lexicon::given;
use crate::pg::catalog::names;
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::rows::Returned;
use crate::pg::trigger::TriggerCall;
use crate::stream::{self, catalog};

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.create_match_stream(stream text, columns text, lexicon text, key text,
        text_columns name[], pairs text, on_error text DEFAULT 'table',
        batch_rows integer DEFAULT 5000) RETURNS void
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
#[allow(clippy::too_many_arguments)] // They are the user's, by name.
fn create_match_stream(
    stream: Option<&str>,
    columns: Option<&str>,
    lexicon: Option<&str>,
    key: Option<&str>,
    text_columns: Option<AnyArray>,
    pairs: Option<&str>,
    on_error: Option<&str>,
    batch_rows: Option<i32>,
) -> Result<(), ErrorReport> {
    let text_columns = names(given("text_columns", text_columns)?.datum())
        .into_iter()
        .map(|name| given("text_columns", name))
        .collect::<Result<Vec<String>, Raise>>()?;
    Ok(catalog::create_match_stream(&catalog::NewMatchStream {
        stream: given("stream", stream)?,
        columns: given("columns", columns)?,
        lexicon: given("lexicon", lexicon)?,
        key: given("key", key)?,
        text_columns,
        pairs: given("pairs", pairs)?,
        on_error: given("on_error", on_error)?,
        batch_rows: given("batch_rows", batch_rows)?,
    })?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.drop_stream(stream text) RETURNS void
    VOLATILE STRICT PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn drop_stream(stream: &str) -> Result<(), ErrorReport> {
    Ok(catalog::drop_stream(stream)?)
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
