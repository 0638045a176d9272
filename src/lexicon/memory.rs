//! What was found before: the same unknown words, alone and beside the same words of the lexicon, recur
//! in the texts of a column, and what is misspelled in them is the same the second time.
//!
//! A key has two slots side by side, of which the older gives way; 64 bits of a hash stand for the words.

use super::hash;
use super::overlap::Candidate;
use super::words::Word;

/// Runs and windows, in 2 MiB: of 50,000 rows of real product texts 75% of the runs of unknown words,
/// and 51% of the windows of unknown words beside frequent words of a million terms, stood in a row
/// before.
const REMEMBERED: usize = 131_072;
/// What was found in them, in at most 5 MiB; beyond it all is forgotten.
const MAX_FOUND: usize = 262_144;

/// A key and where its candidates stand, and how many they are.
#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    start: u32,
    count: u32,
}

/// The newer and the older slot of a key, in one line of the processor's cache.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
pub(super) struct Slots([Slot; 2]);

/// The misspelled mentions in runs and windows of words, for one lexicon.
#[derive(Default)]
pub(super) struct Memory {
    slots: Vec<Slots>,
    /// With places counted from the first word of the run or window.
    found: Vec<Candidate>,
    lexicon: u64,
}

impl Memory {
    /// Forgets all if it was about another lexicon.
    pub fn of(&mut self, lexicon: u64) {
        if self.lexicon != lexicon || self.slots.is_empty() {
            self.lexicon = lexicon;
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.slots.clear();
        self.slots.resize(REMEMBERED / 2, Slots::default());
        self.found.clear();
    }

    /// The slots of a key, for [`Memory::recall_from`]. Whoever asks for those of many before he looks at
    /// any waits once for the processor's memory.
    #[inline(always)]
    pub fn slots(&self, key: u64) -> Slots {
        let slots = self.slots.get(hash::slot(key, REMEMBERED / 2));
        slots.copied().unwrap_or_default()
    }

    /// Adds what was found in the words of a key, here from the word `first` on. False if it is not
    /// known.
    #[inline]
    pub fn recall(&self, key: u64, first: usize, candidates: &mut Vec<Candidate>) -> bool {
        self.recall_from(&self.slots(key), key, first, candidates)
    }

    /// The same from the slots of the key, since which nothing was kept.
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

    /// Keeps what was found in the words of a key.
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
        let own = Slot {
            key: key | 1,
            start,
            count: found.len() as u32,
        };
        if let Some(Slots(slots)) = self.slots.get_mut(hash::slot(key, REMEMBERED / 2)) {
            *slots = [own, slots[0]];
        }
    }
}

/// The key of words, the last of them added to that of those before.
#[inline(always)]
pub(super) fn key(before: u64, word: &Word) -> u64 {
    hash::scatter(before.rotate_left(17) ^ word.hash.wrapping_add(u64::from(word.possessive)))
}
