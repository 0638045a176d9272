//! Windows whose letters are those of a term. One probe per window start says which lengths of terms
//! begin with these letters; only windows of such a length are hashed and looked up. Letters decide,
//! so that terms run together or split are found like any other.

use super::compiled::{Compiled, GroupRow, Section, span};
use super::guard::{Judge, Text};
use super::hash;
use super::overlap::Candidate;

/// Bytes of letters that key the prefix table: four, or six for more than [`FEW`] terms, of which many
/// begin with the same four.
const PREFIXES: [usize; 2] = [4, 6];
const FEW: usize = 30_000;

/// The tables, taken out of the compiled form for one search.
pub(crate) struct Exact<'a> {
    prefixes: &'a [u64],
    /// Bytes that key the prefixes.
    prefix: usize,
    shorts: &'a [u64],
    slots: &'a [u64],
    groups: &'a [GroupRow],
    letters: &'a [u8],
}

impl<'a> Exact<'a> {
    pub fn of(compiled: &'a Compiled) -> Exact<'a> {
        let groups: &[GroupRow] = compiled.section(Section::Groups);
        Exact {
            prefixes: compiled.section(Section::Prefixes),
            prefix: prefix_length(groups.len()),
            shorts: compiled.section(Section::Shorts),
            slots: compiled.section(Section::Exact),
            groups,
            letters: compiled.section(Section::Letters),
        }
    }

    /// A bit for each length in bytes, of 63 and above together, that a term beginning like these
    /// letters may have; none for lengths below the prefix.
    #[inline(always)]
    fn lengths(&self, letters: &[u8]) -> u64 {
        match letters.get(..self.prefix) {
            Some(first) => {
                let slot = prefix_slot(first, self.prefixes.len());
                self.prefixes.get(slot).copied().unwrap_or(0)
            }
            None => 0,
        }
    }

    /// Whether a window shorter than the prefix may be a term.
    #[inline(always)]
    fn short(&self, hash: u64) -> bool {
        let (word, bits) = hash::bloom(hash, self.shorts.len());
        self.shorts
            .get(word)
            .is_some_and(|&word| word & bits == bits)
    }

    /// The group whose letters these are.
    #[inline]
    pub fn find(&self, hash: u64, letters: &[u8]) -> Option<u32> {
        let mut at = hash::slot(hash, self.slots.len());
        // Bounded, for a damaged table may have no empty slot.
        for _ in 0..self.slots.len() {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            if slot as u32 == hash as u32 {
                let group = ((slot >> 32) as u32).wrapping_sub(1);
                let row = self.groups.get(group as usize)?;
                let next = self.groups.get(group as usize + 1)?;
                if self
                    .letters
                    .get(span(row.letters, next.letters, self.letters.len()))?
                    == letters
                {
                    return Some(group);
                }
            }
            at = if at + 1 == self.slots.len() {
                0
            } else {
                at + 1
            };
        }
        None
    }
}

/// Adds every window of the text that is a term, letter by letter.
pub(crate) fn windows(compiled: &Compiled, text: Text<'_>, candidates: &mut Vec<Candidate>) {
    let exact = Exact::of(compiled);
    let longest = compiled.header.longest_bytes as usize;
    for (first, (word, token)) in text.words.iter().zip(text.tokens).enumerate() {
        let start = token.start as usize;
        let lengths = exact.lengths(text.bytes.get(start..).unwrap_or(&[]));
        let own = (token.end - token.start) as usize - usize::from(word.possessive);
        if own >= exact.prefix && lengths >> own.min(63) == 0 || word.endless {
            continue;
        }
        for (last, (end_word, end_token)) in
            text.words.iter().zip(text.tokens).enumerate().skip(first)
        {
            if last > first && end_word.breaks {
                break;
            }
            let end = end_token.end as usize;
            let mut probe = |stem: bool| {
                let letters = text
                    .bytes
                    .get(start..end - usize::from(stem))
                    .unwrap_or(&[]);
                let length = letters.len();
                if length >= exact.prefix && lengths & length_bit(length) == 0 || length > longest {
                    return;
                }
                let hash = hash::of_range(text.bytes, start, start + length);
                if length < exact.prefix && !exact.short(hash) {
                    return;
                }
                let Some(group) = exact.find(hash, letters) else {
                    return;
                };
                let letters = (end_word.end(stem) - word.start as usize) as u16;
                let candidate = Candidate {
                    first: first as u32,
                    last: last as u32,
                    stem,
                    group,
                    distance: 0,
                    letters,
                    window_letters: letters,
                };
                if Judge::of(compiled, text)
                    .accepted(candidate)
                    .next()
                    .is_some()
                {
                    candidates.push(candidate);
                }
            };
            probe(false);
            if end_word.possessive {
                probe(true);
            }
            // No term is longer than what this window has without an s.
            let length = end - start - usize::from(end_word.possessive);
            if length >= exact.prefix && lengths >> length.min(63) == 0 || length > longest {
                break;
            }
        }
    }
}

/// The bit of a length in a prefix slot.
#[inline(always)]
fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

#[inline(always)]
fn prefix_slot(letters: &[u8], slots: usize) -> usize {
    let [first, last] = [letters.first_chunk(), letters.last_chunk()]
        .map(|four| u64::from(four.map_or(0, |four| u32::from_le_bytes(*four))));
    let key = (first ^ last << 24).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash::slot(key ^ key << 32, slots)
}

/// For the rows of groups, the one that ends the last included.
fn prefix_length(groups: usize) -> usize {
    PREFIXES[usize::from(groups > FEW)]
}

/// The sections of the exact tables.
pub(crate) struct Built {
    pub prefixes: Vec<u64>,
    pub shorts: Vec<u64>,
    pub slots: Vec<u64>,
}

/// Builds the tables from the letters of each group.
pub(crate) fn build<'l>(groups: impl ExactSizeIterator<Item = &'l [u8]> + Clone) -> Built {
    let count = groups.len();
    let prefix = prefix_length(count + 1);
    let short = groups
        .clone()
        .filter(|letters| letters.len() < prefix)
        .count();
    // Four slots to a group: one foreign prefix in five lands on a used one.
    let mut prefixes = vec![0u64; (count * 4).next_power_of_two()];
    let mut shorts = vec![0u64; (short * 12).div_ceil(64).next_power_of_two()];
    let mut slots = vec![0u64; (count * 2).next_power_of_two()];
    for (group, letters) in groups.enumerate() {
        let hash = hash::of_bytes(letters);
        match letters.get(..prefix) {
            Some(first) => {
                let slot = prefix_slot(first, prefixes.len());
                prefixes[slot] |= length_bit(letters.len());
            }
            None => {
                let (word, bits) = hash::bloom(hash, shorts.len());
                shorts[word] |= bits;
            }
        }
        let mut at = hash::slot(hash, slots.len());
        while slots[at] != 0 {
            at = if at + 1 == slots.len() { 0 } else { at + 1 };
        }
        slots[at] = (group as u64 + 1) << 32 | hash & 0xFFFF_FFFF;
    }
    Built {
        prefixes,
        shorts,
        slots,
    }
}
