//! The foldings of the characters met lately, so that a text with a few accents, or one in another
//! script, costs a look-up a character instead of a walk through the Unicode tables.
//!
//! Direct-mapped: a character has one slot, and the last to come has it. The parts lie in one
//! vector that is emptied, slots and all, when it is full: bounded memory, and no allocation once
//! warm.

use super::unicode::{Part, parts};

/// A power of two. On texts of 40 characters, of 3,000 ideographs and of 1,600 Hangul syllables:
/// 1024 slots 351k and 70k rows/s, 2048 489k and 795k, 4096 1.56M and 764k; alphabets do not care.
/// 32 KiB.
const SLOTS: usize = 4096;

/// Four for every slot: a Hangul syllable has three. 128 KiB, of a text that uses them all.
const MAX_PARTS: usize = 16384;

#[derive(Clone, Copy, Default)]
struct Slot {
    letter: char,
    start: u16,
    /// 0 where the slot is empty.
    len: u16,
}

pub(super) struct Cache {
    slots: Box<[Slot; SLOTS]>,
    parts: Vec<Part>,
}

impl Cache {
    pub(super) fn new() -> Cache {
        Cache {
            slots: Box::new([Slot::default(); SLOTS]),
            parts: Vec::new(),
        }
    }

    /// What `c` folds to: at least one part.
    #[inline]
    pub(super) fn parts(&mut self, c: char) -> &[Part] {
        let slot = self.slots[c as usize % SLOTS];
        let slot = if slot.letter == c && slot.len > 0 {
            slot
        } else {
            self.fill(c)
        };
        &self.parts[slot.start as usize..][..slot.len as usize]
    }

    #[cold]
    fn fill(&mut self, c: char) -> Slot {
        if self.parts.len() >= MAX_PARTS {
            self.parts.clear();
            self.slots.fill(Slot::default());
        }
        let start = self.parts.len();
        parts(c, &mut self.parts);
        let len = self.parts.len() - start;
        let slot = Slot {
            letter: c,
            start: start as u16,
            len: len as u16,
        };
        self.slots[c as usize % SLOTS] = slot;
        slot
    }
}
