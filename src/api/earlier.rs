//! Functions of earlier versions, whose SQL is still there until ALTER EXTENSION … UPDATE is run: the
//! library is new, the catalog is not. They would read arguments that nobody gave.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::pg::error::{ErrorReport, Raise};
use crate::pg::rows::Returned;

fn outdated() -> ErrorReport {
    Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "the extension termstream is of an earlier version than its library",
    )
    .hint("Run ALTER EXTENSION termstream UPDATE.")
    .into()
}

/// 0.1: the lexicon had an owner of its own.
#[pg_extern(sql = false)]
fn create_lexicon(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// 0.1: eight arguments.
#[pg_extern(sql = false)]
fn create_match_stream(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// 0.1: one argument.
#[pg_extern(sql = false)]
fn drop_stream(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// 0.1: six arguments.
#[pg_extern(sql = false)]
fn note_rejects(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// 0.1: ten arguments, and six for the answer.
#[pg_extern(sql = false)]
fn load_file(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// 0.1: the same.
#[pg_extern(sql = false)]
fn load_file_with_header(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}
