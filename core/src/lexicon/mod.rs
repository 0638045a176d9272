//! Lexicon: a set of terms compiled for matching, and the search for them in folded text.
//!
//! The rules, which `oracle` repeats in the slowest way and the engine must equal:
//!
//! 1. A *window* is a run of words of the text without a hard break inside. Its letters are those of
//!    its words run together, so spaces are free. A possessive last word may be read without its s.
//! 2. A term folds to letters and words in the same way. It allows no edit below 3 letters, one up to
//!    7, two from 8; a limit of the lexicon may lower that. A term's own number of edits replaces this
//!    and rule 8: up to one in 3 and 4 letters, up to two from 5.
//! 3. A window within these edits of the term (insertions, deletions, substitutions, neighbours
//!    swapped) is a candidate: *exact* or *folded* without edits, else *fuzzy*.
//! 4. Without edits: if the term has fewer than 7 letters and the window other words ("a very" for
//!    Avery), one of these must be of 3 letters or more and not ordinary.
//! 5. With edits: the digits are the same, no whole word is missing or added, and each changed word
//!    of the text is no number nor runs together with one, no word of any term, and no ordinary word.
//! 6. A fuzzy window of one word is not in the dictionary; as a name it may be, if it is the term
//!    without its last s; and with one edit it may be in a text of up to 4 words.
//! 7. A changed word is rarer in the learned text than those it replaces: below 2 documents, or a
//!    third of theirs.
//! 8. Terms of 3 letters: only one word with the same first letter, and with one letter too many or
//!    two swapped. Of 4 letters, one word alone: these, or one with the same consonants. One word
//!    alone, one edit from a term of up to 6 letters or two from one of 8, has the term's first
//!    letter among its first two. The words of a term that two edits change have together 4 letters
//!    or more.
//! 9. Of overlapping candidates the one with most letters stays, an edit counting as two less; with
//!    `overlap => 'nested'` the terms written out inside of it, too, with 'all' every one. Terms of the
//!    same letters are found together.
//!
//! A term may do without what rules 4-7 say of ordinary words, dictionary and learned text. Without
//! word boundaries there are no windows and no edits: see `substring`.
//!
//! ```text
//! search ── words (tokens) ── exact ──┬── guard ── overlap ── mentions
//!                          └─ fuzzy ──┘     fuzzy: runs (anchors), mixed (vocabulary), wide; posting, packed, osa
//! ```
#![forbid(unsafe_code)]

mod anchors;
mod assemble;
mod bloom;
#[cfg(test)]
mod bounded_tests;
mod builder;
mod checksum;
mod compiled;
#[cfg(test)]
mod damaged_tests;
mod delta;
#[cfg(test)]
mod delta_tests;
mod dictionary;
mod english;
mod exact;
mod explain;
mod fuzzy;
mod groups;
mod guard;
mod hash;
#[cfg(test)]
mod hostile_tests;
mod layer;
mod learner;
mod memory;
mod mixed;
#[cfg(test)]
mod oracle;
mod osa;
mod overlap;
mod packed;
mod posting;
mod reading;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
mod real_tests;
mod recent;
mod report;
mod runs;
mod search;
mod settings;
mod stored;
mod substring;
#[cfg(test)]
mod tests;
mod tokens;
mod vocabulary;
mod wide;
mod window;
mod words;
#[cfg(test)]
mod work;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;

pub use builder::{Added, Builder, MAX_TERM_BYTES};
pub use compiled::Shared;
pub use delta::Delta;
pub use english::{english, english_dictionary};
pub use explain::{Explained, Verdict};
pub use guard::Rule;
pub use hash::MAX_LETTERS;
pub use learner::Learner;
pub use posting::MAX_TERMS;
pub use search::Scratch;
pub use settings::{MAX_DISTANCE, Overlap, Settings, TermOptions};

use crate::bounds::{Interrupts, OutOfMemory};
use compiled::{Compiled, Section, TermRow, span};
use layer::Layer;

/// Why a lexicon cannot be built, opened or changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LexiconError {
    #[error("unknown overlap \"{0}\", valid are \"longest\", \"nested\" and \"all\"")]
    UnknownOverlap(String),
    #[error("too many terms for one lexicon")]
    TooLarge,
    #[error("out of memory")]
    OutOfMemory,
    #[error("two words of the lexicon cannot be told apart by their hash")]
    Collision,
    #[error("the lexicon has no term \"{0}\" that could be removed")]
    UnknownTerm(String),
    #[error("compiled lexicon is damaged")]
    Damaged,
    #[error("compiled lexicon has version {found}, expected {expected}")]
    Version { found: u32, expected: u32 },
}

impl From<OutOfMemory> for LexiconError {
    fn from(_: OutOfMemory) -> LexiconError {
        LexiconError::OutOfMemory
    }
}

/// How closely a mention is written like its term; ordered from closest to farthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Byte for byte as the term.
    Exact,
    /// With the term's letters after folding: case, accents, punctuation and spaces may differ.
    Folded,
    /// Misspelled: with one or more edits.
    Fuzzy,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Exact => "exact",
            Kind::Folded => "folded",
            Kind::Fuzzy => "fuzzy",
        }
    }
}

/// A term found in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mention {
    /// Number of the term, for [`Lexicon::term_id`] and [`Lexicon::term_text`].
    pub term: u32,
    /// The first byte of the mention in the original text.
    pub start: usize,
    pub end: usize,
    pub distance: u8,
    /// 1 - distance / letters of the longer one.
    pub similarity: f32,
    pub kind: Kind,
}

/// A compiled set of terms, perhaps with a delta. Searches share it; it never changes.
pub struct Lexicon {
    compiled: Arc<Compiled>,
    /// The automaton of searches without word boundaries; the first of them builds it.
    automaton: Arc<OnceLock<Option<AhoCorasick>>>,
    /// The terms added and removed since the base was compiled.
    delta: Option<Box<Layer>>,
}

impl Lexicon {
    fn of(compiled: Compiled) -> Lexicon {
        Lexicon {
            compiled: Arc::new(compiled),
            automaton: Arc::default(),
            delta: None,
        }
    }

    /// The compiled form, from which [`Lexicon::from_bytes`] makes the same lexicon again. A delta is
    /// not part of it.
    pub fn to_bytes(&self) -> &[u8] {
        self.compiled.bytes()
    }

    /// Opens a copy of the compiled form. A damaged or foreign buffer is an error.
    pub fn from_bytes(bytes: &[u8], interrupts: &Interrupts) -> Result<Lexicon, LexiconError> {
        Compiled::copied(bytes, interrupts).map(Lexicon::of)
    }

    /// Opens the compiled form where it is; it must begin on a multiple of 8 bytes.
    pub fn from_shared(bytes: Shared, interrupts: &Interrupts) -> Result<Lexicon, LexiconError> {
        Compiled::shared(bytes, interrupts).map(Lexicon::of)
    }

    /// Opens the compiled form where it is without reading all of it: the checksum is not compared.
    ///
    /// Use it for bytes that were checked before, or written by this machine. Damaged bytes make answers
    /// wrong, but a search never reads outside them.
    pub fn from_trusted(bytes: Shared) -> Result<Lexicon, LexiconError> {
        Compiled::trusted(bytes).map(Lexicon::of)
    }

    pub fn settings(&self) -> Settings {
        self.compiled.settings()
    }

    /// How many terms were added; one added twice counts twice.
    pub fn terms(&self) -> usize {
        match &self.delta {
            Some(layer) => layer.terms,
            None => self.compiled.header.terms as usize,
        }
    }

    /// How many terms were skipped: NULL, without a letter or digit, or too long.
    pub fn skipped(&self) -> u64 {
        match &self.delta {
            Some(layer) => layer.skipped,
            None => self.compiled.header.skipped,
        }
    }

    /// The ids of the first hundred skipped terms; see [`Lexicon::skipped`].
    pub fn skipped_ids(&self) -> &[i64] {
        match &self.delta {
            Some(layer) => &layer.skipped_ids,
            None => self.compiled.section(Section::SkippedIds),
        }
    }

    /// The id of a term; 0 for a number that no term has.
    pub fn term_id(&self, term: u32) -> i64 {
        if let Some((added, term)) = self.added(term) {
            return added.term_id(term);
        }
        let ids: &[i64] = self.compiled.section(Section::Ids);
        ids.get(term as usize).copied().unwrap_or(0)
    }

    /// A term as written; empty for a number that no term has.
    pub fn term_text(&self, term: u32) -> &str {
        if let Some((added, term)) = self.added(term) {
            return added.term_text(term);
        }
        let rows: &[TermRow] = self.compiled.section(Section::Terms);
        let texts: &[u8] = self.compiled.section(Section::Texts);
        let term = term as usize;
        match (rows.get(term), rows.get(term + 1)) {
            (Some(row), Some(next)) => {
                std::str::from_utf8(&texts[span(row.text, next.text, texts.len())]).unwrap_or("")
            }
            _ => "",
        }
    }

    /// The bytes of a term's text from its first letter or digit to its last, without the punctuation
    /// around them.
    fn core(&self, term: u32) -> Range<usize> {
        if let Some((added, term)) = self.added(term) {
            return added.core(term);
        }
        let rows: &[TermRow] = self.compiled.section(Section::Terms);
        rows.get(term as usize).map_or(0..0, |row| {
            usize::from(row.core_start)..usize::from(row.core_end)
        })
    }

    /// The size of the compiled form, in this process or in a file that it maps, and of a delta to it.
    pub fn size(&self) -> usize {
        let beside = self.delta.as_ref().map_or(0, |layer| layer.heap_bytes());
        self.compiled.bytes().len() + beside
    }

    /// Memory of this process that the lexicon holds; with a delta, what it holds beyond its base.
    pub fn heap_bytes(&self) -> usize {
        if let Some(layer) = &self.delta {
            return layer.heap_bytes();
        }
        let automaton = self
            .automaton
            .get()
            .and_then(Option::as_ref)
            .map_or(0, AhoCorasick::memory_usage);
        self.compiled.heap_bytes() + automaton
    }

    fn automaton(&self) -> Option<&AhoCorasick> {
        self.automaton
            .get_or_init(|| substring::automaton(&self.compiled))
            .as_ref()
    }
}
