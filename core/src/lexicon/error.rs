//! What can go wrong while a lexicon is built, opened or changed.

use crate::bounds::OutOfMemory;

/// Why a lexicon cannot be built, opened or changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LexiconError {
    /// No choice among overlapping mentions has this name.
    #[error("unknown overlap \"{0}\", valid are \"longest\", \"nested\" and \"all\"")]
    UnknownOverlap(String),
    /// There are more terms than [`MAX_TERMS`](super::MAX_TERMS), or more than 4 GiB of their texts.
    #[error("too many terms for one lexicon")]
    TooLarge,
    /// An allocation failed.
    #[error("out of memory")]
    OutOfMemory,
    /// Two different words have one 64-bit hash; another spelling of either helps.
    #[error("two words of the lexicon cannot be told apart by their hash")]
    Collision,
    /// A delta removes this term, and the lexicon does not have it.
    #[error("the lexicon has no term \"{0}\" that could be removed")]
    UnknownTerm(String),
    /// The bytes are no compiled lexicon, or were truncated or changed.
    #[error("compiled lexicon is damaged")]
    Damaged,
    /// The bytes were compiled by another version of this crate.
    #[error("compiled lexicon has version {found}, expected {expected}")]
    Version {
        /// The version of the bytes.
        found: u32,
        /// The version that this crate reads.
        expected: u32,
    },
}

impl From<OutOfMemory> for LexiconError {
    fn from(_: OutOfMemory) -> LexiconError {
        LexiconError::OutOfMemory
    }
}
