//! Lexicon: a set of terms compiled for matching, and the search for them in folded text.
#![forbid(unsafe_code)]

mod anchors;
mod builder;
mod compiled;
mod english;
mod exact;
mod fuzzy;
mod guard;
mod hash;
mod learner;
#[cfg(test)]
mod oracle;
mod osa;
mod overlap;
mod search;
mod settings;
mod substring;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

pub use builder::{Added, Builder};
pub use compiled::Shared;
pub use english::{english, english_dictionary};
pub use guard::Rule;
pub use hash::MAX_LETTERS;
pub use learner::Learner;
pub use search::Scratch;
pub use settings::{MAX_DISTANCE, Overlap, Settings, TermOptions};

use compiled::{Compiled, Section, TermRow, span};

/// What can be wrong with a lexicon.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LexiconError {
    #[error("unknown overlap \"{0}\", valid are \"longest\" and \"all\"")]
    UnknownOverlap(String),
    #[error("too many terms for one lexicon")]
    TooLarge,
    #[error("two words of the lexicon cannot be told apart by their hash")]
    Collision,
    #[error("compiled lexicon is damaged")]
    Damaged,
    #[error("compiled lexicon has version {found}, expected {expected}")]
    Version { found: u32, expected: u32 },
}

/// How a mention is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Byte for byte like the term.
    Exact,
    /// With the same letters, after folding.
    Folded,
    /// Misspelled.
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
    /// Number of the term, in the order of adding.
    pub term: u32,
    /// Bytes of the original text.
    pub start: usize,
    pub end: usize,
    pub distance: u8,
    /// 1 - distance / letters of the longer one.
    pub similarity: f32,
    pub kind: Kind,
}

/// A compiled set of terms.
pub struct Lexicon {
    compiled: Compiled,
    /// For searches without word boundaries; built by the first of them.
    automaton: OnceLock<Option<AhoCorasick>>,
}

impl Lexicon {
    fn of(compiled: Compiled) -> Lexicon {
        Lexicon {
            compiled,
            automaton: OnceLock::new(),
        }
    }

    /// The compiled form, from which [`Lexicon::from_bytes`] makes the same lexicon again.
    pub fn to_bytes(&self) -> &[u8] {
        self.compiled.bytes()
    }

    /// Opens a copy of the compiled form. A damaged or foreign buffer is an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Lexicon, LexiconError> {
        Compiled::copied(bytes).map(Lexicon::of)
    }

    /// Opens the compiled form where it is; it must begin on a multiple of 8 bytes.
    pub fn from_shared(bytes: Shared) -> Result<Lexicon, LexiconError> {
        Compiled::shared(bytes).map(Lexicon::of)
    }

    /// Opens the compiled form where it is without reading all of it: the checksum is not compared.
    ///
    /// For bytes that were checked before, or written by this machine. Whatever they hold, a search
    /// reads inside them; its answers are only as good as they are.
    pub fn from_trusted(bytes: Shared) -> Result<Lexicon, LexiconError> {
        Compiled::trusted(bytes).map(Lexicon::of)
    }

    pub fn settings(&self) -> Settings {
        self.compiled.settings()
    }

    /// How many terms were added.
    pub fn terms(&self) -> usize {
        self.compiled.header.terms as usize
    }

    /// The id of a term; 0 for a number that no term has.
    pub fn term_id(&self, term: u32) -> i64 {
        let ids: &[i64] = self.compiled.section(Section::Ids);
        ids.get(term as usize).copied().unwrap_or(0)
    }

    /// A term as written; empty for a number that no term has.
    pub fn term_text(&self, term: u32) -> &str {
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

    /// Memory of this process that the lexicon holds.
    pub fn heap_bytes(&self) -> usize {
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
