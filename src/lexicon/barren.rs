//! What came to nothing before: the same unknown words, alone and beside the same words of the
//! lexicon, recur in the texts of a column, and nothing is found in them the second time either.
//!
//! Direct-mapped, the last to come stays; 64 bits of a hash stand for the words.

use super::hash;
use super::words::Word;

/// Keys, in 2 MiB.
const REMEMBERED: usize = 262_144;

/// Runs and windows of words in which a lexicon finds nothing misspelled.
#[derive(Default)]
pub(super) struct Barren {
    keys: Vec<u64>,
    lexicon: u64,
}

impl Barren {
    /// Forgets all if it was about another lexicon.
    pub fn of(&mut self, lexicon: u64) {
        if self.lexicon != lexicon || self.keys.is_empty() {
            self.keys.clear();
            self.keys.resize(REMEMBERED, 0);
            self.lexicon = lexicon;
        }
    }

    #[inline]
    pub fn has(&self, key: u64) -> bool {
        self.keys.get(hash::slot(key, REMEMBERED)) == Some(&(key | 1))
    }

    #[inline]
    pub fn add(&mut self, key: u64) {
        if let Some(slot) = self.keys.get_mut(hash::slot(key, REMEMBERED)) {
            *slot = key | 1;
        }
    }
}

/// The key of words, the last of them added to that of those before.
#[inline(always)]
pub(super) fn key(before: u64, word: &Word) -> u64 {
    hash::scatter(before.rotate_left(17) ^ word.hash.wrapping_add(u64::from(word.possessive)))
}
