//! A text as the rules see it.

use super::word::Word;
use crate::text::{Folded, Token};

/// The most words of a brief text, such as people type into a search box. One edit may turn a term into a
/// word of the dictionary there, as typing errors do; in longer texts such words nearly always mean
/// themselves.
pub(crate) const BRIEF: usize = 4;
/// A folded text as the rules see it.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub words: &'a [Word],
    pub tokens: &'a [Token],
    /// Folded UTF-8.
    pub bytes: &'a [u8],
    /// Whether the text has few words; see [`is_brief`].
    pub brief: bool,
}

impl<'a> Text<'a> {
    pub fn of(folded: &'a Folded, brief: bool, words: &'a [Word]) -> Text<'a> {
        Text {
            words,
            tokens: folded.tokens(),
            bytes: folded.padded(),
            brief,
        }
    }
}

/// Whether a text has at most [`BRIEF`] words, as one typed into a search box has. Tokens that run
/// together, like `330ml`, count as one word.
pub(crate) fn is_brief(tokens: &[Token]) -> bool {
    let words = tokens.iter().filter(|token| !token.joined());
    words.take(BRIEF + 1).count() <= BRIEF
}
