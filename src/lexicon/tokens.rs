//! What is known of a token: is it a word of the lexicon, an ordinary word, how often was it learned.
//! One open-addressing probe answers all of it for each token of a text.

use std::collections::HashMap;

use bytemuck::{Pod, Zeroable};

use super::LexiconError;
use super::hash;

/// Vocabulary number of a token that no term has.
pub(crate) const FOREIGN: u32 = u32::MAX;
/// Vocabulary number of a token that a term has, but none of the part that is searched.
const ELSEWHERE: u32 = u32::MAX - 1;
const COMMON: u32 = 1 << 31;

#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct TokenSlot {
    /// Rolling hash of the token; 0 marks a free slot (no token hashes to it but the empty one).
    hash: u64,
    vocabulary: u32,
    /// Document frequency, with the top bit for ordinary words.
    info: u32,
}

/// What a token of a text is to the lexicon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub vocabulary: u32,
    pub common: bool,
    pub frequency: u32,
}

impl Standing {
    pub const UNKNOWN: Standing = Standing {
        vocabulary: FOREIGN,
        common: false,
        frequency: 0,
    };

    pub fn in_lexicon(&self) -> bool {
        self.vocabulary != FOREIGN
    }

    /// The same word where another part of the lexicon has it.
    pub fn elsewhere(self) -> Standing {
        Standing {
            vocabulary: ELSEWHERE,
            ..self
        }
    }

    /// The same word where no term has it.
    pub fn nowhere(self) -> Standing {
        Standing {
            vocabulary: FOREIGN,
            ..self
        }
    }
}

#[inline]
pub(crate) fn look_up(slots: &[TokenSlot], hash: u64) -> Standing {
    find(slots, hash).unwrap_or(Standing::UNKNOWN)
}

/// The standing of a token that the table has, be it to say that no term has it.
#[inline]
pub(crate) fn find(slots: &[TokenSlot], hash: u64) -> Option<Standing> {
    let mut at = hash::slot(hash::scatter(hash), slots.len());
    loop {
        let slot = slots.get(at)?;
        if slot.hash == hash {
            return Some(Standing {
                vocabulary: slot.vocabulary,
                common: slot.info & COMMON != 0,
                frequency: slot.info & !COMMON,
            });
        }
        if slot.hash == 0 {
            return None;
        }
        at = if at + 1 == slots.len() { 0 } else { at + 1 };
    }
}

/// The table in the making: the standing of each known token.
#[derive(Default)]
pub(crate) struct TokenTable {
    words: HashMap<Box<[u8]>, Standing>,
    vocabulary: u32,
}

impl TokenTable {
    fn entry(&mut self, token: &[u8]) -> &mut Standing {
        if !self.words.contains_key(token) {
            self.words.insert(token.into(), Standing::UNKNOWN);
        }
        // Present by the line above; the entry API would copy the token on every call.
        self.words.entry(token.into()).or_insert(Standing::UNKNOWN)
    }

    /// Takes over what another table says of a token.
    pub fn known(&mut self, token: &[u8], standing: Standing) {
        *self.entry(token) = standing;
    }

    /// The vocabulary number of a token of a term.
    pub fn vocabulary(&mut self, token: &[u8]) -> u32 {
        if let Some(standing) = self.words.get(token)
            && standing.in_lexicon()
        {
            return standing.vocabulary;
        }
        let number = self.vocabulary;
        self.vocabulary += 1;
        self.entry(token).vocabulary = number;
        number
    }

    pub fn common(&mut self, token: &[u8]) {
        self.entry(token).common = true;
    }

    pub fn frequency(&mut self, token: &[u8], documents: u32) {
        self.entry(token).frequency = documents.min(!COMMON);
    }

    /// The slots, and the document frequency of each word of the vocabulary.
    pub fn finish(self) -> Result<(Vec<TokenSlot>, Vec<u32>), LexiconError> {
        let mut frequencies = vec![0; self.vocabulary as usize];
        let mut words: Vec<(u64, Standing)> = Vec::with_capacity(self.words.len());
        for (word, standing) in self.words {
            if let Some(frequency) = frequencies.get_mut(standing.vocabulary as usize) {
                *frequency = standing.frequency;
            }
            words.push((hash::of_utf8(&word), standing));
        }
        // In the order of the hash, so that the same terms always give the same bytes.
        words.sort_unstable_by_key(|&(hash, _)| hash);
        // Half full: 1.5 probes on a hit, 2.5 on a miss (Knuth 6.4).
        let mut slots = vec![TokenSlot::default(); (words.len() * 2).next_power_of_two()];
        let last = slots.len() - 1;
        for (hash, standing) in words {
            let mut at = hash::slot(hash::scatter(hash), slots.len());
            while slots[at].hash != 0 {
                if slots[at].hash == hash {
                    return Err(LexiconError::Collision);
                }
                at = if at == last { 0 } else { at + 1 };
            }
            let info = standing.frequency | if standing.common { COMMON } else { 0 };
            slots[at] = TokenSlot {
                hash,
                vocabulary: standing.vocabulary,
                info,
            };
        }
        Ok((slots, frequencies))
    }
}
