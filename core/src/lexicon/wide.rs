//! Terms of 3-7 letters whose own number of edits is beyond what the rule gives their length; the
//! anchors are lossless for the rule alone.
//!
//! Two texts within some edits have in common what is left when as many letters of each are left out
//! (Mor and Fraenkel 1982): an edit takes at most one letter of either. A term of 7 letters gives 29
//! keys, a window of 9 looks up 46. That is no index for many terms, and none is built without them.

use super::bloom;
use super::compiled::Section;
use super::fuzzy::{Fuzzy, FuzzyScratch, Window};
use super::guard::{SHORT, may_be_changed};
use super::hash::{self, Letter};
use super::overlap::Candidate;
use super::posting::MAX_GROUPS;
use super::settings::{MAX_DISTANCE, edits_by_length};
use crate::bounds::{Grow, Interrupts, OutOfMemory};

/// Letters of the longest such term: longer ones have all edits by the rule.
const LONGEST_TERM: usize = 7;
const LONGEST: usize = LONGEST_TERM + MAX_DISTANCE as usize;
/// The lowest bits of a key name the group, the others are those of its scattered hash.
const GROUP: u64 = MAX_GROUPS as u64 - 1;

/// Whether a term of its own number of edits needs this index.
pub(crate) fn is_wide(letters: usize, edits: u8) -> bool {
    edits > edits_by_length(letters) || edits > 0 && letters <= usize::from(SHORT)
}

/// The sections: keys in ascending order, and a Bloom filter of their hashes, without which most of the
/// time went into looking for what is not there.
pub(crate) struct Built {
    pub keys: Vec<u64>,
    pub bloom: Vec<u64>,
}

/// Builds the index. It asks for the letters of each group again in each round (count, fill, mark), so that
/// nothing but the sections is held.
pub(crate) fn build(
    groups: impl Iterator<Item = (u32, u8)> + Clone,
    letters: impl Fn(usize, &mut Vec<u32>),
    interrupts: &Interrupts,
) -> Result<Built, OutOfMemory> {
    let mut codes = Vec::new();
    let mut each = |found: &mut dyn FnMut(u32, u64)| {
        for (group, edits) in groups.clone() {
            interrupts.step();
            letters(group as usize, &mut codes);
            for_variants(&codes, edits, |hash| found(group, hash::scatter(hash)));
        }
    };
    let mut count = 0;
    each(&mut |_, _| count += 1);
    let mut keys = Vec::new();
    keys.try_grow_exact(count)?;
    each(&mut |group, scattered| keys.push(scattered & !GROUP | u64::from(group)));
    interrupts.sort(&mut keys);
    keys.dedup();
    let mut bloom = bloom::for_keys(keys.len(), interrupts)?;
    each(&mut |_, scattered| bloom::mark(&mut bloom, scattered));
    Ok(Built { keys, bloom })
}

impl<L: Letter> Fuzzy<'_, L> {
    /// Finds the misspelled mentions of these terms, in each short window that may be one.
    pub(super) fn wide(&self, scratch: &mut FuzzyScratch, candidates: &mut Vec<Candidate>) {
        let keys: &[u64] = self.compiled.section(Section::Wide);
        let bloom: &[u64] = self.compiled.section(Section::WideBloom);
        if keys.is_empty() {
            return;
        }
        let words = self.text.words;
        for (first, from) in words.iter().enumerate() {
            let start = from.start as usize;
            let mut changed = false;
            for (last, word) in words.iter().enumerate().skip(first) {
                let beyond = word.end(word.possessive) > start + LONGEST;
                if last > first && word.breaks || word.endless || beyond {
                    break;
                }
                for without_s in [true, false] {
                    let end = word.end(without_s);
                    if without_s && !word.possessive || end > start + LONGEST {
                        continue;
                    }
                    let standing = word.standing(without_s);
                    if changed || may_be_changed(standing, word.code, false) {
                        let window = Window {
                            first,
                            last,
                            without_s,
                            start,
                            end,
                            parity: 0,
                        };
                        self.look_up((keys, bloom), window, scratch, candidates);
                    }
                }
                changed |= may_be_changed(word.standing, word.code, false);
            }
        }
    }

    fn look_up(
        &self,
        (keys, bloom): (&[u64], &[u64]),
        window: Window,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let mut codes = [0; LONGEST];
        let letters = &self.letters[window.start..window.end];
        for (code, letter) in codes.iter_mut().zip(letters) {
            *code = letter.code();
        }
        let pairs = &mut scratch.near.pairs;
        pairs.clear();
        for_variants(&codes[..letters.len()], MAX_DISTANCE, |hash| {
            let scattered = hash::scatter(hash);
            if !bloom::has(bloom, scattered) {
                return;
            }
            let key = scattered & !GROUP;
            let from = keys.partition_point(|&other| other < key);
            let same = keys[from..]
                .iter()
                .take_while(|&&other| other & !GROUP == key);
            pairs.extend(same.map(|&other| ((other & GROUP) as u32, 0)));
        });
        pairs.sort_unstable();
        pairs.dedup();
        self.compare(&[window], |_| MAX_DISTANCE, &mut scratch.near, candidates);
    }
}

/// The hash of the letters, and of what is left without up to `fewer` of them: none, one or two.
fn for_variants(letters: &[u32], fewer: u8, mut each: impl FnMut(u64)) {
    let mut prefix = [0; LONGEST + 1];
    for (at, &letter) in letters.iter().enumerate() {
        prefix[at + 1] = hash::push(prefix[at], letter);
    }
    // The hash with the letters of a range behind it.
    let then = |hash: u64, from: usize, to: usize| {
        let own = hash.wrapping_sub(prefix[from]);
        prefix[to].wrapping_add(own.wrapping_mul(hash::power(to - from)))
    };
    let length = letters.len();
    each(prefix[length]);
    if fewer == 0 {
        return;
    }
    for (one, &before) in prefix.iter().enumerate().take(length) {
        each(then(before, one + 1, length));
        if fewer > 1 {
            for other in one + 1..length {
                each(then(then(before, one + 1, other), other + 1, length));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The slow twin: letters are left out, and what is left is hashed.
    fn variants(letters: &[u32], fewer: u8) -> BTreeSet<u64> {
        let mut all = BTreeSet::from([hash::of(letters)]);
        for at in (0..letters.len()).filter(|_| fewer > 0) {
            let mut rest = letters.to_vec();
            rest.remove(at);
            all.extend(variants(&rest, fewer - 1));
        }
        all
    }

    #[test]
    fn variants_are_what_is_left_without_some_letters() {
        let text: Vec<u32> = "aabcädeea".chars().map(u32::from).collect();
        for length in 0..=LONGEST {
            for fewer in 0..=MAX_DISTANCE {
                let mut found = BTreeSet::new();
                for_variants(&text[..length], fewer, |hash| {
                    found.insert(hash);
                });
                assert_eq!(found, variants(&text[..length], fewer), "{length} {fewer}");
            }
        }
    }
}
