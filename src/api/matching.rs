//! `match` and its short forms: which terms a document mentions.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ops::Range;
use std::rc::Rc;

use crate::lexicon::{Mention, Scratch, Verdict};
use crate::pg::callsite;
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::rows::{self, Cell, Returned, RowSet};
use crate::pg::snapshot::{self, Identity};
use crate::registry::{self, Compiled};
use crate::text::{MAX_TEXT, char_span};

/// What a call site keeps from row to row, so that the registry is asked once a statement.
#[derive(Default)]
struct Site {
    lexicon: String,
    identity: Option<Identity>,
    form: Option<Rc<Compiled>>,
    scratch: Scratch,
}

/// Finds the compiled lexicon of this call and runs `work` with it.
fn with_lexicon<R>(
    fcinfo: pg_sys::FunctionCallInfo,
    lexicon: &str,
    work: impl FnOnce(&Compiled, &mut Scratch) -> R,
) -> Result<R, Raise> {
    let Some(site) = callsite::state::<Site>(fcinfo) else {
        return Ok(work(&*registry::current(lexicon)?, &mut Scratch::default()));
    };
    let identity = snapshot::identity();
    let form = match &site.form {
        Some(form)
            if identity.is_some() && site.identity == identity && site.lexicon == lexicon =>
        {
            form
        }
        _ => {
            let form = registry::current(lexicon)?;
            site.identity = identity;
            lexicon.clone_into(&mut site.lexicon);
            site.form.insert(form)
        }
    };
    Ok(work(form, &mut site.scratch))
}

/// The document as text. Bytes that are not came in past the server's own check (a client
/// encoding of SQL_ASCII).
fn document_text(document: &[u8]) -> Result<&str, Raise> {
    if document.len() > MAX_TEXT {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!(
                "a document of {} bytes is too long to match",
                document.len()
            ),
        )
        .hint(format!("Match it in parts of at most {MAX_TEXT} bytes.")));
    }
    std::str::from_utf8(document).map_err(|error| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
            format!(
                "the document is not valid UTF-8 at byte {}",
                error.valid_up_to() + 1
            ),
        )
        .hint("Load it with the client encoding it really has.")
    })
}

fn cells(form: &Compiled, document: &str, mention: &Mention) -> [Cell; 8] {
    let lexicon = &form.lexicon;
    let (start, length) = char_span(document, mention.start..mention.end);
    [
        lexicon.term_id(mention.term).into_datum(),
        lexicon.term_text(mention.term).into_datum(),
        document[mention.start..mention.end].into_datum(),
        (start as i32 + 1).into_datum(),
        (length as i32).into_datum(),
        i32::from(mention.distance).into_datum(),
        mention.similarity.into_datum(),
        mention.kind.as_str().into_datum(),
    ]
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream."match"(lexicon text, document text) RETURNS SETOF termstream.mention
    -- STABLE: depends on the terms the statement sees.
    STABLE STRICT PARALLEL SAFE COST 100 ROWS 2
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#, requires = ["types"])]
fn match_document(
    lexicon: &str,
    document: &[u8],
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<Returned, ErrorReport> {
    let document = document_text(document)?;
    with_lexicon(fcinfo, lexicon, |form, scratch| {
        let mut rows = RowSet::open(fcinfo);
        for mention in form.lexicon.search(document, scratch) {
            rows.push(cells(form, document, mention));
        }
    })?;
    Ok(Returned::SET)
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
    let best = with_lexicon(fcinfo, lexicon, |form, scratch| {
        let mentions = form.lexicon.search(document, scratch);
        best_of(mentions).map(|mention| rows::single(fcinfo, cells(form, document, mention)))
    })?;
    Ok(best.unwrap_or(Returned(None)))
}

/// The most similar mention; of equally similar ones the longest, then the first.
fn best_of(mentions: &[Mention]) -> Option<&Mention> {
    mentions.iter().reduce(|best, next| {
        let key = |m: &Mention| (m.similarity, m.end - m.start);
        if key(next) > key(best) { next } else { best }
    })
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
    Ok(with_lexicon(fcinfo, lexicon, |form, scratch| {
        form.lexicon.is_match(document, scratch)
    })?)
}

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
) -> Result<String, ErrorReport> {
    let document = document_text(document)?;
    Ok(with_lexicon(fcinfo, lexicon, |form, scratch| {
        // Nested mentions (overlap 'all') and synonyms on one span share one mark.
        let mut spans: Vec<Range<usize>> = Vec::new();
        for mention in form.lexicon.search(document, scratch) {
            match spans.last_mut() {
                Some(last) if mention.start < last.end => last.end = last.end.max(mention.end),
                _ => spans.push(mention.start..mention.end),
            }
        }
        let mut marked = String::with_capacity(document.len() + 32);
        let mut done = 0;
        for span in spans {
            marked.push_str(&document[done..span.start]);
            marked.push_str(before);
            marked.push_str(&document[span.clone()]);
            marked.push_str(after);
            done = span.end;
        }
        marked.push_str(&document[done..]);
        marked
    })?)
}

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
    with_lexicon(fcinfo, lexicon, |form, _| {
        let mut rows = RowSet::open(fcinfo);
        for one in form.lexicon.explain(document) {
            let (start, length) = char_span(document, one.start..one.end);
            rows.push([
                form.lexicon.term_id(one.term).into_datum(),
                form.lexicon.term_text(one.term).into_datum(),
                document[one.start..one.end].into_datum(),
                (start as i32 + 1).into_datum(),
                (length as i32).into_datum(),
                i32::from(one.distance).into_datum(),
                (one.verdict == Verdict::Accepted).into_datum(),
                one.verdict.as_str().into_datum(),
            ]);
        }
    })?;
    Ok(Returned::SET)
}
