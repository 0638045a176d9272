//! The dictionary: words of the language that are not taken for misspellings where they stand alone. It is
//! an open-addressing set of hashes, whose two lowest bits say whether the entry is a word, a name or both.
//! The other 62 bits identify it: two of a million words share them in one of nine million lexicons.

use super::hash;
use super::standing::Standing;
use crate::bounds::{Interrupts, OutOfMemory, filled};
use crate::lexicon::form::{Section, View};

const WORD: u64 = 1;
const NAME: u64 = 2;
const KINDS: u64 = WORD | NAME;

#[derive(Clone, Copy)]
pub(crate) struct Dictionary<'a>(&'a [u64]);

impl<'a> Dictionary<'a> {
    pub fn of(compiled: View<'a>) -> Dictionary<'a> {
        Dictionary(compiled.section(Section::Dictionary))
    }

    /// The slot where the search for a word begins; 0 if it is empty.
    #[inline(always)]
    pub fn first(self, word: u64) -> u64 {
        let slot = self.0.get(hash::slot(word, self.0.len()));
        slot.copied().unwrap_or(0)
    }

    /// Adds to a standing what the dictionary says of the word. `first` is the word's slot as
    /// [`Dictionary::first`] returned it, so that a caller may read the slots of many words at once.
    #[inline(always)]
    pub fn amend(self, standing: Standing, word: u64, first: u64) -> Standing {
        let slot = match first {
            0 => 0,
            _ if is(first, word) => first,
            _ => self.beyond(word),
        };
        standing.with_dictionary(slot & WORD != 0, slot & NAME != 0)
    }

    fn beyond(self, word: u64) -> u64 {
        let at = hash::slot(word, self.0.len());
        let (before, from) = self.0.split_at(at.min(self.0.len()));
        let mut slots = from.iter().chain(before);
        // A damaged table may have no empty slot, so each slot is visited at most once.
        let found = slots.find(|&&slot| slot == 0 || is(slot, word));
        found.copied().unwrap_or(0)
    }
}

#[inline(always)]
fn is(slot: u64, word: u64) -> bool {
    (slot ^ word) & !KINDS == 0
}

/// Builds the section from the hashes of words and of names, both sorted, so that equal input gives equal
/// bytes.
pub(crate) fn build(
    words: &[u64],
    names: &[u64],
    interrupts: &Interrupts,
) -> Result<Vec<u64>, OutOfMemory> {
    if words.is_empty() && names.is_empty() {
        return Ok(Vec::new());
    }
    // Three slots in five are used: 1.8 probes on a hit, 3.6 on a miss (Knuth, TAOCP 6.4), and a cache
    // line holds eight slots.
    let mut slots = filled(0, (words.len() + names.len()) * 5 / 3 + 1, interrupts)?;
    let last = slots.len() - 1;
    for (words, kind) in [(words, WORD), (names, NAME)] {
        for &word in words {
            interrupts.step();
            let mut at = hash::slot(word, slots.len());
            while slots[at] != 0 && !is(slots[at], word) {
                at = if at == last { 0 } else { at + 1 };
            }
            slots[at] |= word & !KINDS | kind;
        }
    }
    Ok(slots)
}
