//! `match` and its short forms: which terms a document mentions.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::lexicons::parse_overlap;
use crate::matching::{CallSite, JoinedDocuments, Tally, document_text};
use crate::pg::argument;
use crate::pg::callsite::with_state;
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::rows::Returned;
use crate::pg::series::{Series, Value};
use termstream_core::lexicon::{Lexicon, Mention, Overlap};
use termstream_core::text::Characters;

/// What a call site of `match` or `best_match` keeps from row to row.
#[derive(Default)]
struct Matching {
    site: CallSite,
    mentions: Series<8>,
}

/// What a call site of `match_ids` keeps from row to row.
#[derive(Default)]
struct MatchingIds {
    site: CallSite,
    documents: JoinedDocuments,
    found: Tally,
    ids: Series<1>,
}

/// A mention as a row of type `termstream.mention`.
fn row<'a>(
    lexicon: &'a Lexicon,
    document: &'a str,
    characters: &mut Characters<'a>,
    mention: &Mention,
) -> [Value<'a>; 8] {
    let (start, length) = characters.span(mention.start..mention.end);
    [
        Value::Bigint(lexicon.term_id(mention.term)),
        Value::Text(lexicon.term_text(mention.term)),
        Value::Text(&document[mention.start..mention.end]),
        Value::Integer(start as i32 + 1),
        Value::Integer(length as i32),
        Value::Integer(i32::from(mention.distance)),
        Value::Real(mention.similarity),
        Value::Text(mention.kind.as_str()),
    ]
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream."match"(lexicon text, document text) RETURNS SETOF termstream.mention
    -- STABLE: depends on the terms that the statement sees.
    STABLE STRICT PARALLEL SAFE COST 100 ROWS 2
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#, requires = ["types"])]
fn match_document(fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    mentions(fcinfo, || Ok(None))
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream."match"(lexicon text, document text, overlap text)
    RETURNS SETOF termstream.mention
    STABLE STRICT PARALLEL SAFE COST 100 ROWS 2
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#, requires = ["types"])]
fn match_overlapping(fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    mentions(fcinfo, || {
        let overlap = String::from_utf8_lossy(argument::bytes(fcinfo, 2));
        parse_overlap(&overlap).map(Some)
    })
}

/// One call of `match`: begins the set of a document, or goes on with it.
fn mentions(
    fcinfo: pg_sys::FunctionCallInfo,
    overlap: impl FnOnce() -> Result<Option<Overlap>, Raise>,
) -> Result<Returned, ErrorReport> {
    let returned = with_state(fcinfo, |Matching { site, mentions }| {
        if let Some(row) = mentions.resume(fcinfo) {
            return Ok(row);
        }
        let lexicon = String::from_utf8_lossy(argument::bytes(fcinfo, 0));
        let document = document_text(argument::bytes(fcinfo, 1))?;
        let overlap = overlap()?;
        let mut search = site.search(&lexicon)?;
        let lexicon = search.lexicon;
        let mut characters = Characters::of(document);
        mentions.begin(fcinfo);
        search.each_mention(document, overlap, |mention| {
            mentions.push(row(lexicon, document, &mut characters, mention));
            Ok(())
        })?;
        Ok::<_, Raise>(mentions.hand_over(fcinfo))
    });
    Ok(returned?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.match_ids(lexicon text, VARIADIC documents text[]) RETURNS SETOF bigint
    STABLE STRICT PARALLEL SAFE COST 100 ROWS 2
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn match_ids(fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    let returned = with_state(fcinfo, |matching: &mut MatchingIds| {
        let MatchingIds {
            site,
            documents,
            found,
            ids,
        } = matching;
        if let Some(row) = ids.resume(fcinfo) {
            return Ok(row);
        }
        let lexicon = String::from_utf8_lossy(argument::bytes(fcinfo, 0));
        let document = documents.join(argument::texts(fcinfo, 1))?;
        let mut search = site.search(&lexicon)?;
        search.count(document, Some(Overlap::Nested), found)?;
        ids.begin(fcinfo);
        for &(id, _) in found.counts() {
            ids.push([Value::Bigint(id)]);
        }
        Ok::<_, Raise>(ids.hand_over(fcinfo))
    });
    Ok(returned?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.best_match(lexicon text, document text) RETURNS termstream.mention
    STABLE STRICT PARALLEL SAFE COST 100
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#, requires = ["types"])]
fn best_match(
    lexicon: &str,
    document: &[u8],
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    let document = document_text(document)?;
    let best = with_state(fcinfo, |Matching { site, mentions }| {
        let mut search = site.search(lexicon)?;
        let best = search.best(document)?;
        mentions.begin(fcinfo);
        if let Some(mention) = best {
            let mut characters = Characters::of(document);
            mentions.push(row(search.lexicon, document, &mut characters, &mention));
        }
        Ok::<_, Raise>(mentions.single(fcinfo))
    });
    Ok(best?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.has_match(lexicon text, document text) RETURNS boolean
    STABLE STRICT PARALLEL SAFE COST 100
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#, requires = ["types"])]
fn has_match(
    lexicon: &str,
    document: &[u8],
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<bool, ErrorReport> {
    let document = document_text(document)?;
    let found = with_state(fcinfo, |site: &mut CallSite| {
        site.search(lexicon)?.is_match(document)
    });
    Ok(found?)
}
