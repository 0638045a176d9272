//! The table of the words of terms, ordinary words and learned words, with what is known of each. One
//! open-addressing probe answers all of it for a word of a text.

use std::collections::HashMap;

use bytemuck::{Pod, Zeroable};

use super::hash;
use super::standing::{BARREN, COMMON, MOST, SHARED, Standing};
use crate::bounds::{Grow, Interrupts, OutOfMemory, filled};
use crate::lexicon::error::LexiconError;

#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct TokenSlot {
    /// Hash of the token; 0, which no token has, marks a free slot.
    hash: u64,
    vocabulary: u32,
    /// Document frequency; the top bits say what kind of word it is.
    info: u32,
}

#[inline(always)]
pub(crate) fn look_up(slots: &[TokenSlot], hash: u64) -> Standing {
    find(slots, hash).unwrap_or(Standing::UNKNOWN)
}

/// The standing of a token, if the table has the token; it may say that no term has it.
#[inline(always)]
pub(crate) fn find(slots: &[TokenSlot], hash: u64) -> Option<Standing> {
    find_from(first_slot(slots, hash), slots, hash)
}

/// The slot where the search for a token begins.
#[inline(always)]
pub(crate) fn first_slot(slots: &[TokenSlot], hash: u64) -> TokenSlot {
    let slot = slots.get(hash::slot(hash, slots.len()));
    slot.copied().unwrap_or_default()
}

/// The standing of a token, given the slot where the search for it begins.
#[inline(always)]
pub(crate) fn look_up_from(first: TokenSlot, slots: &[TokenSlot], hash: u64) -> Standing {
    find_from(first, slots, hash).unwrap_or(Standing::UNKNOWN)
}

#[inline(always)]
fn find_from(first: TokenSlot, slots: &[TokenSlot], hash: u64) -> Option<Standing> {
    match first.hash {
        own if own == hash => Some(first.standing()),
        0 => None,
        _ => find_beyond(slots, hash, hash::slot(hash, slots.len())),
    }
}

/// The standing of a token that is not in its first slot, `at`, but in one behind it.
fn find_beyond(slots: &[TokenSlot], hash: u64, mut at: usize) -> Option<Standing> {
    // Bounded, for a damaged table may have no empty slot.
    for _ in 0..slots.len() {
        at = if at + 1 == slots.len() { 0 } else { at + 1 };
        match slots.get(at) {
            Some(slot) if slot.hash == hash => return Some(slot.standing()),
            Some(slot) if slot.hash != 0 => {}
            _ => return None,
        }
    }
    None
}

impl TokenSlot {
    pub fn of(hash: u64, standing: Standing) -> TokenSlot {
        TokenSlot {
            hash,
            vocabulary: standing.vocabulary,
            info: standing.info,
        }
    }

    #[inline(always)]
    pub fn is(&self, hash: u64) -> bool {
        self.hash == hash
    }

    pub fn mark_barren(&mut self) {
        self.info |= BARREN;
    }

    #[inline(always)]
    pub fn standing(&self) -> Standing {
        Standing {
            vocabulary: self.vocabulary,
            info: self.info,
        }
    }
}

/// The table in the making: the standing of each known token.
#[derive(Default)]
pub(crate) struct TokenTable {
    /// By the hash of a token.
    words: HashMap<u64, Known>,
    /// The bytes of all, one after the other.
    bytes: Vec<u8>,
    vocabulary: u32,
    /// Two tokens have the same hash.
    collision: bool,
}

struct Known {
    start: u32,
    length: u32,
    standing: Standing,
}

impl TokenTable {
    fn entry(&mut self, token: &[u8]) -> Result<&mut Standing, LexiconError> {
        let TokenTable { words, bytes, .. } = self;
        // Places of the bytes are `u32`.
        if bytes.len() + token.len() > u32::MAX as usize {
            return Err(LexiconError::TooLarge);
        }
        bytes.try_grow(token.len())?;
        words.try_reserve(1).map_err(|_| OutOfMemory)?;
        let known = words.entry(hash::of_bytes(token)).or_insert_with(|| {
            let start = bytes.len() as u32;
            bytes.extend_from_slice(token);
            Known {
                start,
                length: token.len() as u32,
                standing: Standing::UNKNOWN,
            }
        });
        let own = bytes
            .get(known.start as usize..)
            .and_then(|from| from.get(..known.length as usize));
        self.collision |= own != Some(token);
        Ok(&mut known.standing)
    }

    /// Takes over what another table says of a token.
    pub fn known(&mut self, token: &[u8], standing: Standing) -> Result<(), LexiconError> {
        *self.entry(token)? = standing;
        Ok(())
    }

    /// The vocabulary number of a token of a term.
    pub fn vocabulary(&mut self, token: &[u8], shared: bool) -> Result<u32, LexiconError> {
        let next = self.vocabulary;
        let standing = self.entry(token)?;
        standing.set(SHARED, shared);
        if !standing.in_lexicon() {
            standing.vocabulary = next;
        }
        let number = standing.vocabulary;
        self.vocabulary = next.max(number + 1);
        Ok(number)
    }

    pub fn common(&mut self, token: &[u8]) -> Result<(), LexiconError> {
        self.entry(token)?.set(COMMON, true);
        Ok(())
    }

    pub fn frequency(&mut self, token: &[u8], documents: u32) -> Result<(), LexiconError> {
        self.entry(token)?.info |= documents.min(MOST);
        Ok(())
    }

    /// The slots, and the document frequency of each word of the vocabulary.
    pub fn finish(
        self,
        interrupts: &Interrupts,
    ) -> Result<(Vec<TokenSlot>, Vec<u32>), LexiconError> {
        let mut frequencies = filled(0, self.vocabulary as usize, interrupts)?;
        if self.collision {
            return Err(LexiconError::Collision);
        }
        let mut words: Vec<(u64, Standing)> = Vec::new();
        words.try_grow_exact(self.words.len())?;
        for (hash, Known { standing, .. }) in self.words {
            interrupts.step();
            if let Some(frequency) = frequencies.get_mut(standing.vocabulary as usize) {
                *frequency = standing.frequency();
            }
            words.push((hash, standing));
        }
        // In the order of the hash, so that the same terms always give the same bytes.
        words.sort_unstable_by(|(a, _), (b, _)| {
            interrupts.step();
            a.cmp(b)
        });
        // Half full: 1.5 probes on a hit, 2.5 on a miss (Knuth 6.4).
        let size = (words.len() * 2).next_power_of_two();
        let mut slots = filled(TokenSlot::default(), size, interrupts)?;
        let last = slots.len() - 1;
        for (hash, standing) in words {
            interrupts.step();
            let mut at = hash::slot(hash, slots.len());
            while slots[at].hash != 0 {
                at = if at == last { 0 } else { at + 1 };
            }
            slots[at] = TokenSlot::of(hash, standing);
        }
        Ok((slots, frequencies))
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, Standing, TokenTable};
    use crate::bounds::Interrupts;
    use crate::lexicon::error::LexiconError;
    use crate::lexicon::tables::hash;

    #[test]
    fn two_tokens_of_one_hash_are_an_error() {
        let mut table = TokenTable::default();
        table.common(b"pepsi").unwrap();
        table.common(b"pepsi").unwrap();
        // As if the hash of "fanta" had been that of "pepsi" before.
        let known = Known {
            start: 0,
            length: 5,
            standing: Standing::UNKNOWN,
        };
        table.words.insert(hash::of_bytes(b"fanta"), known);
        assert!(!table.collision);
        table.common(b"fanta").unwrap();
        let finished = table.finish(&Interrupts::default());
        assert!(matches!(finished, Err(LexiconError::Collision)));
    }
}
