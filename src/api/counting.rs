//! Counts of a document: its words, and how often it mentions each term of a lexicon.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::matching::{Site, document_text};
use crate::lexicon::{Lexicon, Mention};
use crate::pg::argument;
use crate::pg::callsite;
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::rows::Returned;
use crate::pg::series::{Series, Value};
use crate::text::Folded;

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
    folded.fold(document);
    Ok(folded.word_count() as i32)
}

/// What a call site of `count_terms` keeps from row to row.
#[derive(Default)]
struct Counting {
    site: Site,
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
    let Counting { site, counts } = counting;
    if let Some(row) = counts.resume(fcinfo) {
        return Ok(row);
    }
    let lexicon = String::from_utf8_lossy(argument::bytes(fcinfo, 0));
    let document = document_text(argument::bytes(fcinfo, 1))?;
    let (form, scratch, _) = site.find(&lexicon)?;
    counts.begin();
    let mentions = form.lexicon.search(document, scratch);
    for (term_id, number) in per_term(&form.lexicon, mentions) {
        counts.push([Value::Bigint(term_id), Value::Bigint(number)]);
    }
    Ok(counts.hand_over(fcinfo))
}

/// How often each id is mentioned, by id. Synonyms of one id in one place are one mention.
fn per_term(lexicon: &Lexicon, mentions: &[Mention]) -> Vec<(i64, i64)> {
    let mut places: Vec<(i64, usize, usize)> = mentions
        .iter()
        .map(|mention| (lexicon.term_id(mention.term), mention.start, mention.end))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
        .chunk_by(|a, b| a.0 == b.0)
        .map(|same| (same[0].0, same.len() as i64))
        .collect()
}
