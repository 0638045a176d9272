//! The words met lately, with what the lexicon knows of them and what the search has learned since: a
//! text has few words that were not in a text before, and the tables that know all words are larger
//! than the caches of a processor that other work is also done on.
//!
//! A word has two slots side by side, of which the older gives way. Of 18 words of real product texts 17
//! are met here; 15 with half the slots, each word having one.

use super::hash;
use super::tokens::{Standing, TokenSlot, first_slot, look_up_from};
use super::words::{Tables, Word};

/// In 512 KiB, of which a column's texts use the lines of their commonest words.
const PAIRS: usize = 16_384;

/// The newer and the older word, in one line of the processor's cache.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Pair([TokenSlot; 2]);

#[derive(Default)]
pub(crate) struct Recent {
    pairs: Vec<Pair>,
    lexicon: u64,
    /// Buffers: the words of a text that are not here, and the first slots to look for them in.
    missing: Vec<u32>,
    met: Vec<(TokenSlot, u64)>,
}

impl Recent {
    /// Forgets everything if it was about another lexicon.
    pub fn reset_for(&mut self, lexicon: u64) {
        if self.lexicon != lexicon || self.pairs.is_empty() {
            self.lexicon = lexicon;
            self.pairs.clear();
            // A word without a hash is one that nothing is known of.
            let none = TokenSlot::of(0, Standing::UNKNOWN);
            self.pairs.resize(PAIRS, Pair([none; 2]));
        }
    }

    /// Fills in the standings of words. `complete` adds what else is to be known of one, when it is met.
    ///
    /// The memory is asked for all words that are not here before any answer is looked at: it answers
    /// several questions in the time of one.
    #[inline]
    pub fn standings(
        &mut self,
        tables: &Tables<'_>,
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

    /// From now on the word is known to be a misspelling of nothing where it stands alone.
    pub fn mark_barren(&mut self, word: u64) {
        if let Some(Pair(pair)) = self.pairs.get_mut(hash::slot(word, PAIRS)) {
            let known = pair.iter_mut().filter(|slot| slot.is(word));
            known.for_each(TokenSlot::mark_barren);
        }
    }
}
