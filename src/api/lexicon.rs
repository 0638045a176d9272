//! Creating, refreshing and dropping lexicons, and the trigger that records changes of their sources.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CStr;

use crate::lexicons::{self, changes, ddl, learning, tuning};
use crate::pg::argument::{self, given};
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::rows::{self, Returned};
use crate::pg::trigger::TriggerCall;

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.create_lexicon(lexicon text, source regclass,
        id_column name DEFAULT 'term_id', term_column name DEFAULT 'term',
        max_distance integer DEFAULT NULL, whole_words boolean DEFAULT true,
        overlap text DEFAULT 'longest', common_words text DEFAULT 'english',
        learn_from text DEFAULT NULL, guard_column name DEFAULT NULL,
        distance_column name DEFAULT NULL) RETURNS bigint
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#, requires = ["types"])]
#[allow(clippy::too_many_arguments)] // Users pass them by name.
fn create_lexicon_v0_2(
    lexicon: Option<&str>,
    source: Option<pg_sys::Oid>,
    id_column: Option<&CStr>,
    term_column: Option<&CStr>,
    max_distance: Option<i32>,
    whole_words: Option<bool>,
    overlap: Option<&str>,
    common_words: Option<&str>,
    learn_from: Option<&str>,
    guard_column: Option<&CStr>,
    distance_column: Option<&CStr>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<i64, ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let name = |column: Option<&CStr>| column.map(|name| name.to_string_lossy().into_owned());
    let (guard_column, distance_column) = (name(guard_column), name(distance_column));
    let request = ddl::NewLexicon {
        lexicon: given("lexicon", lexicon)?,
        source: given("source", source)?,
        id_column: &given("id_column", id_column)?.to_string_lossy(),
        term_column: &given("term_column", term_column)?.to_string_lossy(),
        max_distance,
        whole_words: given("whole_words", whole_words)?,
        overlap: given("overlap", overlap)?,
        common_words: given("common_words", common_words)?,
        learn_from,
        guard_column: guard_column.as_deref(),
        distance_column: distance_column.as_deref(),
    };
    Ok(ddl::create(&request)? as i64)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.drop_lexicon(lexicon text) RETURNS void
    VOLATILE STRICT PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn drop_lexicon(lexicon: &str, fcinfo: pg_sys::FunctionCallInfo) -> Result<(), ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    Ok(ddl::drop(lexicon)?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.refresh_lexicon(lexicon text) RETURNS bigint
    VOLATILE STRICT PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn refresh_lexicon(lexicon: &str, fcinfo: pg_sys::FunctionCallInfo) -> Result<i64, ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    Ok(ddl::refresh(lexicon)? as i64)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.note_change() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn note_change(fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    let call = TriggerCall::new(fcinfo);
    for lexicon in call.arguments() {
        changes::on_trigger(&call, &lexicon);
    }
    Ok(Returned(Some(call.unchanged())))
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.lexicon_report(lexicon text, OUT terms bigint, OUT skipped bigint,
        OUT skipped_ids bigint[], OUT bytes bigint, OUT state text)
    -- UNSAFE: begins a subtransaction, so that one lexicon that raises an error does not hide the others.
    STABLE STRICT PARALLEL UNSAFE COST 1000
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn lexicon_report(lexicon: &str, fcinfo: pg_sys::FunctionCallInfo) -> Returned {
    let cells = match lexicons::report(lexicon) {
        Ok(form) => [
            (form.lexicon.terms() as i64).into_datum(),
            (form.lexicon.skipped() as i64).into_datum(),
            form.lexicon.skipped_ids().to_vec().into_datum(),
            (form.lexicon.size() as i64).into_datum(),
            "ready".into_datum(),
        ],
        // A view over all lexicons must not fail because of one that is broken or may not be read.
        Err(raise) => [None, None, None, None, raise.message.into_datum()],
    };
    rows::single(fcinfo, cells)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.learn(lexicon text, query text, OUT documents bigint, OUT words bigint)
    VOLATILE STRICT PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn learn(
    lexicon: &str,
    query: &str,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let learned = learning::learn(lexicon, query)?;
    Ok(rows::single(
        fcinfo,
        [learned.documents.into_datum(), learned.words.into_datum()],
    ))
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.tune_lexicon(lexicon text, labelled text, OUT max_distance integer,
        OUT common_words boolean, OUT learned boolean, OUT "precision" real, OUT recall real,
        OUT f1 real, OUT found bigint, OUT correct bigint, OUT labels bigint) RETURNS SETOF record
    STABLE STRICT PARALLEL UNSAFE COST 100000 ROWS 10
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn tune_lexicon(
    lexicon: &str,
    labelled: &str,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    argument::check_memory(fcinfo).map_err(Raise::from)?;
    let measured = tuning::tune(lexicon, labelled)?;
    let mut set = rows::RowSet::open(fcinfo);
    for one in measured {
        set.push([
            i32::from(one.max_distance).into_datum(),
            one.common_words.into_datum(),
            one.learned.into_datum(),
            (one.precision() as f32).into_datum(),
            (one.recall() as f32).into_datum(),
            (one.f1() as f32).into_datum(),
            (one.found as i64).into_datum(),
            (one.correct as i64).into_datum(),
            (one.labelled as i64).into_datum(),
        ]);
    }
    Ok(Returned::SET)
}
