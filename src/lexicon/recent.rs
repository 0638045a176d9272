//! The words met lately, with what the lexicon knows of them and what the search has learned since: a
//! text has few words that were not in a text before, and the tables that know all words are larger
//! than the caches of a processor that other work is also done on.
//!
//! Direct-mapped: a word has one slot, and the last to come has it. 17 of 18 words of real product texts
//! are met here.

use super::hash;
use super::tokens::{Standing, TokenSlot, look_up};

/// In 256 KiB, of which a column's texts use the lines of their commonest words.
const SLOTS: usize = 16_384;

#[derive(Default)]
pub(crate) struct Recent {
    slots: Vec<TokenSlot>,
    lexicon: u64,
}

impl Recent {
    /// Forgets all if it was about another lexicon.
    pub fn of(&mut self, lexicon: u64) {
        if self.lexicon != lexicon || self.slots.is_empty() {
            self.lexicon = lexicon;
            self.slots.clear();
            self.slots.resize(SLOTS, TokenSlot::default());
        }
    }

    /// The standing of a word. `complete` adds what else is to be known of it, when it is met.
    #[inline(always)]
    pub fn standing(
        &mut self,
        all: &[TokenSlot],
        word: u64,
        complete: impl FnOnce(Standing) -> Standing,
    ) -> Standing {
        match self.slots.get_mut(hash::slot(word, SLOTS)) {
            Some(slot) if slot.is(word) => slot.standing(),
            Some(slot) => {
                let standing = complete(look_up(all, word));
                *slot = TokenSlot::of(word, standing);
                standing
            }
            None => look_up(all, word),
        }
    }

    /// From now on the word is known to be a misspelling of nothing where it stands alone.
    pub fn mark_barren(&mut self, word: u64) {
        if let Some(slot) = self.slots.get_mut(hash::slot(word, SLOTS))
            && slot.is(word)
        {
            slot.mark_barren();
        }
    }
}
