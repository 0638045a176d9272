//! A cache of recently seen words, with what the lexicon says of them and what the search has found out
//! since. Most words of a text were in an earlier text, and the tables of all words are larger than the
//! processor's caches.
//!
//! A word has two slots side by side; a new word replaces the older. Of 18 words of real product texts, 17
//! are found here; with one slot per word, and half the slots, 15.

use crate::lexicon::rules::Word;
use crate::lexicon::tables::hash;
use crate::lexicon::tables::standing::Standing;
use crate::lexicon::tables::tokens::{TokenSlot, first_slot, look_up_from};
use crate::lexicon::tables::words::WordTables;

/// Pairs of slots: 512 KiB in all, of which a column's texts touch the lines of their commonest words.
const PAIRS: usize = 16_384;

/// The newer and the older word of a slot pair, in one line of the processor's cache.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Pair([TokenSlot; 2]);

#[derive(Default)]
pub(crate) struct Recent {
    pairs: Vec<Pair>,
    lexicon: u64,
    /// Buffer: the words of a text that are not cached, by number. `met` has their first slots in the
    /// tables of tokens and of the dictionary.
    missing: Vec<u32>,
    met: Vec<(TokenSlot, u64)>,
}

impl Recent {
    /// Prepares the cache for searches with a lexicon; forgets everything if it was used with another.
    pub fn reset_for(&mut self, lexicon: u64) {
        if self.lexicon != lexicon || self.pairs.is_empty() {
            self.lexicon = lexicon;
            self.pairs.clear();
            // No word has the hash 0, so that this slot matches none.
            let none = TokenSlot::of(0, Standing::UNKNOWN);
            self.pairs.resize(PAIRS, Pair([none; 2]));
        }
    }

    /// Fills in the standings of words. `complete` adds what the tables do not say of a word; it is called
    /// when the word enters the cache.
    ///
    /// The first slots of all uncached words are read before any is examined, so that their cache misses
    /// overlap.
    #[inline]
    pub fn standings(
        &mut self,
        tables: &WordTables<'_>,
        words: &mut [Word],
        complete: impl Fn(usize, &Word, Standing) -> Standing,
    ) {
        if self.pairs.is_empty() {
            self.reset_for(self.lexicon);
        }
        let Recent {
            pairs,
            missing,
            met,
            ..
        } = self;
        missing.resize(words.len(), 0);
        let mut count = 0;
        for (at, word) in words.iter_mut().enumerate() {
            let Some(Pair([newer, older])) = pairs.get(hash::slot(word.hash, PAIRS)) else {
                break;
            };
            let slot = if newer.is(word.hash) { newer } else { older };
            word.standing = slot.standing();
            if let Some(place) = missing.get_mut(count) {
                *place = at as u32;
            }
            count += usize::from(!slot.is(word.hash));
        }
        let missing = missing.get(..count).unwrap_or(&[]);
        let first = |&at: &u32| {
            let word = words[at as usize].hash;
            let first = tables.dictionary.first(word);
            (first_slot(tables.tokens, word), first)
        };
        met.clear();
        met.extend(missing.iter().map(first));
        for (&at, &(first, in_dictionary)) in missing.iter().zip(met.iter()) {
            let word = &mut words[at as usize];
            let standing = look_up_from(first, tables.tokens, word.hash);
            let standing = tables.dictionary.amend(standing, word.hash, in_dictionary);
            word.standing = complete(at as usize, word, standing);
            if let Some(Pair(pair)) = pairs.get_mut(hash::slot(word.hash, PAIRS)) {
                *pair = [TokenSlot::of(word.hash, word.standing), pair[0]];
            }
        }
    }

    /// Records that a word, standing alone, is no misspelling of any term, so that later searches skip it.
    pub fn mark_barren(&mut self, word: u64) {
        if let Some(Pair(pair)) = self.pairs.get_mut(hash::slot(word, PAIRS)) {
            let known = pair.iter_mut().filter(|slot| slot.is(word));
            known.for_each(TokenSlot::mark_barren);
        }
    }
}
