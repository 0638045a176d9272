//! `match` and its short forms: which terms a document mentions.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ops::ControlFlow;
use std::rc::Rc;

use super::scratch::Lent;
use super::tally::Tally;
use crate::lexicons::{self, Compiled, parse_overlap};
use crate::pg::argument;
use crate::pg::callsite;
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::interrupts::interrupts;
use crate::pg::rows::Returned;
use crate::pg::series::{Series, Value};
use crate::pg::snapshot::{self, Identity};
use crate::pg::text;
use termstream_core::bounds::Grow;
use termstream_core::lexicon::{Mention, Overlap, Scratch};
use termstream_core::text::{Characters, MAX_TEXT};

/// What a call site keeps from row to row, so that a lexicon is looked up once a statement.
#[derive(Default)]
pub(super) struct Site {
    lexicon: String,
    identity: Option<Identity>,
    form: Option<Rc<Compiled>>,
    buffers: Lent,
    /// What `match` and `best_match` return.
    mentions: Series<8>,
    /// What `match_ids` returns, and its documents as one.
    ids: Series<1>,
    documents: Vec<u8>,
    found: Tally,
}

impl Site {
    /// Runs `work` with the state of this call site, or for this call alone where there is none.
    fn with<R>(fcinfo: pg_sys::FunctionCallInfo, work: impl FnOnce(&mut Site) -> R) -> R {
        match callsite::state::<Site>(fcinfo) {
            Some(site) => work(site),
            None => work(&mut Site::default()),
        }
    }

    /// The compiled lexicon of this call.
    pub(super) fn find(
        &mut self,
        lexicon: &str,
    ) -> Result<(&Compiled, &mut Scratch, &mut Series<8>), Raise> {
        let identity = snapshot::identity();
        let is_same = identity.is_some() && self.identity == identity && self.lexicon == lexicon;
        let form = match self.form.take() {
            Some(form) if is_same => form,
            _ => {
                let form = lexicons::current(lexicon)?;
                self.identity = identity;
                if self.lexicon != lexicon {
                    lexicon.clone_into(&mut self.lexicon);
                    self.buffers = Lent::of(lexicon);
                }
                form
            }
        };
        let form = self.form.insert(form);
        Ok((form, self.buffers.scratch(), &mut self.mentions))
    }
}

impl Site {
    /// The ids that a call of `match_ids` returns: each once, in their order. Mentions do not run from
    /// one document into the next, for no mention spans the separator.
    fn find_ids(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<(), Raise> {
        const SEPARATOR: u8 = 0x1f;
        let lexicon = String::from_utf8_lossy(argument::bytes(fcinfo, 0));
        let mut joined = std::mem::take(&mut self.documents);
        let mut found = std::mem::take(&mut self.found);
        joined.clear();
        joined.shrink_to(KEPT_DOCUMENT_BYTES);
        for document in argument::texts(fcinfo, 1) {
            joined.try_grow(document.len() + 1)?;
            if !joined.is_empty() {
                joined.push(SEPARATOR);
            }
            joined.extend_from_slice(document);
        }
        let (form, scratch, _) = self.find(&lexicon)?;
        let document = document_text(&joined)?;
        found.clear();
        each_mention(form, document, Some(Overlap::Nested), scratch, |mention| {
            Ok(found.count(form.lexicon.term_id(mention.term))?)
        })?;
        self.ids.begin(fcinfo);
        for (id, _) in found.counts() {
            self.ids.push([Value::Bigint(*id)]);
        }
        self.documents = joined;
        self.found = found;
        Ok(())
    }
}

/// An unusually big document is not kept for long.
const KEPT_DOCUMENT_BYTES: usize = 64 << 10;

/// Gives each mention of a document, with this overlap or that of the lexicon.
pub(super) fn each_mention(
    form: &Compiled,
    document: &str,
    overlap: Option<Overlap>,
    scratch: &mut Scratch,
    mut visit: impl FnMut(&Mention) -> Result<(), Raise>,
) -> Result<(), Raise> {
    let overlap = overlap.unwrap_or(form.lexicon.settings().overlap);
    let mut outcome = Ok(());
    form.lexicon
        .each_mention(document, overlap, &interrupts(), scratch, |mention| {
            outcome = visit(mention);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })?;
    outcome
}

/// Finds the compiled lexicon of this call and runs `work` with it.
pub(super) fn with_lexicon<R>(
    fcinfo: pg_sys::FunctionCallInfo,
    lexicon: &str,
    work: impl FnOnce(&Compiled, &mut Scratch) -> Result<R, Raise>,
) -> Result<R, Raise> {
    Site::with(fcinfo, |site| {
        let (form, scratch, _) = site.find(lexicon)?;
        work(form, scratch)
    })
}

/// The document as text. Bytes that are not came in past the server's own check (a client
/// encoding of SQL_ASCII).
pub(super) fn document_text(document: &[u8]) -> Result<&str, Raise> {
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
    text::checked(document).map_err(|valid| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
            format!("the document is not valid UTF-8 at byte {}", valid + 1),
        )
        .hint("Load it with the client encoding it really has.")
    })
}

fn row<'a>(
    form: &'a Compiled,
    document: &'a str,
    characters: &mut Characters<'a>,
    mention: &Mention,
) -> [Value<'a>; 8] {
    let lexicon = &form.lexicon;
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
    -- STABLE: depends on the terms the statement sees.
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
    let returned = Site::with(fcinfo, |site| {
        if let Some(row) = site.mentions.resume(fcinfo) {
            return Ok(row);
        }
        let lexicon = String::from_utf8_lossy(argument::bytes(fcinfo, 0));
        let document = document_text(argument::bytes(fcinfo, 1))?;
        let overlap = overlap()?;
        let (form, scratch, rows) = site.find(&lexicon)?;
        let mut characters = Characters::of(document);
        rows.begin(fcinfo);
        each_mention(form, document, overlap, scratch, |mention| {
            rows.push(row(form, document, &mut characters, mention));
            Ok(())
        })?;
        Ok::<_, Raise>(rows.hand_over(fcinfo))
    });
    Ok(returned?)
}

#[pg_extern(sql = r#"
CREATE FUNCTION termstream.match_ids(lexicon text, VARIADIC documents text[]) RETURNS SETOF bigint
    STABLE STRICT PARALLEL SAFE COST 100 ROWS 2
    LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn match_ids(fcinfo: pg_sys::FunctionCallInfo) -> Result<Returned, ErrorReport> {
    let returned = Site::with(fcinfo, |site| {
        if let Some(row) = site.ids.resume(fcinfo) {
            return Ok(row);
        }
        site.find_ids(fcinfo)?;
        Ok::<_, Raise>(site.ids.hand_over(fcinfo))
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
    let best = Site::with(fcinfo, |site| {
        let (form, scratch, rows) = site.find(lexicon)?;
        let mut best = None;
        each_mention(form, document, None, scratch, |mention| {
            best = Some(better(best, *mention));
            Ok(())
        })?;
        rows.begin(fcinfo);
        if let Some(mention) = best {
            let mut characters = Characters::of(document);
            rows.push(row(form, document, &mut characters, &mention));
        }
        Ok::<_, Raise>(rows.single(fcinfo))
    });
    Ok(best?)
}

/// The more similar mention; of equally similar ones the longer, then the first.
fn better(best: Option<Mention>, next: Mention) -> Mention {
    let key = |m: &Mention| (m.similarity, m.end - m.start);
    match best {
        Some(best) if key(&next) <= key(&best) => best,
        _ => next,
    }
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
        Ok(form.lexicon.is_match(document, &interrupts(), scratch)?)
    })?)
}
