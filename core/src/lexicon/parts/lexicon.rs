//! The lexicon as its users hold it.

use std::ops::Range;

use super::layer::Layer;
use super::part::{Part, Side};
use crate::bounds::Interrupts;
use crate::lexicon::error::LexiconError;
use crate::lexicon::form::{Compiled, Section, Shared, Terms};
use crate::lexicon::settings::Settings;

/// A compiled set of terms, perhaps with a delta. Searches share it; it never changes.
pub struct Lexicon {
    pub(crate) base: Part,
    /// The terms added and removed since the base was compiled.
    pub(crate) delta: Option<Box<Layer>>,
}

impl Lexicon {
    pub(crate) fn new(compiled: Compiled) -> Lexicon {
        Lexicon {
            base: Part::new(compiled),
            delta: None,
        }
    }

    /// The compiled form, from which [`Lexicon::from_bytes`] makes the same lexicon again. A delta is
    /// not part of it.
    pub fn to_bytes(&self) -> &[u8] {
        self.base.compiled.bytes()
    }

    /// Opens a copy of the compiled form. A damaged or foreign buffer is an error.
    pub fn from_bytes(bytes: &[u8], interrupts: &Interrupts) -> Result<Lexicon, LexiconError> {
        Compiled::copied(bytes, interrupts).map(Lexicon::new)
    }

    /// Opens the compiled form where it is; it must begin on a multiple of 8 bytes.
    pub fn from_shared(bytes: Shared, interrupts: &Interrupts) -> Result<Lexicon, LexiconError> {
        Compiled::shared(bytes, interrupts).map(Lexicon::new)
    }

    /// Opens the compiled form where it is without reading all of it: the checksum is not compared.
    ///
    /// Use it for bytes that were checked before, or written by this machine. Damaged bytes make answers
    /// wrong, but a search never reads outside them.
    pub fn from_trusted(bytes: Shared) -> Result<Lexicon, LexiconError> {
        Compiled::trusted(bytes).map(Lexicon::new)
    }

    /// What the lexicon's owner chose.
    pub fn settings(&self) -> Settings {
        self.base.compiled.settings()
    }

    /// How many terms were added; one added twice counts twice.
    pub fn terms(&self) -> usize {
        match &self.delta {
            Some(layer) => layer.terms,
            None => self.base.compiled.header.terms as usize,
        }
    }

    /// How many terms were skipped: NULL, without a letter or digit, or too long.
    pub fn skipped(&self) -> u64 {
        match &self.delta {
            Some(layer) => layer.skipped,
            None => self.base.compiled.header.skipped,
        }
    }

    /// The ids of the first hundred skipped terms; see [`Lexicon::skipped`].
    pub fn skipped_ids(&self) -> &[i64] {
        match &self.delta {
            Some(layer) => &layer.skipped_ids,
            None => self.base.compiled.section(Section::SkippedIds),
        }
    }

    /// The id of a term; 0 for a number that no term has.
    pub fn term_id(&self, term: u32) -> i64 {
        let (terms, term) = self.terms_with(term);
        terms.id(term).unwrap_or(0)
    }

    /// A term as written; empty for a number that no term has.
    pub fn term_text(&self, term: u32) -> &str {
        let (terms, term) = self.terms_with(term);
        terms.text(term)
    }

    /// The bytes of a term's text from its first letter or digit to its last, without the punctuation
    /// around them.
    pub(crate) fn core_of(&self, term: u32) -> Range<usize> {
        let (terms, term) = self.terms_with(term);
        terms.core(term)
    }

    /// The terms of the part that has a term, and the term's number there.
    #[inline(always)]
    fn terms_with(&self, term: u32) -> (Terms<'_>, u32) {
        let own = |layer: &Layer| term.checked_sub(layer.first_term);
        match &self.delta {
            Some(layer) if own(layer).is_some() => (
                Terms::of(layer.added.compiled.view()),
                term - layer.first_term,
            ),
            _ => (Terms::of(self.base.compiled.view()), term),
        }
    }

    /// The size of the compiled form, in this process or in a file that it maps, and of a delta to it.
    pub fn size(&self) -> usize {
        let beside = self.delta.as_ref().map_or(0, |layer| layer.heap_bytes());
        self.base.compiled.bytes().len() + beside
    }

    /// Memory of this process that the lexicon holds; with a delta, what it holds beyond its base.
    pub fn heap_bytes(&self) -> usize {
        match &self.delta {
            Some(layer) => layer.heap_bytes(),
            None => self.base.heap_bytes(),
        }
    }

    /// The base, and the delta if there is one.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Side, &Part)> {
        let delta = self.delta.as_deref();
        std::iter::once((Side::Base, &self.base))
            .chain(delta.map(|layer| (Side::Delta, &layer.added)))
    }
}
