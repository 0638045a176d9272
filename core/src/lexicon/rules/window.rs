//! Compares a run of words of the text with the words of a term: which are words of the term, which are
//! changed, and whether the changed ones may be misspellings.

use super::rule::Rule;
use super::word::Word;
use crate::lexicon::tables::hash::MAX_LETTERS;
use crate::lexicon::tables::standing::{FREQUENT, Standing};

/// A misspelling is rarer than the word it misspells: it stands in less than one `RARER`th of that word's
/// documents. `benches/accuracy.txt` has what another factor does.
const RARER: u32 = 3;
/// From this many letters on a term is recognised however it is split: "in style", "safe way".
const UNMISTAKABLE: usize = 7;
/// The fewest letters of a word that tells a split term from ordinary words: the "mm f" of "55 mm f/4" is
/// not MMF.
const PIECE: usize = 3;

/// A run of words, the last perhaps without its possessive s; compared with a term as multisets of
/// vocabulary numbers.
pub(crate) struct Window<'a> {
    pub words: &'a [Word],
    pub without_s: bool,
}

impl Window<'_> {
    pub fn standings(&self) -> impl Iterator<Item = (Standing, &Word)> {
        let last = self.words.len().wrapping_sub(1);
        self.words
            .iter()
            .enumerate()
            .map(move |(i, word)| (word.standing(self.without_s && i == last), word))
    }

    /// Judges a window that has exactly the term's letters. If its words are not the term's, one of them
    /// must be unusual.
    pub fn exact(&self, term: &[u32], letters: u16) -> Result<(), Rule> {
        if usize::from(letters) >= UNMISTAKABLE {
            return Ok(());
        }
        let mut ordinary = false;
        let mut pairs = Pairs::of(term);
        for (at, (standing, word)) in self.standings().enumerate() {
            if pairs.with(standing) {
                continue;
            }
            let length =
                word.end(self.without_s && at + 1 == self.words.len()) - word.start as usize;
            if !standing.common() && length >= PIECE {
                return Ok(());
            }
            ordinary = true;
        }
        if ordinary { Err(Rule::Pieces) } else { Ok(()) }
    }

    /// Judges a misspelled window, and returns how many letters its unchanged words have together.
    pub fn fuzzy(&self, term: &[u32], guarded: bool) -> Result<usize, Rule> {
        let (mut changed, mut kept) = (0, 0);
        let mut pairs = Pairs::of(term);
        for (at, (standing, word)) in self.standings().enumerate() {
            if pairs.with(standing) {
                let without_s = self.without_s && at + 1 == self.words.len();
                kept += word.end(without_s) - word.start as usize;
                continue;
            }
            if standing.in_lexicon() {
                return Err(Rule::LexiconWord);
            }
            if word.code {
                return Err(Rule::Number);
            }
            if guarded && standing.common() {
                return Err(Rule::CommonWord);
            }
            changed += 1;
        }
        if changed == 0 || self.words.len() - changed == term.len() {
            return Err(Rule::WholeWord);
        }
        Ok(kept)
    }

    /// Checks that the changed words are rarer in the learned text than the words they stand for.
    pub fn rare(&self, term: &[u32], frequencies: &[u32]) -> Result<(), Rule> {
        let changed = self
            .standings()
            .filter(|(standing, _)| !standing.in_lexicon());
        let most = changed
            .map(|(standing, _)| standing.frequency())
            .max()
            .unwrap_or(0);
        if most < FREQUENT {
            return Ok(());
        }
        let mut pairs = Pairs::of(term);
        for (standing, _) in self.standings() {
            pairs.with(standing);
        }
        let rarest = pairs
            .alone()
            .filter_map(|token| frequencies.get(token as usize))
            .min();
        let rarest = u64::from(rarest.copied().unwrap_or(0));
        if u64::from(most) * u64::from(RARER) >= rarest {
            Err(Rule::Frequent)
        } else {
            Ok(())
        }
    }
}

/// The words of a term while they are paired with the same words of a window, one to one.
///
/// The next word of a window is mostly the next of the term, so all are paired in about as many steps as
/// they are: a text may repeat one word without end, and every window in it is judged.
struct Pairs<'a> {
    term: &'a [u32],
    /// One bit per word of the term, set when the word has a partner. A term has no more words than letters.
    taken: [u64; MAX_LETTERS.div_ceil(64)],
    next: usize,
}

impl<'a> Pairs<'a> {
    fn of(term: &'a [u32]) -> Pairs<'a> {
        Pairs {
            term,
            taken: Default::default(),
            next: 0,
        }
    }

    fn is_free(&self, at: usize) -> bool {
        let bits = self.taken.get(at / 64);
        bits.is_some_and(|bits| bits >> (at % 64) & 1 == 0)
    }

    /// Pairs a word of the window with a free word of the term, and says whether there was one.
    fn with(&mut self, standing: Standing) -> bool {
        if !standing.in_lexicon() {
            return false;
        }
        let is = |&at: &usize| self.term.get(at) == Some(&standing.vocabulary) && self.is_free(at);
        let found = (self.next..self.term.len()).find(is);
        let Some(at) = found.or_else(|| (0..self.next).find(is)) else {
            return false;
        };
        if let Some(bits) = self.taken.get_mut(at / 64) {
            *bits |= 1 << (at % 64);
        }
        self.next = at + 1;
        true
    }

    /// The words of the term that have no partner.
    fn alone(&self) -> impl Iterator<Item = u32> {
        let words = self.term.iter().enumerate();
        words.filter_map(|(at, &token)| self.is_free(at).then_some(token))
    }
}
