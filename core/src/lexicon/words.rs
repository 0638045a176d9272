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
    /// The standing of the word without its possessive s.
    pub standing_without_s: Standing,
    pub possessive: bool,
    /// A number, or a word run together with one, as in codes ("s60abcl").
    pub code: bool,
    /// No window holds this word and the one before.
    pub breaks: bool,
    /// Longer than any window.
    pub endless: bool,
}

impl Word {
    const NONE: Word = Word {
        start: 0,
        end: 0,
        hash: 0,
        standing: Standing::UNKNOWN,
        standing_without_s: Standing::UNKNOWN,
        possessive: false,
        code: false,
        breaks: false,
        endless: false,
    };

    /// The ways to read the word, as arguments of [`Word::standing`] and [`Word::end`]: without its
    /// possessive s (true), if it has one, and as it is (false).
    #[inline(always)]
    pub fn readings(&self) -> &'static [bool] {
        if self.possessive {
            &[true, false]
        } else {
            &[false]
        }
    }

    /// The standing of the word, read without its possessive s or as it is.
    #[inline(always)]
    pub fn standing(&self, without_s: bool) -> Standing {
        if without_s {
            self.standing_without_s
        } else {
            self.standing
        }
    }

    /// The position in the letters where the word ends, read without its possessive s or as it is.
    #[inline(always)]
    pub fn end(&self, without_s: bool) -> usize {
        self.end as usize - usize::from(without_s)
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
    #[cfg(test)]
    super::work::add(tokens.len());
    words.resize(tokens.len(), Word::NONE);
    let mut unusual = false;
    for (word, token) in words.iter_mut().zip(tokens) {
        let (start, end) = (token.start as usize, token.end as usize);
        let endless = end - start > MAX_BYTES;
        unusual |= token.joined() | endless;
        *word = Word {
            start: place(token.start),
            end: place(token.end),
            hash: hash::of_range(bytes, start, end),
            possessive: token.possessive(),
            code: token.numeric(),
            breaks: token.hard_break(),
            endless,
            ..Word::NONE
        };
        if word.possessive {
            word.possessive = end - start > 1 && !endless;
        }
        if word.possessive {
            let without_s = hash::of_range(bytes, start, end - 1);
            word.standing_without_s = tables.standing(without_s);
        }
    }
    if unusual {
        join(words, tokens);
    }
    recent.standings(tables, words, |at, word, standing| {
        let (term, beginning) = match tokens.get(at) {
            Some(token) if !word.endless => {
                let (start, end) = (token.start as usize, token.end as usize);
                tables.exact.terms_of(bytes, start, end, word.hash)
            }
            _ => (false, false),
        };
        standing.with_terms(term, beginning)
    });
}

/// How many letters stand before a byte of letters, asked in ascending order: each is counted once.
pub(crate) fn places(bytes: &[u8]) -> impl FnMut(u32) -> u32 {
    let (mut at, mut letters) = (0u32, 0u32);
    move |to| {
        let passed = bytes.get(at as usize..to as usize).unwrap_or(&[]);
        letters += passed.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32;
        at = to;
        letters
    }
}

/// Puts right the endless words, and what words are that run together with others.
#[inline(never)]
fn join(words: &mut [Word], tokens: &[Token]) {
    for word in words.iter_mut().filter(|word| word.endless) {
        word.hash = 0;
        word.breaks = true;
    }
    for (at, tokens) in tokens.windows(2).enumerate() {
        if let ([before, own], Some([word_before, word])) = (tokens, words.get_mut(at..at + 2)) {
            word.breaks |= word_before.endless;
            word_before.code |= own.joined() & own.numeric();
            word.code |= own.joined() & before.numeric();
        }
    }
}
