//! The text as the search sees it: a row for each token, with its place in letters and what the
//! lexicon knows of it.

use super::compiled::{Compiled, Section};
use super::hash::{self, MAX_LETTERS};
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

/// Fills `words` from the tokens of a text. `place` gives the letters before a byte of them, and is
/// asked in ascending order.
#[inline]
pub(crate) fn fill(
    compiled: &Compiled,
    bytes: &[u8],
    tokens: &[Token],
    mut place: impl FnMut(u32) -> u32,
    words: &mut Vec<Word>,
) {
    let slots: &[TokenSlot] = compiled.section(Section::Tokens);
    let mut broken = false;
    words.clear();
    let mut after_number = false;
    words.extend(tokens.iter().enumerate().map(|(at, token)| {
        let own = bytes
            .get(token.start as usize..token.end as usize)
            .unwrap_or(&[]);
        let endless = own.len() > MAX_BYTES;
        let breaks = std::mem::replace(&mut broken, endless) || endless || token.hard_break();
        let hash = if endless {
            0
        } else {
            hash::of_range(bytes, token.start as usize, token.end as usize)
        };
        let number = token.numeric();
        let before_number = tokens
            .get(at + 1)
            .is_some_and(|next| next.numeric() && next.joined());
        let code = number || after_number && token.joined() || before_number;
        after_number = number;
        let possessive = token.possessive() && own.len() > 1 && !endless;
        Word {
            start: place(token.start),
            end: place(token.end),
            hash,
            standing: if endless {
                Standing::UNKNOWN
            } else {
                look_up(slots, hash)
            },
            stem_standing: match possessive {
                true => look_up(slots, hash::of_bytes(&own[..own.len() - 1])),
                false => Standing::UNKNOWN,
            },
            possessive,
            code,
            breaks,
            endless,
        }
    }));
}
