//! The words of a text as the search sees them: where each stands in the letters, and what the lexicon knows
//! of it.

use super::recent::Recent;
use crate::lexicon::rules::{MAX_WINDOW, Word};
use crate::lexicon::tables::hash;
use crate::lexicon::tables::words::WordTables;
use crate::text::{Folded, Token};

/// A letter has at most four bytes.
const MAX_BYTES: usize = 4 * MAX_WINDOW;

/// Fills `words` from the tokens of a folded text.
#[inline]
pub(crate) fn fill(
    tables: &WordTables<'_>,
    recent: &mut Recent,
    folded: &Folded,
    words: &mut Vec<Word>,
) {
    let (bytes, tokens) = (folded.padded(), folded.tokens());
    if folded.is_ascii() {
        fill_at(tables, recent, bytes, tokens, |byte| byte, words);
    } else {
        let position = letters_before(folded.letters());
        fill_at(tables, recent, bytes, tokens, position, words);
    }
}

/// Fills `words` from tokens. `position` gives the letters before a byte, and is asked in ascending order.
#[inline]
fn fill_at(
    tables: &WordTables<'_>,
    recent: &mut Recent,
    bytes: &[u8],
    tokens: &[Token],
    mut position: impl FnMut(u32) -> u32,
    words: &mut Vec<Word>,
) {
    #[cfg(test)]
    crate::lexicon::work::add(tokens.len());
    words.resize(tokens.len(), Word::NONE);
    let mut unusual = false;
    for (word, token) in words.iter_mut().zip(tokens) {
        let (start, end) = (token.start as usize, token.end as usize);
        let endless = end - start > MAX_BYTES;
        unusual |= token.joined() | endless;
        *word = Word {
            start: position(token.start),
            end: position(token.end),
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

/// Tells how many letters stand before a byte, asked in ascending order: each letter is counted once.
fn letters_before(bytes: &[u8]) -> impl FnMut(u32) -> u32 {
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
        if let ([before, token], Some([word_before, word])) = (tokens, words.get_mut(at..at + 2)) {
            word.breaks |= word_before.endless;
            word_before.code |= token.joined() & token.numeric();
            word.code |= token.joined() & before.numeric();
        }
    }
}
