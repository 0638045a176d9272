//! Counts of a document: its words, and how often it mentions each term of a lexicon.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::matching::{CallSite, Tally, document_text};
use crate::pg::argument;
use crate::pg::callsite::with_state;
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::interrupts::interrupts;
use crate::pg::rows::Returned;
use crate::pg::series::{Series, Value};
use termstream_core::text::Folded;

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.word_count(document text) RETURNS integer
    IMMUTABLE STRICT PARALLEL SAFE COST 20
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn word_count(fcinfo: pg_sys::FunctionCallInfo) -> Result<i32, ErrorReport> {
    let document = document_text(argument::bytes(fcinfo, 0))?;
    let words = with_state(fcinfo, |folded: &mut Folded| {
        folded.count_words(document, &interrupts())
    });
    Ok(words.map_err(Raise::from)? as i32)
}

/// What a call site of `count_terms` keeps from row to row.
#[derive(Default)]
struct Counting {
    site: CallSite,
    tally: Tally,
    counts: Series<2>,
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.count_terms(lexicon text, document text, OUT term_id bigint,
        OUT mentions bigint) RETURNS SETOF record
    -- STABLE: depends on the terms that the statement sees.
    STABLE STRICT PARALLEL SAFE COST 100 ROWS 2
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn count_terms(fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    let returned = with_state(fcinfo, |counting: &mut Counting| {
        let Counting {
            site,
            tally,
            counts,
        } = counting;
        if let Some(row) = counts.resume(fcinfo) {
            return Ok(row);
        }
        let lexicon = String::from_utf8_lossy(argument::bytes(fcinfo, 0));
        let document = document_text(argument::bytes(fcinfo, 1))?;
        site.search(&lexicon)?.count(document, None, tally)?;
        counts.begin(fcinfo);
        for &(term_id, number) in tally.counts() {
            counts.push([Value::Bigint(term_id), Value::Bigint(number)]);
        }
        Ok::<_, Raise>(counts.hand_over(fcinfo))
    });
    Ok(returned?)
}
