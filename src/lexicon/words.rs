//! The text as the search sees it: a row for each token, with its place in letters and what the
//! lexicon knows of it.

use super::compiled::{Section, View};
use super::dictionary::Dictionary;
use super::exact::Exact;
use super::hash::{self, MAX_LETTERS};
use super::recent::Recent;
use super::settings::MAX_DISTANCE;
use super::tokens::{Standing, TokenSlot, look_up};
use crate::text::Token;

/// No window has more letters: the longest term and the letters that edits may add.
pub(crate) const MAX_WINDOW: usize = MAX_LETTERS + MAX_DISTANCE as usize;
/// A letter has at most four bytes.
const MAX_BYTES: usize = 4 * MAX_WINDOW;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// Letters of the text before it, and up to its end: bytes of ASCII text, else characters.
    pub start: u32,
    pub end: u32,
    /// Hash of its bytes; 0 if it is endless.
    pub hash: u64,
    pub standing: Standing,
    /// The same without its possessive s.
    pub stem_standing: Standing,
    pub possessive: bool,
    /// A number, or a word run together with one, as in codes ("s60abcl").
    pub code: bool,
    /// No window holds this word and the one before.
    pub breaks: bool,
    /// Longer than any window.
    pub endless: bool,
}

impl Word {
    /// The standing of the word, or of the word without its possessive s.
    #[inline(always)]
    pub fn standing(&self, stem: bool) -> Standing {
        if stem {
            self.stem_standing
        } else {
            self.standing
        }
    }

    /// Where the word ends in letters.
    #[inline(always)]
    pub fn end(&self, stem: bool) -> usize {
        self.end as usize - usize::from(stem)
    }
}

/// What a lexicon knows of words, taken out of the compiled form for one search.
pub(crate) struct Tables<'a> {
    pub tokens: &'a [TokenSlot],
    pub dictionary: Dictionary<'a>,
    pub exact: Exact<'a>,
}

impl<'a> Tables<'a> {
    pub fn of(compiled: View<'a>) -> Tables<'a> {
        Tables {
            tokens: compiled.section(Section::Tokens),
            dictionary: Dictionary::of(compiled),
            exact: Exact::of(compiled),
        }
    }

    fn standing(&self, word: u64) -> Standing {
        let standing = look_up(self.tokens, word);
        self.dictionary
            .amend(standing, word, self.dictionary.first(word))
    }
}

/// Fills `words` from the tokens of a text. `place` gives the letters before a byte of them, and is
/// asked in ascending order.
#[inline]
pub(crate) fn fill(
    tables: &Tables<'_>,
    recent: &mut Recent,
    bytes: &[u8],
    tokens: &[Token],
    mut place: impl FnMut(u32) -> u32,
    words: &mut Vec<Word>,
) {
    let mut broken = false;
    words.clear();
    let mut after_number = false;
    words.extend(tokens.iter().enumerate().map(|(at, token)| {
        let (start, end) = (token.start as usize, token.end as usize);
        let endless = end - start > MAX_BYTES;
        let breaks = std::mem::replace(&mut broken, endless) | endless | token.hard_break();
        let number = token.numeric();
        let before_number = tokens
            .get(at + 1)
            .is_some_and(|next| next.numeric() & next.joined());
        let code = number | (after_number & token.joined()) | before_number;
        after_number = number;
        let possessive = token.possessive() && end - start > 1 && !endless;
        let mut word = Word {
            start: place(token.start),
            end: place(token.end),
            hash: 0,
            standing: Standing::UNKNOWN,
            stem_standing: Standing::UNKNOWN,
            possessive,
            code,
            breaks,
            endless,
        };
        if !endless {
            word.hash = hash::of_range(bytes, start, end);
        }
        if possessive {
            let stem = hash::of_range(bytes, start, end - 1);
            word.stem_standing = tables.standing(stem);
        }
        word
    }));
    recent.standings(tables, words, |at, standing| {
        let none = tokens.get(at).is_some_and(|token| {
            let (start, end) = (token.start as usize, token.end as usize);
            tables.exact.begins_none(bytes, start, end)
        });
        standing.with_begins_none(none)
    });
}
