//! Terms of 3-7 letters whose own number of edits is beyond what the rule gives their length; the
//! anchors are lossless for the rule alone.
//!
//! Two texts within some edits have in common what is left when as many letters of each are left out
//! (Mor and Fraenkel 1982): an edit takes at most one letter of either. A term of 7 letters gives 29
//! keys, a window of 9 looks up 46. That is no index for many terms, and none is built without them.

use super::bloom;
use super::hash::{self, Letter};
use super::posting::MAX_GROUPS;
use crate::bounds::{Grow, Interrupts, OutOfMemory};
use crate::lexicon::form::{Section, View};
use crate::lexicon::settings::{MAX_DISTANCE, SHORT, edits_by_length};

/// Letters of the longest such term: longer ones have all edits by the rule.
const LONGEST_TERM: usize = 7;
/// The most letters of a window that may be near such a term.
pub(crate) const LONGEST: usize = LONGEST_TERM + MAX_DISTANCE as usize;
/// The lowest bits of a key name the group, the others are those of its scattered hash.
const GROUP: u64 = MAX_GROUPS as u64 - 1;

/// Whether a term of its own number of edits needs this index.
pub(crate) fn is_wide(letters: usize, edits: u8) -> bool {
    edits > edits_by_length(letters) || edits > 0 && letters <= usize::from(SHORT)
}

/// The index, taken out of the compiled form.
#[derive(Clone, Copy)]
pub(crate) struct Wide<'a> {
    keys: &'a [u64],
    bloom: &'a [u64],
}

impl<'a> Wide<'a> {
    /// The index of a lexicon, if it has such terms.
    pub fn of(compiled: View<'a>) -> Option<Wide<'a>> {
        let wide = Wide {
            keys: compiled.section(Section::Wide),
            bloom: compiled.section(Section::WideBloom),
        };
        (!wide.keys.is_empty()).then_some(wide)
    }

    /// Gives the groups of terms that may be near a window of at most [`LONGEST`] letters; some more than
    /// once.
    pub fn near<L: Letter>(self, letters: &[L], mut found: impl FnMut(u32)) {
        let mut codes = [0; LONGEST];
        for (code, letter) in codes.iter_mut().zip(letters) {
            *code = letter.code();
        }
        for_variants(&codes[..letters.len()], MAX_DISTANCE, |hash| {
            let scattered = hash::scatter(hash);
            if !bloom::has(self.bloom, scattered) {
                return;
            }
            let key = scattered & !GROUP;
            let from = self.keys.partition_point(|&other| other < key);
            let same = self.keys[from..].iter();
            same.take_while(|&&other| other & !GROUP == key)
                .for_each(|&other| found((other & GROUP) as u32));
        });
    }
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
