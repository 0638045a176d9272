//! Windows whose letters are those of a term. One probe per window start says which lengths of terms
//! begin with these letters; only windows of such a length are hashed and looked up. Letters decide,
//! so that terms run together or split are found like any other.

use super::compiled::{GroupRow, Section, View, span};
use super::guard::{Judge, Text};
use super::hash;
use super::overlap::Candidate;

/// Bytes of letters that key the prefix table: four, or six for more than [`FEW`] terms, of which many
/// begin with the same four.
const PREFIXES: [usize; 2] = [4, 6];
const FEW: usize = 30_000;

/// Lengths beyond the prefix that are told apart; those of this and more are one.
const LENGTHS: usize = 15;

/// The tables, taken out of the compiled form for one search.
pub(crate) struct Exact<'a> {
    prefixes: &'a [u16],
    /// Bytes that key the prefixes.
    prefix: usize,
    starts: &'a [u64],
    shorts: &'a [u64],
    slots: &'a [u64],
    groups: &'a [GroupRow],
    letters: &'a [u8],
    longest: usize,
}

impl<'a> Exact<'a> {
    pub fn of(compiled: View<'a>) -> Exact<'a> {
        let groups: &[GroupRow] = compiled.section(Section::Groups);
        Exact {
            prefixes: compiled.section(Section::Prefixes),
            prefix: prefix_length(groups.len()),
            starts: compiled.section(Section::Starts),
            shorts: compiled.section(Section::Shorts),
            slots: compiled.section(Section::Exact),
            groups,
            letters: compiled.section(Section::Letters),
            longest: compiled.header.longest_bytes as usize,
        }
    }

    /// A bit for each length in bytes that a term beginning like the letters at `start` may have, the
    /// lowest for that of the prefix.
    #[inline(always)]
    fn lengths(&self, bytes: &[u8], start: usize) -> u16 {
        let eight = bytes.get(start..start + 8).and_then(<[u8]>::first_chunk);
        let slot = prefix_slot(
            eight.copied().unwrap_or_default(),
            self.prefix,
            self.prefixes.len(),
        );
        self.prefixes.get(slot).copied().unwrap_or(0)
    }

    /// Whether a term of `length` bytes or more may have these lengths; any may be shorter than the
    /// prefix.
    #[inline(always)]
    fn longer(&self, lengths: u16, length: usize) -> bool {
        lengths >> length.saturating_sub(self.prefix).min(LENGTHS) != 0
    }

    /// Whether no term begins with the letters of this range, whatever follows them.
    pub fn begins_none(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        let length = end - start;
        if length < self.prefix {
            !marked(self.starts, hash::of_range(bytes, start, end))
        } else {
            !self.longer(self.lengths(bytes, start), length)
        }
    }

    /// The lengths that terms may have which begin with a word, if any may.
    #[inline(always)]
    fn begins(&self, text: Text<'_>, first: usize) -> Option<u16> {
        let (word, token) = (text.words.get(first)?, text.tokens.get(first)?);
        let own = (token.end - token.start) as usize - usize::from(word.possessive);
        let lengths = self.lengths(text.bytes, token.start as usize);
        let next = text.tokens.get(first + 1).map_or(u32::MAX, |next| next.end);
        // The next word may have an s to lose.
        let together = (next - token.start) as usize <= self.prefix;
        let short = own < self.prefix && (self.short(word.hash) | word.possessive | together);
        let begins = (self.longer(lengths, own) | short) & !word.endless;
        begins.then_some(lengths)
    }

    /// Whether a window shorter than the prefix may be a term.
    #[inline(always)]
    fn short(&self, hash: u64) -> bool {
        marked(self.shorts, hash)
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
pub(crate) fn windows(
    exact: &Exact<'_>,
    compiled: View<'_>,
    text: Text<'_>,
    candidates: &mut Vec<Candidate>,
) {
    for (first, word) in text.words.iter().enumerate() {
        if word.standing.begins_none() & !word.possessive {
            continue;
        }
        if let Some(lengths) = exact.begins(text, first) {
            windows_from(first, lengths, exact, compiled, text, candidates);
        }
    }
}

/// Adds those windows that begin with the word `first`, where terms of these lengths may begin.
fn windows_from(
    first: usize,
    lengths: u16,
    exact: &Exact<'_>,
    compiled: View<'_>,
    text: Text<'_>,
    candidates: &mut Vec<Candidate>,
) {
    let (Some(word), Some(token)) = (text.words.get(first), text.tokens.get(first)) else {
        return;
    };
    let start = token.start as usize;
    let mut last = first;
    while let (Some(end_word), Some(end_token)) = (text.words.get(last), text.tokens.get(last)) {
        if last > first && end_word.breaks {
            break;
        }
        let end = end_token.end as usize;
        for stem in [false, true] {
            if stem && !end_word.possessive {
                break;
            }
            let length = end - start - usize::from(stem);
            let long = length >= exact.prefix;
            if long && lengths & length_bit(length, exact.prefix) == 0 || length > exact.longest {
                continue;
            }
            let hash = hash::of_range(text.bytes, start, start + length);
            if !long && !exact.short(hash) {
                continue;
            }
            let letters = text.bytes.get(start..start + length).unwrap_or(&[]);
            let Some(group) = exact.find(hash, letters) else {
                continue;
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
        }
        // No term is longer than what this window has without an s.
        let length = end - start - usize::from(end_word.possessive);
        if length >= exact.prefix && !exact.longer(lengths, length) || length > exact.longest {
            break;
        }
        last += 1;
    }
}

/// Whether a Bloom filter has a hash.
#[inline(always)]
fn marked(filter: &[u64], hash: u64) -> bool {
    let (word, bits) = hash::bloom(hash, filter.len());
    filter.get(word).is_some_and(|&word| word & bits == bits)
}

fn mark(filter: &mut [u64], hash: u64) {
    let (word, bits) = hash::bloom(hash, filter.len());
    filter[word] |= bits;
}

/// The bit of a length, which is not below that of the prefix.
#[inline(always)]
fn length_bit(length: usize, prefix: usize) -> u16 {
    1 << (length - prefix).min(LENGTHS)
}

/// The slot of the first `prefix` of eight letters.
#[inline(always)]
fn prefix_slot(eight: [u8; 8], prefix: usize, slots: usize) -> usize {
    let first = u64::from_le_bytes(eight) << (64 - 8 * prefix);
    hash::slot(first.wrapping_mul(0x9E37_79B9_7F4A_7C15), slots)
}

/// For the rows of groups, the one that ends the last included.
fn prefix_length(groups: usize) -> usize {
    PREFIXES[usize::from(groups > FEW)]
}

/// The sections of the exact tables.
pub(crate) struct Built {
    pub prefixes: Vec<u16>,
    pub starts: Vec<u64>,
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
    // Eight slots to a group: one foreign prefix in nine lands on a used one.
    let mut prefixes = vec![0u16; (count * 8).next_power_of_two()];
    let mut shorts = vec![0u64; (short * 12).div_ceil(64).next_power_of_two()];
    // Many terms have few beginnings: 100,000 different ones of up to 5 letters with 1,000,000 names.
    let mut starts = vec![0u64; (count.min(FEW) * prefix).div_ceil(8).next_power_of_two()];
    let mut slots = vec![0u64; (count * 2).next_power_of_two()];
    for (group, letters) in groups.enumerate() {
        let hash = hash::of_bytes(letters);
        if letters.len() >= prefix {
            let mut eight = [0; 8];
            eight[..prefix].copy_from_slice(&letters[..prefix]);
            let slot = prefix_slot(eight, prefix, prefixes.len());
            prefixes[slot] |= length_bit(letters.len(), prefix);
        } else {
            mark(&mut shorts, hash);
        }
        for length in 1..prefix.min(letters.len() + 1) {
            mark(&mut starts, hash::of_bytes(&letters[..length]));
        }
        let mut at = hash::slot(hash, slots.len());
        while slots[at] != 0 {
            at = if at + 1 == slots.len() { 0 } else { at + 1 };
        }
        slots[at] = (group as u64 + 1) << 32 | hash & 0xFFFF_FFFF;
    }
    Built {
        prefixes,
        starts,
        shorts,
        slots,
    }
}
