//! Remembers the results of the fuzzy search: unknown words recur in the texts of a column, alone or beside
//! the same words of the lexicon, and give the same mentions each time.
//!
//! A key is a 64-bit hash of the words. It has two slots side by side; a new key replaces the older.

use crate::lexicon::rules::{Candidate, Word};
use crate::lexicon::tables::hash;

/// The most runs and windows remembered, in 2 MiB. Of 50,000 rows of real product texts, 75% of the runs of
/// unknown words had stood in an earlier row, and 51% of the windows of unknown words beside frequent words
/// of a million terms.
const REMEMBERED: usize = 131_072;
/// The lines of slots at first, in 32 KiB. Their number doubles when half the slots are in use, so that a
/// session that matches a few texts does not hold 2 MiB for each part of a lexicon.
const FIRST_LINES: usize = 1024;
/// The most candidates kept, in 5 MiB; when they would be more, everything is forgotten.
const MAX_FOUND: usize = 262_144;

/// A key, where its candidates begin among those found, and how many they are.
#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    start: u32,
    count: u32,
}

/// The newer and the older slot of a key, in one line of the processor's cache.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
pub(crate) struct Slots([Slot; 2]);

/// The misspelled mentions in runs and windows of words, for one lexicon.
#[derive(Default)]
pub(crate) struct Memory {
    slots: Vec<Slots>,
    /// Candidates, their words counted from the first word of their run or window.
    found: Vec<Candidate>,
    /// How many keys were kept since everything was last forgotten.
    kept: usize,
    lexicon: u64,
}

impl Memory {
    /// Prepares the memory for searches with a lexicon; forgets everything if it was used with another.
    pub fn reset_for(&mut self, lexicon: u64) {
        if self.lexicon != lexicon || self.slots.is_empty() {
            self.lexicon = lexicon;
            self.forget();
        }
    }

    fn forget(&mut self) {
        let lines = self.slots.len().max(FIRST_LINES);
        self.slots.clear();
        self.slots.resize(lines, Slots::default());
        self.found.clear();
        self.kept = 0;
    }

    fn grow(&mut self) {
        let wider = vec![Slots::default(); self.slots.len() * 2];
        for Slots([newer, older]) in std::mem::replace(&mut self.slots, wider) {
            for slot in [older, newer] {
                if slot.key != 0 {
                    self.put(slot);
                }
            }
        }
    }

    /// Puts a slot into the line of its key, as the newer of the two there.
    fn put(&mut self, slot: Slot) {
        let lines = self.slots.len();
        if let Some(Slots(slots)) = self.slots.get_mut(hash::slot(slot.key, lines)) {
            *slots = [slot, slots[0]];
        }
    }

    /// The slots of a key, for [`Memory::recall_from`]. A caller that copies the slots of many keys before
    /// it examines any lets their cache misses overlap.
    #[inline(always)]
    pub fn slots(&self, key: u64) -> Slots {
        let slots = self.slots.get(hash::slot(key, self.slots.len()));
        slots.copied().unwrap_or_default()
    }

    /// Adds the candidates kept for a key, with words counted from `first`. Returns false if the key is not
    /// remembered, which differs from a key that has no candidates.
    #[inline]
    pub fn recall(&self, key: u64, first: usize, candidates: &mut Vec<Candidate>) -> bool {
        self.recall_from(&self.slots(key), key, first, candidates)
    }

    /// Does what [`Memory::recall`] does, given the slots of the key; nothing may have been kept since they
    /// were copied.
    #[inline]
    pub fn recall_from(
        &self,
        Slots([newer, older]): &Slots,
        key: u64,
        first: usize,
        candidates: &mut Vec<Candidate>,
    ) -> bool {
        let slot = match key | 1 {
            key if newer.key == key => newer,
            key if older.key == key => older,
            _ => return false,
        };
        if slot.count > 0 {
            let start = slot.start as usize;
            let found = self.found.get(start..start + slot.count as usize);
            candidates.extend(found.unwrap_or(&[]).iter().map(|found| Candidate {
                first: found.first + first as u32,
                last: found.last + first as u32,
                ..*found
            }));
        }
        true
    }

    /// Remembers what was found in the words of a key, the first of which is the word `first`.
    pub fn keep(&mut self, key: u64, first: usize, found: &[Candidate]) {
        if self.found.len() + found.len() > MAX_FOUND {
            self.forget();
        }
        let start = self.found.len() as u32;
        self.found.extend(found.iter().map(|found| Candidate {
            first: found.first - first as u32,
            last: found.last - first as u32,
            ..*found
        }));
        self.kept += 1;
        if self.kept > self.slots.len() && self.slots.len() < REMEMBERED / 2 {
            self.grow();
        }
        self.put(Slot {
            key: key | 1,
            start,
            count: found.len() as u32,
        });
    }
}

/// Extends the key of a sequence of words (0 for none) by the next word.
#[inline(always)]
pub(crate) fn key(before: u64, word: &Word) -> u64 {
    hash::scatter(before.rotate_left(17) ^ word.hash.wrapping_add(u64::from(word.possessive)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back_as_it_was_while_the_memory_grows_to_its_bound() {
        let found = |number: u64| Candidate {
            first: 3,
            last: 4,
            without_s: false,
            group: number as u32,
            distance: 1,
            letters: 5,
            window_letters: 6,
        };
        let key = |number: u64| hash::scatter(number + 1);
        let mut memory = Memory::default();
        memory.reset_for(7);
        assert_eq!(memory.slots.len(), FIRST_LINES);
        let mut candidates = Vec::new();
        for many in [100, 10_000, 100_000] {
            for number in 0..many {
                memory.keep(key(number), 3, &[found(number)]);
            }
            let mut known = 0;
            for number in 0..many {
                candidates.clear();
                if memory.recall(key(number), 3, &mut candidates) {
                    known += 1;
                    assert_eq!(candidates, [found(number)]);
                }
            }
            // Of lines of two with as many keys as slots at the most, some have had three.
            assert!(known > many * 3 / 4, "{known} of {many}");
        }
        assert_eq!(memory.slots.len(), REMEMBERED / 2);
        candidates.clear();
        assert!(!memory.recall(key(1 << 40), 3, &mut candidates));
        memory.reset_for(8);
        assert!(!memory.recall(key(99_999), 3, &mut candidates));
        assert_eq!(candidates, []);
    }
}
