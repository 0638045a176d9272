//! Counts of a document: its words, and how often it mentions each term of a lexicon.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::matching::{Site, document_text, each_mention};
use super::tally::Tally;
use crate::pg::argument;
use crate::pg::callsite;
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
    let mut own = None;
    let folded = match callsite::state::<Folded>(fcinfo) {
        Some(kept) => kept,
        None => own.insert(Folded::new()),
    };
    let words = folded.count_words(document, &interrupts());
    Ok(words.map_err(Raise::from)? as i32)
}

/// What a call site of `count_terms` keeps from row to row.
#[derive(Default)]
struct Counting {
    site: Site,
    tally: Tally,
    counts: Series<2>,
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.count_terms(lexicon text, document text, OUT term_id bigint,
        OUT mentions bigint) RETURNS SETOF record
    -- STABLE: depends on the terms the statement sees.
    STABLE STRICT PARALLEL SAFE COST 100 ROWS 2
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn count_terms(fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    let mut own = None;
    let counting = match callsite::state::<Counting>(fcinfo) {
        Some(kept) => kept,
        None => own.insert(Counting::default()),
    };
    Ok(counted(fcinfo, counting)?)
}

/// Begins the set of a document, or goes on with it.
fn counted(fcinfo: pg_sys::FunctionCallInfo, counting: &mut Counting) -> Result<Returned, Raise> {
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
    let (form, scratch, _) = site.find(&lexicon)?;
    tally.clear();
    // Synonyms of one id in one place are one mention.
    each_mention(form, document, None, scratch, |mention| {
        Ok(tally.count(form.lexicon.term_id(mention.term))?)
    })?;
    counts.begin(fcinfo);
    for &(term_id, number) in tally.counts() {
        counts.push([Value::Bigint(term_id), Value::Bigint(number)]);
    }
    Ok(counts.hand_over(fcinfo))
}
