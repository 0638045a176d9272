//! The rules that a window within the allowed edits must still pass. Plain edit distance finds Tena
//! in every "tea"; these rules are what makes misspellings usable.

use super::tokens::{Frequencies, Standing};
use super::words::Word;

/// Why a window near a term is not a mention of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The digits of the window are not those of the term.
    Digits,
    /// A whole word of the term is missing, or the window has one too many.
    WholeWord,
    /// A changed word of the text is a word of some term.
    LexiconWord,
    /// A changed word of the text is an ordinary word.
    CommonWord,
    /// A changed word of the text is a number.
    Number,
    /// A changed word of the text is frequent in the learned text.
    Frequent,
}

impl Rule {
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Digits => "digits differ",
            Rule::WholeWord => "a whole word is missing or added",
            Rule::LexiconWord => "a word of another term",
            Rule::CommonWord => "an ordinary word",
            Rule::Number => "a number",
            Rule::Frequent => "a word frequent in the learned text",
        }
    }
}

/// Below this document frequency a learned word may be a misspelling of anything.
pub(crate) const FREQUENT: u32 = 2;
/// A misspelling is rarer than the word it misspells: one fifth of its documents at most.
pub(crate) const RARER: u32 = 5;

/// Whether a word of the text may be a misspelling of something.
#[inline(always)]
pub(crate) fn may_be_changed(standing: Standing, numeric: bool, guarded: bool) -> bool {
    !(standing.in_lexicon() || numeric || guarded && standing.common)
}

/// Judges the words of a fuzzy window (the last without its possessive s if `stem`) against the
/// tokens of a term, both as multisets of vocabulary numbers.
pub(crate) fn judge(
    window: &[Word],
    stem: bool,
    term: &[u32],
    frequencies: Frequencies<'_>,
    guarded: bool,
) -> Result<(), Rule> {
    let last = window.len().wrapping_sub(1);
    let standing = |i: usize, word: &Word| word.standing(stem && i == last);
    let (mut changed, mut most_frequent) = (0, 0);
    for (i, word) in window.iter().enumerate() {
        let own = standing(i, word);
        if own.in_lexicon() {
            let so_far = window
                .iter()
                .enumerate()
                .take(i + 1)
                .filter(|(k, w)| standing(*k, w).vocabulary == own.vocabulary);
            if so_far.count()
                > term
                    .iter()
                    .filter(|&&token| token == own.vocabulary)
                    .count()
            {
                return Err(Rule::LexiconWord);
            }
            continue;
        }
        if word.numeric {
            return Err(Rule::Number);
        }
        if guarded && own.common {
            return Err(Rule::CommonWord);
        }
        changed += 1;
        most_frequent = most_frequent.max(own.frequency);
    }
    if changed == 0 || window.len() - changed == term.len() {
        return Err(Rule::WholeWord);
    }
    if guarded && most_frequent >= FREQUENT {
        let unmatched = |token: &&u32| {
            !window
                .iter()
                .enumerate()
                .any(|(i, w)| standing(i, w).vocabulary == **token)
        };
        let replaced = term
            .iter()
            .filter(unmatched)
            .filter_map(|&token| frequencies.get(token as usize));
        if u64::from(most_frequent) * u64::from(RARER)
            >= u64::from(replaced.copied().max().unwrap_or(0))
        {
            return Err(Rule::Frequent);
        }
    }
    Ok(())
}

/// The digits of folded letters, in order.
pub(crate) fn digits(letters: &[u8]) -> impl Iterator<Item = char> + '_ {
    std::str::from_utf8(letters)
        .unwrap_or("")
        .chars()
        .filter(|c| c.is_numeric())
}
