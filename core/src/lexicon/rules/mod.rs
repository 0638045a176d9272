//! Rules: whether a window within the edits of a term is a mention of it. Plain edit distance finds Tena in
//! every "tea"; the rules refuse that, and say which of them did.

mod candidate;
mod judge;
mod rule;
mod text;
mod window;
mod word;

pub(crate) use candidate::Candidate;
pub(crate) use judge::Judge;
pub use rule::Rule;
pub(crate) use text::{BRIEF, Text, is_brief};
pub(crate) use word::{MAX_WINDOW, Word, may_be_changed, may_be_changed_alone};
