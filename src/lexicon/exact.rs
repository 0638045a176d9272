//! Windows whose letters are those of a term, found by hash: one probe per window start says which
//! lengths of terms begin with these letters, one probe per window end of such a length finds the
//! term. Letters decide, so that terms run together or split are found like any other.

use super::compiled::{Compiled, GroupRow, Section, span};
use super::guard::{Judge, Text};
use super::hash::{self, Letter};
use super::overlap::Candidate;

/// Lexicons of up to this many groups of terms are keyed by four letters, larger ones by six.
const FEW: usize = 30_000;

/// The tables, taken out of the compiled form for one search.
pub(crate) struct Exact<'a> {
    prefixes: &'a [u64],
    slots: &'a [u64],
    groups: &'a [GroupRow],
    letters: &'a [u8],
    prefix: usize,
}

impl<'a> Exact<'a> {
    pub fn of(compiled: &'a Compiled) -> Exact<'a> {
        Exact {
            prefixes: compiled.section(Section::Prefixes),
            slots: compiled.section(Section::Exact),
            groups: compiled.section(Section::Groups),
            letters: compiled.section(Section::Letters),
            prefix: compiled.header.prefix as usize,
        }
    }

    /// A bit for each length (of 63 and above together) that a term beginning like these letters may
    /// have. Lengths below the prefix are always set: they are not worth a table.
    #[inline]
    fn lengths<L: Letter>(&self, letters: &[L]) -> u64 {
        let short = (1u64 << self.prefix) - 1;
        match letters.get(..self.prefix) {
            Some(first) if !self.prefixes.is_empty() => {
                let at = hash::slot(prefix_key(first), self.prefixes.len());
                self.prefixes.get(at).copied().unwrap_or(0) | short
            }
            _ => short,
        }
    }

    /// The group whose letters these are.
    #[inline]
    pub fn find(&self, hash: u64, letters: &[u8]) -> Option<u32> {
        let scattered = hash::scatter(hash);
        let mut at = hash::slot(scattered, self.slots.len());
        loop {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            if slot as u32 == scattered as u32 {
                let group = (slot >> 32) as u32 - 1;
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
    }
}

/// Adds every window of the text that is a term, letter by letter.
pub(crate) fn windows<L: Letter>(
    compiled: &Compiled,
    letters: &[L],
    text: Text<'_>,
    candidates: &mut Vec<Candidate>,
) {
    let exact = Exact::of(compiled);
    let longest = compiled.header.longest as usize;
    for (first, word) in text.words.iter().enumerate() {
        let start = word.start as usize;
        let lengths = exact.lengths(letters.get(start..).unwrap_or(&[]));
        for (last, end_word) in text.words.iter().enumerate().skip(first) {
            if last > first && end_word.breaks || end_word.endless {
                break;
            }
            let mut probe = |stem: bool, after: u64| {
                let length = end_word.end(stem) - start;
                if length > longest || lengths & length_bit(length) == 0 {
                    return;
                }
                let (Some(from), Some(to)) = (text.tokens.get(first), text.tokens.get(last)) else {
                    return;
                };
                let end = to.end as usize - usize::from(stem);
                let own = text.bytes.get(from.start as usize..end).unwrap_or(&[]);
                let Some(group) = exact.find(hash::between(word.before, after, length), own) else {
                    return;
                };
                let candidate = Candidate {
                    first: first as u32,
                    last: last as u32,
                    stem,
                    group,
                    distance: 0,
                    letters: length as u16,
                    window_letters: length as u16,
                };
                if Judge::of(compiled, text)
                    .accepted(candidate)
                    .next()
                    .is_some()
                {
                    candidates.push(candidate);
                }
            };
            probe(false, end_word.after);
            if end_word.possessive {
                probe(true, end_word.after_stem);
            }
            // No term is longer than what this window has without its s.
            let length = end_word.end(true) - start;
            if length > longest || lengths >> length.min(63) == 0 {
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
fn prefix_key<L: Letter>(letters: &[L]) -> u64 {
    let packed = letters
        .iter()
        .rev()
        .fold(0u64, |key, letter| (key << 8) ^ u64::from(letter.code()));
    hash::scatter(packed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// How many letters key the prefix table of a lexicon.
pub(crate) fn prefix_length(groups: usize) -> usize {
    if groups <= FEW { 4 } else { 6 }
}

/// The prefix masks and the slots, from the letters of each group as code points.
pub(crate) fn build<'l>(
    groups: usize,
    prefix: usize,
    letters: impl Fn(usize, &mut Vec<u32>) + 'l,
) -> (Vec<u64>, Vec<u64>) {
    // Four slots to a group: one probe in five of a foreign prefix lands on a used slot.
    let mut prefixes = vec![0u64; (groups * 4).next_power_of_two()];
    let mut slots = vec![0u64; (groups * 2).next_power_of_two()];
    let mut codes = Vec::new();
    for group in 0..groups {
        letters(group, &mut codes);
        if let Some(first) = codes.get(..prefix) {
            let at = hash::slot(prefix_key(first), prefixes.len());
            prefixes[at] |= length_bit(codes.len());
        }
        let scattered = hash::scatter(hash::of(&codes));
        let mut at = hash::slot(scattered, slots.len());
        while slots[at] != 0 {
            at = if at + 1 == slots.len() { 0 } else { at + 1 };
        }
        slots[at] = (group as u64 + 1) << 32 | scattered & 0xFFFF_FFFF;
    }
    (prefixes, slots)
}
