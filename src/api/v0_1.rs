//! The C symbols of version 0.1 whose functions take other arguments now. Its SQL is still there until ALTER
//! EXTENSION … UPDATE is run: the library is new, the catalog is not, and the functions would read arguments
//! that nobody gave. So they raise an error.
//!
//! The function that takes the new arguments has the version that brought them in its symbol:
//! `create_lexicon_v0_2`.

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

/// Had the owner of the lexicon among its arguments.
#[pg_extern(sql = false)]
fn create_lexicon(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// Had eight arguments.
#[pg_extern(sql = false)]
fn create_match_stream(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// Had one argument.
#[pg_extern(sql = false)]
fn drop_stream(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// Had six arguments.
#[pg_extern(sql = false)]
fn note_rejects(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// Had ten arguments, and returned six columns.
#[pg_extern(sql = false)]
fn load_file(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// Had ten arguments, of which "header" is text, and returned six columns.
#[pg_extern(sql = false)]
fn load_file_with_header(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}
