//! The text as the search sees it: a row for each token, with its place in letters, the rolling hash
//! up to it, and what the lexicon knows of it.

use super::compiled::{Compiled, Section};
use super::hash::{self, Letter, MAX_LETTERS};
use super::settings::MAX_DISTANCE;
use super::tokens::{Standing, TokenSlot, look_up};
use crate::text::Token;

/// No window is longer: the longest term and the letters that edits may add.
pub(crate) const MAX_WINDOW: usize = MAX_LETTERS + MAX_DISTANCE as usize;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// Letters of the text before it, and up to its end: bytes of ASCII text, else characters.
    pub start: u32,
    pub end: u32,
    /// Rolling hashes of the run of words up to its start, its end, and its end without possessive s.
    pub before: u64,
    pub after: u64,
    /// Rolling hash of the word itself.
    pub hash: u64,
    pub after_stem: u64,
    pub standing: Standing,
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

/// Fills `words` from the tokens of a text. `place` gives the letters before a byte of them.
#[inline]
pub(crate) fn fill<L: Letter>(
    compiled: &Compiled,
    letters: &[L],
    tokens: &[Token],
    mut place: impl FnMut(u32) -> u32,
    words: &mut Vec<Word>,
) {
    let slots: &[TokenSlot] = compiled.section(Section::Tokens);
    words.clear();
    words.reserve(tokens.len());
    let (mut before, mut broken) = (0, false);
    for token in tokens {
        let (start, end) = (place(token.start), place(token.end));
        let own = letters.get(start as usize..end as usize).unwrap_or(&[]);
        let endless = own.len() > MAX_WINDOW;
        let breaks = broken || endless || token.hard_break();
        broken = endless;
        if breaks {
            before = 0;
        }
        let mut word = Word {
            start,
            end,
            before,
            after: before,
            hash: 0,
            after_stem: before,
            standing: Standing::UNKNOWN,
            stem_standing: Standing::UNKNOWN,
            possessive: false,
            numeric: token.numeric(),
            breaks,
            endless,
        };
        if !endless {
            let mut own_hash = hash::of(own);
            word.after = before
                .wrapping_mul(hash::power(own.len()))
                .wrapping_add(own_hash);
            word.hash = own_hash;
            word.standing = look_up(slots, own_hash);
            if token.possessive() && own.len() > 1 {
                let stem = &own[..own.len() - 1];
                own_hash = hash::of(stem);
                word.possessive = true;
                word.after_stem = before
                    .wrapping_mul(hash::power(stem.len()))
                    .wrapping_add(own_hash);
                word.stem_standing = look_up(slots, own_hash);
            }
        }
        before = word.after;
        words.push(word);
    }
}
