//! The table of the terms by their letters, and one that says of a place in a text which lengths the terms
//! have that begin there, so that only windows of such a length are hashed and looked up.

use super::bloom;
use super::hash;
use crate::bounds::{Interrupts, OutOfMemory, filled};
use crate::lexicon::form::{Groups, Section, View};

/// Bytes of letters that key the prefix table: four, or six for more than [`FEW`] terms, of which many
/// begin with the same four.
const PREFIXES: [usize; 2] = [4, 6];
const FEW: usize = 30_000;

/// Terms of this many bytes or more are keyed by their first `LONG` bytes instead. Keyed by four alone, and
/// with nothing remembered of words, 4,000 real terms made a search hash three times as many windows.
const LONG: usize = 8;

/// How many lengths, from that of the prefix on, have a bit of their own; longer terms share the last bit.
const LENGTHS: usize = 15;

/// The tables of the exact search, taken out of the compiled form.
pub(crate) struct Exact<'a> {
    prefixes: &'a [u16],
    /// How many bytes of a term key the prefix table.
    pub prefix: usize,
    starts: &'a [u64],
    shorts: &'a [u64],
    slots: &'a [u64],
    groups: Groups<'a>,
    pub longest: usize,
}

impl<'a> Exact<'a> {
    pub fn of(compiled: View<'a>) -> Exact<'a> {
        let groups = Groups::of(compiled);
        Exact {
            prefixes: compiled.section(Section::Prefixes),
            prefix: prefix_length(groups.len()),
            starts: compiled.section(Section::Starts),
            shorts: compiled.section(Section::Shorts),
            slots: compiled.section(Section::Exact),
            groups,
            longest: compiled.header.longest_bytes as usize,
        }
    }

    /// A bit for each length in bytes that a term beginning like the letters at `start` may have, the
    /// lowest for that of the prefix.
    #[inline(always)]
    pub fn lengths(&self, bytes: &[u8], start: usize) -> u32 {
        let eight = bytes.get(start..start + LONG).and_then(<[u8]>::first_chunk);
        let eight = eight.copied().unwrap_or_default();
        let of = |prefix| {
            let slot = prefix_slot(eight, prefix, self.prefixes.len());
            u32::from(self.prefixes.get(slot).copied().unwrap_or(0))
        };
        let short = LONG - self.prefix;
        of(LONG) << short | of(self.prefix) & ((1 << short) - 1)
    }

    /// Whether a term of `length` bytes or more may have these lengths; any may be shorter than the
    /// prefix.
    #[inline(always)]
    pub fn longer(&self, lengths: u32, length: usize) -> bool {
        length < self.prefix || lengths >> self.bit(length) != 0
    }

    /// Which bit of [`Exact::lengths`] stands for a length, which is not below that of the prefix.
    #[inline(always)]
    pub fn bit(&self, length: usize) -> usize {
        (length - self.prefix).min(LENGTHS + LONG - self.prefix)
    }

    /// Whether a term may have the letters of this range, of this hash, and whether one begins with them
    /// that has more.
    pub fn terms_of(&self, bytes: &[u8], start: usize, end: usize, hash: u64) -> (bool, bool) {
        let length = end - start;
        let lengths = self.lengths(bytes, start);
        let letters = bytes.get(start..end).unwrap_or(&[]);
        let term = self.may_be(lengths, length, hash) && self.find(hash, letters).is_some();
        let beginning = match length < LONG {
            true => bloom::has(self.starts, hash),
            false => self.longer(lengths, length + 1),
        };
        (term, beginning)
    }

    /// Whether a window of this length and hash may be a term, where terms of these lengths begin.
    #[inline(always)]
    fn may_be(&self, lengths: u32, length: usize, hash: u64) -> bool {
        match length < self.prefix {
            true => self.short(hash),
            false => lengths >> self.bit(length) & 1 != 0,
        }
    }

    /// Whether a window shorter than the prefix may be a term.
    #[inline(always)]
    pub fn short(&self, hash: u64) -> bool {
        bloom::has(self.shorts, hash)
    }

    /// The group that has exactly these letters.
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
                self.groups.row(group)?;
                if self.groups.letters(group) == letters {
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

/// The slot of the prefix table for the first `prefix` of eight bytes.
#[inline(always)]
fn prefix_slot(eight: [u8; 8], prefix: usize, slots: usize) -> usize {
    let first = u64::from_le_bytes(eight) << (64 - 8 * prefix);
    hash::slot(first.wrapping_mul(0x9E37_79B9_7F4A_7C15), slots)
}

/// How many bytes of a term's beginning the prefix table is keyed by, given how many groups there are.
fn prefix_length(groups: usize) -> usize {
    PREFIXES[usize::from(groups >= FEW)]
}

/// The sections of the exact tables.
pub(crate) struct Built {
    pub prefixes: Vec<u16>,
    pub starts: Vec<u64>,
    pub shorts: Vec<u64>,
    pub slots: Vec<u64>,
}

/// Builds the tables from the letters of each group.
pub(crate) fn build<'l>(
    groups: impl ExactSizeIterator<Item = &'l [u8]> + Clone,
    interrupts: &Interrupts,
) -> Result<Built, OutOfMemory> {
    let count = groups.len();
    let prefix = prefix_length(count);
    let short = groups
        .clone()
        .filter(|letters| letters.len() < prefix)
        .count();
    // Eight slots to a group: one foreign prefix in nine lands on a used one.
    let mut prefixes = filled(0u16, (count * 8).next_power_of_two(), interrupts)?;
    let mut shorts = bloom::for_keys(short, interrupts)?;
    // Different ones to a term: 2.9 of 4,000 names, 2.1 of 30,000, 1.1 of 1,000,000.
    let beginnings = (count.min(FEW) * 3).max(count * 5 / 4);
    let mut starts = bloom::for_keys(beginnings, interrupts)?;
    let mut slots = filled(0u64, (count * 2).next_power_of_two(), interrupts)?;
    for (group, letters) in groups.enumerate() {
        interrupts.step();
        let hash = hash::of_bytes(letters);
        if letters.len() >= prefix {
            let prefix = if letters.len() < LONG { prefix } else { LONG };
            let mut eight = [0; LONG];
            eight[..prefix].copy_from_slice(&letters[..prefix]);
            let slot = prefix_slot(eight, prefix, prefixes.len());
            prefixes[slot] |= 1 << (letters.len() - prefix).min(LENGTHS);
        } else {
            bloom::mark(&mut shorts, hash);
        }
        for length in 1..LONG.min(letters.len()) {
            bloom::mark(&mut starts, hash::of_bytes(&letters[..length]));
        }
        let mut at = hash::slot(hash, slots.len());
        while slots[at] != 0 {
            at = if at + 1 == slots.len() { 0 } else { at + 1 };
        }
        slots[at] = (group as u64 + 1) << 32 | hash & 0xFFFF_FFFF;
    }
    Ok(Built {
        prefixes,
        starts,
        shorts,
        slots,
    })
}
