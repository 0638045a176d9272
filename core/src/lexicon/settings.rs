//! What a lexicon's owner may choose: how many edits, whole words or substrings, which of several
//! overlapping mentions. Everything else about matching is a rule of the room, the same for all.

use crate::lexicon::error::LexiconError;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most edits any term may allow. The anchors of the fuzzy index miss nothing up to this distance, and
/// would miss mentions beyond it.
pub const MAX_DISTANCE: u8 = 2;

/// The settings of a lexicon; the default is what `create_lexicon` does without options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The most edits a mention may have, even where a term's length would allow more. `Some(0)` finds no
    /// misspellings; `None` leaves the number to the term's length.
    pub max_distance: Option<u8>,
    /// Whether mentions begin and end at word boundaries. If not, a term is found wherever its letters
    /// stand, and misspellings are not found.
    pub whole_words: bool,
    /// Which of several overlapping mentions are reported.
    pub overlap: Overlap,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            max_distance: None,
            whole_words: true,
            overlap: Overlap::Longest,
        }
    }
}

/// Which of several overlapping mentions are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// The best cover of the text: no two mentions share a word, longer ones go first.
    #[default]
    Longest,
    /// The longest mentions, and terms that are written out inside them: a mention of "Taco Bell Canada"
    /// is one of Taco Bell, too.
    Nested,
    /// Every mention, misspelled ones inside others too.
    All,
}

impl Overlap {
    /// The name of the choice, as [`Overlap::from_str`] reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Overlap::Longest => "longest",
            Overlap::Nested => "nested",
            Overlap::All => "all",
        }
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Overlap {
    type Err = LexiconError;

    fn from_str(name: &str) -> Result<Self, LexiconError> {
        match name {
            "longest" => Ok(Overlap::Longest),
            "nested" => Ok(Overlap::Nested),
            "all" => Ok(Overlap::All),
            _ => Err(LexiconError::UnknownOverlap(name.to_owned())),
        }
    }
}

/// The options of a single term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermOptions {
    /// Whether ordinary words are kept from being misspellings of this term. Without the guard every
    /// "bear" in a text is a mention of Behr.
    pub guard: bool,
    /// How many edits of any kind a mention of this term may have, in place of both the rule by length and
    /// the lexicon's limit. Capped at 0 for terms below 3 letters, at 1 for 3 and 4 letters, and at
    /// [`MAX_DISTANCE`] from 5.
    pub max_distance: Option<u8>,
}

impl Default for TermOptions {
    fn default() -> Self {
        TermOptions {
            guard: true,
            max_distance: None,
        }
    }
}

/// How many edits a mention of a term of `letters` letters may have. `own` is the term's own number, if it
/// has one, and `limit` the lexicon's.
pub(crate) fn allowed_edits(letters: usize, own: Option<u8>, limit: Option<u8>) -> u8 {
    match own {
        Some(own) => own.min(match letters {
            0..=2 => 0,
            3..=4 => 1,
            _ => MAX_DISTANCE,
        }),
        None => edits_by_length(letters).min(limit.unwrap_or(MAX_DISTANCE)),
    }
}

/// The number of edits that a term's length allows: none below 3 letters, one up to 7, two from 8. The
/// rules of `rules` restrict edits further in terms of 3 letters, and wherever there are two.
///
/// Allowing two edits from 8 letters rather than from 9 finds more real misspellings in product texts and
/// in queries than it adds false mentions: see `benches/accuracy.txt`.
pub(crate) fn edits_by_length(letters: usize) -> u8 {
    match letters {
        0..=2 => 0,
        3..=7 => 1,
        _ => 2,
    }
}

/// The longest terms in which only an extra letter or two swapped ones count as a misspelling: any other
/// edit of three letters makes another word. Terms of 4 letters keep the edit that a user expects of them.
///
/// This and the other tuned constants of this file are a compromise between product texts and short
/// queries: `benches/accuracy.txt` has the F1 of each on both.
pub(crate) const SHORT: u16 = 3;
