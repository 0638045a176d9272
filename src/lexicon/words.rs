//! The text as the search sees it: a row for each token, with its place in letters and what the
//! lexicon knows of it.

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
    pub numeric: bool,
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

/// Fills `words` from the tokens of a text. `place` gives the letters before a byte of them, and is
/// asked in ascending order.
#[inline]
pub(crate) fn fill(
    slots: &[TokenSlot],
    exact: &Exact<'_>,
    recent: &mut Recent,
    bytes: &[u8],
    tokens: &[Token],
    mut place: impl FnMut(u32) -> u32,
    words: &mut Vec<Word>,
) {
    let mut broken = false;
    words.clear();
    words.extend(tokens.iter().map(|token| {
        let (start, end) = (token.start as usize, token.end as usize);
        let endless = end - start > MAX_BYTES;
        let breaks = std::mem::replace(&mut broken, endless) | endless | token.hard_break();
        let possessive = token.possessive() && end - start > 1 && !endless;
        let mut word = Word {
            start: place(token.start),
            end: place(token.end),
            hash: 0,
            standing: Standing::UNKNOWN,
            stem_standing: Standing::UNKNOWN,
            possessive,
            numeric: token.numeric(),
            breaks,
            endless,
        };
        if !endless {
            word.hash = hash::of_range(bytes, start, end);
        }
        if possessive {
            let stem = hash::of_range(bytes, start, end - 1);
            word.stem_standing = look_up(slots, stem);
        }
        word
    }));
    recent.standings(slots, words, |at, standing| {
        let none = tokens.get(at).is_some_and(|token| {
            exact.begins_none(bytes, token.start as usize, token.end as usize)
        });
        standing.with_begins_none(none)
    });
}
