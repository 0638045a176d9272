//! A run of words of the text against the words of a term: which are the term's own, which are changed,
//! and whether the changed ones may be misspellings.

use super::guard::{FREQUENT, Rule};
use super::hash::MAX_LETTERS;
use super::tokens::Standing;
use super::words::Word;

/// A misspelling is rarer than the word it misspells: less than a third of its documents. Learned from
/// the rows themselves: .976 .961 .957 .958; with a fifth .975 .961 .958 .954.
const RARER: u32 = 3;
/// From this length a term is what its letters say, however they are split: "in style", "safe way".
const UNMISTAKABLE: usize = 7;
/// Shorter pieces of a split term say nothing: the "mm f" of "55 mm f/4" is not MMF.
const PIECE: usize = 3;

/// A run of words, the last perhaps without its possessive s; compared with a term as multisets of
/// vocabulary numbers.
pub(super) struct Window<'a> {
    pub words: &'a [Word],
    pub stem: bool,
}

impl Window<'_> {
    pub fn standings(&self) -> impl Iterator<Item = (Standing, &Word)> {
        let last = self.words.len().wrapping_sub(1);
        self.words
            .iter()
            .enumerate()
            .map(move |(i, word)| (word.standing(self.stem && i == last), word))
    }

    /// A window of the very letters of a term: if the words are others, one of them must be unusual.
    pub fn exact(&self, term: &[u32], letters: u16) -> Result<(), Rule> {
        if usize::from(letters) >= UNMISTAKABLE {
            return Ok(());
        }
        let mut ordinary = false;
        let mut pairs = Pairs::of(term);
        for (at, (own, word)) in self.standings().enumerate() {
            if pairs.with(own) {
                continue;
            }
            let length = word.end(self.stem && at + 1 == self.words.len()) - word.start as usize;
            if !own.common() && length >= PIECE {
                return Ok(());
            }
            ordinary = true;
        }
        if ordinary { Err(Rule::Pieces) } else { Ok(()) }
    }

    /// The letters of the words that a misspelled window has unchanged.
    pub fn fuzzy(&self, term: &[u32], guarded: bool) -> Result<usize, Rule> {
        let (mut changed, mut kept) = (0, 0);
        let mut pairs = Pairs::of(term);
        for (at, (own, word)) in self.standings().enumerate() {
            if pairs.with(own) {
                let stem = self.stem && at + 1 == self.words.len();
                kept += word.end(stem) - word.start as usize;
                continue;
            }
            if own.in_lexicon() {
                return Err(Rule::LexiconWord);
            }
            if word.code {
                return Err(Rule::Number);
            }
            if guarded && own.common() {
                return Err(Rule::CommonWord);
            }
            changed += 1;
        }
        if changed == 0 || self.words.len() - changed == term.len() {
            return Err(Rule::WholeWord);
        }
        Ok(kept)
    }

    /// A changed word must be rarer in the learned text than the words it stands for.
    pub fn rare(&self, term: &[u32], frequencies: &[u32]) -> Result<(), Rule> {
        let changed = self.standings().filter(|(own, _)| !own.in_lexicon());
        let most = changed.map(|(own, _)| own.frequency()).max().unwrap_or(0);
        if most < FREQUENT {
            return Ok(());
        }
        let mut pairs = Pairs::of(term);
        for (own, _) in self.standings() {
            pairs.with(own);
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

/// The words of a term, each of which pairs with one of a window that is the same word.
///
/// The next word of a window is mostly the next of the term, so all are paired in about as many steps as
/// they are: a text may repeat one word without end, and every window in it is judged.
struct Pairs<'a> {
    term: &'a [u32],
    /// A bit for each that has a partner: a term has fewer words than letters.
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

    /// Whether a word finds a partner.
    fn with(&mut self, own: Standing) -> bool {
        if !own.in_lexicon() {
            return false;
        }
        let is = |&at: &usize| self.term.get(at) == Some(&own.vocabulary) && self.is_free(at);
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

    /// The words without a partner.
    fn alone(&self) -> impl Iterator<Item = u32> {
        let words = self.term.iter().enumerate();
        words.filter_map(|(at, &token)| self.is_free(at).then_some(token))
    }
}
