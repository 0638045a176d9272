//! `highlight`: a document with its mentions marked.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::matching::{document_text, each_mention, with_lexicon};
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::interrupts::interrupts;
use crate::pg::rows::Returned;
use crate::pg::text::{MAX_BYTES, NewText};
use termstream_core::bounds::Grow;

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.highlight(lexicon text, document text,
        before text DEFAULT '<b>', after text DEFAULT '</b>') RETURNS text
    STABLE STRICT PARALLEL SAFE COST 100
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#, requires = ["types"])]
fn highlight(
    lexicon: &str,
    document: &[u8],
    before: &str,
    after: &str,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    let document = document_text(document)?;
    let marked = with_lexicon(fcinfo, lexicon, |form, scratch| {
        // Nested mentions (overlap 'all') and synonyms on one span share one mark.
        let mut spans: Vec<(u32, u32)> = Vec::new();
        each_mention(form, document, None, scratch, |mention| {
            let (start, end) = (mention.start as u32, mention.end as u32);
            match spans.last_mut() {
                Some(last) if start < last.1 => last.1 = last.1.max(end),
                _ => spans.try_push((start, end))?,
            }
            Ok(())
        })?;
        mark(document, &spans, before, after)
    })?;
    Ok(marked)
}

/// Bytes that are copied in the time of a step.
const BYTES_A_STEP: usize = 4096;

/// The document with marks around spans, if it is not longer than a text may be.
fn mark(
    document: &str,
    spans: &[(u32, u32)],
    before: &str,
    after: &str,
) -> Result<Returned, Raise> {
    // No sum of these overflows: a document has less than 2^28 spans, a mark less than 2^30 bytes.
    let length = document.len() + spans.len() * (before.len() + after.len());
    if length > MAX_BYTES {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!("the marked document has {length} bytes, more than a text may have"),
        )
        .detail(format!(
            "It has {} mentions, and {} bytes mark each.",
            spans.len(),
            before.len() + after.len()
        ))
        .hint("Give shorter marks, or the document in parts."));
    }
    let mut marked = NewText::of(length);
    let (interrupts, mut done) = (interrupts(), 0);
    for &(start, end) in spans {
        let written = end as usize - done + before.len() + after.len();
        interrupts.steps(1 + written / BYTES_A_STEP);
        marked.push(&document[done..start as usize]);
        marked.push(before);
        marked.push(&document[start as usize..end as usize]);
        marked.push(after);
        done = end as usize;
    }
    marked.push(&document[done..]);
    Ok(marked.finish())
}
