//! A search with the lexicon that a call names, and what is kept for the next call of the same call site.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::scratch::Lent;
use super::tally::Tally;
use crate::lexicons::{self, CachedLexicon};
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::snapshot::{self, Identity};
use termstream_core::lexicon::{Lexicon, Mention, Overlap, Scratch};

/// The lexicon and the buffers that a call site keeps from row to row, so that a lexicon is looked up once
/// a statement.
#[derive(Default)]
pub struct CallSite {
    lexicon: String,
    identity: Option<Identity>,
    form: Option<Rc<CachedLexicon>>,
    buffers: Lent,
}

impl CallSite {
    /// A search with the lexicon of this name, as the running statement sees its terms.
    pub fn search(&mut self, lexicon: &str) -> Result<Search<'_>, Raise> {
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
        Ok(Search {
            lexicon: &self.form.insert(form).lexicon,
            scratch: self.buffers.scratch(),
        })
    }
}

/// A compiled lexicon with the buffers to search it.
pub struct Search<'s> {
    pub lexicon: &'s Lexicon,
    scratch: &'s mut Scratch,
}

impl Search<'_> {
    /// Calls `visit` with each mention in a document, in order. `overlap` replaces the lexicon's own choice
    /// among overlapping mentions.
    pub fn each_mention(
        &mut self,
        document: &str,
        overlap: Option<Overlap>,
        mut visit: impl FnMut(&Mention) -> Result<(), Raise>,
    ) -> Result<(), Raise> {
        let overlap = overlap.unwrap_or(self.lexicon.settings().overlap);
        let mut outcome = Ok(());
        self.lexicon
            .each_mention(document, overlap, &interrupts(), self.scratch, |mention| {
                outcome = visit(mention);
                match outcome {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            })?;
        outcome
    }

    /// Counts the mentions of a document by the ids of their terms, in place of what `tally` held before.
    /// Synonyms of one id on one span are one mention.
    pub fn count(
        &mut self,
        document: &str,
        overlap: Option<Overlap>,
        tally: &mut Tally,
    ) -> Result<(), Raise> {
        let lexicon = self.lexicon;
        tally.clear();
        self.each_mention(document, overlap, |mention| {
            Ok(tally.count(lexicon.term_id(mention.term))?)
        })
    }

    /// The most similar mention in a document; of equally similar ones the longest, then the first.
    pub fn best(&mut self, document: &str) -> Result<Option<Mention>, Raise> {
        let key = |mention: &Mention| (mention.similarity, mention.end - mention.start);
        let mut best: Option<Mention> = None;
        self.each_mention(document, None, |mention| {
            best = match best {
                Some(best) if key(mention) <= key(&best) => Some(best),
                _ => Some(*mention),
            };
            Ok(())
        })?;
        Ok(best)
    }

    /// Whether a document mentions any term.
    pub fn is_match(&mut self, document: &str) -> Result<bool, Raise> {
        Ok(self
            .lexicon
            .is_match(document, &interrupts(), self.scratch)?)
    }
}
