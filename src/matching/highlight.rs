//! A document with its mentions marked.

use pgrx::prelude::*;

use super::search::Search;
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::rows::Returned;
use crate::pg::text::{MAX_BYTES, NewText};
use termstream_core::bounds::Grow;

/// Bytes that are copied in the time of one step between two looks for interrupts.
const BYTES_A_STEP: usize = 4096;

/// The document with the texts `before` and `after` around each mention.
pub fn highlight(
    search: &mut Search,
    document: &str,
    before: &str,
    after: &str,
) -> Result<Returned, Raise> {
    // Nested mentions (overlap 'all') and synonyms on one span share one mark.
    let mut spans: Vec<(u32, u32)> = Vec::new();
    search.each_mention(document, None, |mention| {
        let (start, end) = (mention.start as u32, mention.end as u32);
        match spans.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => spans.try_push((start, end))?,
        }
        Ok(())
    })?;
    mark(document, &spans, before, after)
}

/// The document with marks around spans, or an error if that is longer than a text may be.
fn mark(
    document: &str,
    spans: &[(u32, u32)],
    before: &str,
    after: &str,
) -> Result<Returned, Raise> {
    // The sum cannot overflow: a document has less than 2^28 spans, a mark less than 2^30 bytes.
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
