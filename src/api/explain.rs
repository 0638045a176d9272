//! `explain_match`: every run of words near a term, and why it is a mention or not.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::matching::{CallSite, document_text};
use crate::pg::callsite::with_state;
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::interrupts::interrupts;
use crate::pg::memory;
use crate::pg::rows::{Returned, RowSet};
use termstream_core::lexicon::Verdict;
use termstream_core::text::Characters;

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.explain_match(lexicon text, document text, OUT term_id bigint,
        OUT term text, OUT matched text, OUT start integer, OUT length integer,
        OUT distance integer, OUT accepted boolean, OUT verdict text) RETURNS SETOF record
    STABLE STRICT PARALLEL SAFE COST 10000 ROWS 10
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#, requires = ["types"])]
fn explain_match(
    lexicon: &str,
    document: &[u8],
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    let document = document_text(document)?;
    with_state(fcinfo, |site: &mut CallSite| {
        let lexicon = site.search(lexicon)?.lexicon;
        let mut rows = RowSet::open(fcinfo);
        let mut characters = Characters::of(document);
        let mut row = memory::RowMemory::new();
        lexicon.each_explained(document, &interrupts(), |one| {
            let (start, length) = characters.span(one.start..one.end);
            row.with(|| {
                rows.push([
                    lexicon.term_id(one.term).into_datum(),
                    lexicon.term_text(one.term).into_datum(),
                    document[one.start..one.end].into_datum(),
                    (start as i32 + 1).into_datum(),
                    (length as i32).into_datum(),
                    i32::from(one.distance).into_datum(),
                    (one.verdict == Verdict::Accepted).into_datum(),
                    one.verdict.as_str().into_datum(),
                ])
            });
        })?;
        Ok::<_, Raise>(())
    })?;
    Ok(Returned::SET)
}
