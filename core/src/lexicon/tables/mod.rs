//! Tables: the sections of a compiled form in which a search looks things up. Each file both fills its
//! table and reads it, so that the two agree; a damaged table gives wrong answers, and never an access
//! beyond its end.
//!
//! ```text
//! words ── tokens, dictionary, exact     what is known of a word of a text
//! anchors, vocabulary, wide ── posting   which terms may be near a window; packed: how near
//! ```

pub(crate) mod anchors;
pub(crate) mod automaton;
pub(crate) mod bloom;
pub(crate) mod dictionary;
pub(crate) mod exact;
pub(crate) mod hash;
pub(crate) mod packed;
pub(crate) mod posting;
pub(crate) mod standing;
pub(crate) mod tokens;
pub(crate) mod vocabulary;
pub(crate) mod wide;
pub(crate) mod words;

pub use hash::MAX_LETTERS;
pub use posting::MAX_TERMS;
