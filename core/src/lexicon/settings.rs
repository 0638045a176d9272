//! What a lexicon's owner may choose: how many edits, whole words or substrings, which of several
//! overlapping mentions. Everything else about matching is a rule of the room, the same for all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::LexiconError;

/// The most edits any rule allows; the anchors of the index are lossless up to here and no further.
pub const MAX_DISTANCE: u8 = 2;

/// The settings of a lexicon; the default is what `create_lexicon` does without options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// At most this many edits, whatever a term's length would allow; 0 means no misspellings.
    pub max_distance: Option<u8>,
    /// Mentions begin and end at word boundaries. Without: plain containment, no misspellings.
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

/// What may be chosen for one term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermOptions {
    /// Ordinary words are not taken for misspellings of this term. Without the guard "bear" finds
    /// Behr, and every bear.
    pub guard: bool,
    /// This term's own number of edits, of whatever kind, in place of the rule by length and of the
    /// lexicon's limit. It counts up to 1 for 3 and 4 letters, up to 2 from 5; below 3 letters no edit
    /// leaves anything of a term.
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

/// How many edits a term of `letters` letters may be away, with its own number and the lexicon's limit.
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

/// The rule: none below 3 letters, one up to 7, two from 8; of 3 letters, and of two edits, only what
/// [`super::guard`] says.
///
/// Two edits from 9 letters on real product texts (200 terms; food; 4,000 terms with injected
/// misspellings) and on queries, nested mentions counted: F1 .978 .973 .943 .964, where it
/// is .979 .975 .941 .966 with two from 8.
pub(crate) fn edits_by_length(letters: usize) -> u8 {
    match letters {
        0..=2 => 0,
        3..=7 => 1,
        _ => 2,
    }
}
