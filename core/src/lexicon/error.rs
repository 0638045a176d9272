//! What can go wrong while a lexicon is built, opened or changed.

use crate::bounds::OutOfMemory;

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
