//! The C symbols of version 0.1 whose functions now take other arguments. Until ALTER EXTENSION … UPDATE is
//! run, the catalog still has the functions of version 0.1, which call these symbols of the new library.
//! They raise an error, since they would read arguments that were not given.
//!
//! The symbol of a function with new arguments has the version that introduced them: `create_lexicon_v0_2`.

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

/// `create_lexicon` of version 0.1, which had the owner of the lexicon among its arguments.
#[pg_extern(sql = false)]
fn create_lexicon(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// `create_match_stream` of version 0.1, which had eight arguments.
#[pg_extern(sql = false)]
fn create_match_stream(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// `drop_stream` of version 0.1, which had one argument.
#[pg_extern(sql = false)]
fn drop_stream(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// `note_rejects` of version 0.1, which had six arguments.
#[pg_extern(sql = false)]
fn note_rejects(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// `load_file` of version 0.1, which had ten arguments and returned six columns.
#[pg_extern(sql = false)]
fn load_file(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}

/// `load_file` of version 0.1 with a text as header, which had ten arguments and returned six columns.
#[pg_extern(sql = false)]
fn load_file_with_header(_fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    Err(outdated())
}
