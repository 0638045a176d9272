//! The parts of `termstream.check()` that cannot be written in SQL.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::lexicons;
use crate::pg::rows::{self, Returned, RowSet};

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.lexicon_problem(lexicon text, OUT problem text, OUT hint text)
    -- UNSAFE: begins a subtransaction.
    STABLE STRICT PARALLEL UNSAFE COST 1000
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn lexicon_problem(lexicon: &str, fcinfo: pg_sys::FunctionCallInfo) -> Returned {
    let cells = match lexicons::problem(lexicon) {
        Some(raise) => [raise.message.into_datum(), raise.hint.into_datum()],
        None => [None, None],
    };
    rows::single(fcinfo, cells)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.stale_files(OUT path text, OUT reason text) RETURNS SETOF record
    STABLE PARALLEL RESTRICTED COST 10000 ROWS 1
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn stale_files(fcinfo: pg_sys::FunctionCallInfo) -> Returned {
    let mut set = RowSet::open(fcinfo);
    for file in lexicons::stale_files() {
        let path = file.path.display().to_string();
        set.push([path.into_datum(), file.reason.into_datum()]);
    }
    Returned::SET
}
