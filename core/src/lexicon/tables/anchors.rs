//! The fuzzy index: where in a text a misspelled term may begin or end, from a few of its letters.
//!
//! A term and a window within the allowed edits share at least one *anchor*:
//! - 3 letters, a letter too many or two swapped (see the rules): the term is the window with one
//!   letter deleted, or with two swapped.
//! - 4-7 letters, one edit: the term with one letter deleted meets the window with one deleted (Mor
//!   and Fraenkel 1982; FastSS, Bocek et al. 2007).
//! - 8 letters or more, two edits: the first letters, [`HEADS`], with one deleted, as before, if at
//!   most one edit touches them; else both edits touch them, and the last letters, [`TAILS`], are
//!   whole. A gap of a letter between the two keeps this true for a transposition across the
//!   border.
//!
//! The postings of a bucket are sorted by length.

use std::ops::RangeInclusive;

use super::bloom;
use super::hash::{self, Letter};
use super::posting::{Posting, of_lengths};
use crate::bounds::{Interrupts, OutOfMemory, filled};
use crate::lexicon::form::{Section, View};
use crate::lexicon::settings::{MAX_DISTANCE, SHORT};

/// Each kind of head, its letters, and the terms that have it. The longest is that of the most terms:
/// short heads name many terms.
const HEADS: [(u8, usize, RangeInclusive<usize>); 3] = [
    (HEAD_4, 4, 8..=8),
    (HEAD_5, 5, 9..=9),
    (HEAD_6, 6, 10..=usize::MAX),
];
/// The letters of each tail, and the terms that have it.
const TAILS: [(usize, RangeInclusive<usize>); 3] =
    [(3, 8..=10), (4, 11..=11), (5, 12..=usize::MAX)];

/// Kinds of anchors; the header has a bit for each that occurs.
pub(crate) const WHOLE: u8 = 1;
const HEAD_5: u8 = 2;
const HEAD_6: u8 = 4;
/// The kind of tails of 3 letters; tails of 4 and 5 letters have the next two bits.
const TAIL_3: u8 = 8;
const HEAD_4: u8 = 64;

/// The kind and the number of the first letters that are an anchor of a term of this length, and how
/// many of the last ones are the other. Between the two remains a letter, the gap.
fn ends(length: usize) -> (u8, usize, usize) {
    let head = HEADS.iter().find(|(_, _, terms)| terms.contains(&length));
    let tail = TAILS.iter().find(|(_, terms)| terms.contains(&length));
    match (head, tail) {
        (Some(&(kind, head, _)), Some(&(tail, _))) => (kind, head, tail),
        _ => (HEAD_4, 0, 0),
    }
}

/// The sections of one index.
pub(crate) struct Anchors<'a> {
    bloom: &'a [u64],
    buckets: &'a [u32],
    postings: &'a [u64],
    pub kinds: u8,
}

impl<'a> Anchors<'a> {
    pub fn guarded(compiled: View<'a>) -> Anchors<'a> {
        Anchors {
            bloom: compiled.section(Section::Bloom),
            buckets: compiled.section(Section::Buckets),
            postings: compiled.section(Section::Postings),
            kinds: compiled.header.anchors,
        }
    }

    pub fn open(compiled: View<'a>) -> Anchors<'a> {
        Anchors {
            bloom: compiled.section(Section::OpenBloom),
            buckets: compiled.section(Section::OpenBuckets),
            postings: compiled.section(Section::OpenPostings),
            kinds: compiled.header.open_anchors,
        }
    }

    /// Asks for the terms of 3-7 letters that a whole window may be. `prefix[i]` is the hash of the
    /// letters before the window's letter `i`.
    #[inline]
    pub fn ask_window<L: Letter>(
        &self,
        letters: &[L],
        prefix: &[u64],
        window: u32,
        probes: &mut Probes,
    ) {
        if self.kinds & WHOLE == 0 {
            return;
        }
        let length = letters.len();
        let probe = |hash| Probe {
            key: key(WHOLE, hash),
            lengths: (0, u16::MAX),
            window,
        };
        let wanted = &mut probes.wanted;
        wanted.push(probe(hash::between(prefix[0], prefix[length], length)));
        wanted.extend(deletions(length, prefix).map(probe));
        if length <= usize::from(SHORT) {
            for i in 1..length.saturating_sub(1) {
                let mut swapped = [0; SHORT as usize];
                swapped
                    .iter_mut()
                    .zip(letters)
                    .for_each(|(code, letter)| *code = letter.code());
                swapped.swap(i, i + 1);
                wanted.push(probe(hash::of(&swapped[..length])));
            }
        }
    }

    /// Asks for the terms of 8 letters or more whose head is near the letters here, of which
    /// `prefix` has the hashes and where windows of `lengths` begin.
    #[inline]
    pub fn ask_head(&self, prefix: &[u64], lengths: RangeInclusive<usize>, probes: &mut Probes) {
        for (kind, head, terms) in HEADS {
            if self.kinds & kind != 0 && head < prefix.len() && near_lengths(&terms, &lengths) {
                let (shortest, longest) = (*lengths.start() as u16, *lengths.end() as u16);
                let probe = |hash| Probe {
                    key: key(kind, hash),
                    lengths: (shortest, longest),
                    window: EVERY,
                };
                probes.wanted.extend(deletions(head, prefix).map(probe));
            }
        }
    }

    /// Asks for the terms of 8 letters or more that end as a window of so many letters does.
    #[inline]
    pub fn ask_tail(&self, own: usize, prefix: &[u64], window: u32, probes: &mut Probes) {
        for (tail, terms) in TAILS {
            if self.kinds & (TAIL_3 << (tail - 3)) == 0 || !near_lengths(&terms, &(own..=own)) {
                continue;
            }
            let start = own - tail;
            let hash = hash::between(prefix[start], prefix[own], tail);
            probes.wanted.push(Probe {
                key: key(TAIL_3, hash),
                lengths: (own as u16, own as u16),
                window,
            });
        }
    }

    /// Gives each posting of what was asked for and its window, or [`EVERY`]; some more than once.
    ///
    /// The tables are larger than any cache: each is asked all there is to ask before the next, so that
    /// the memory answers many questions in the time of one.
    #[inline]
    pub fn answer(
        &self,
        probes: &mut Probes,
        interrupts: &Interrupts,
        mut found: impl FnMut(Posting, u32),
    ) {
        let Probes {
            wanted, buckets, ..
        } = probes;
        let mut kept = 0;
        for i in 0..wanted.len() {
            let probe = wanted[i];
            wanted[kept] = probe;
            kept += usize::from(bloom::has(self.bloom, probe.key));
        }
        wanted.truncate(kept);
        buckets.clear();
        buckets.extend(wanted.iter().map(|probe| {
            let at = hash::slot(probe.key, self.buckets.len().saturating_sub(1));
            match (self.buckets.get(at), self.buckets.get(at + 1)) {
                (Some(&start), Some(&end)) => (start, end),
                _ => (0, 0),
            }
        }));
        for (probe, &(start, end)) in wanted.iter().zip(buckets.iter()) {
            let postings = self.postings.get(start as usize..end as usize);
            let (shortest, longest) = probe.lengths;
            let postings = of_lengths(
                postings.unwrap_or(&[]),
                usize::from(shortest),
                usize::from(longest),
            );
            #[cfg(test)]
            {
                crate::lexicon::work::add(1 + postings.len());
            }
            for some in postings.chunks(LOOKED_AT_ONCE) {
                interrupts.steps(some.len() / LOOKED_A_STEP);
                for &posting in some {
                    found(Posting(posting), probe.window);
                }
            }
        }
        wanted.clear();
    }
}

/// Postings between two looks at the interrupts, and how many are a step's work: each may be held against
/// all windows of one place.
const LOOKED_AT_ONCE: usize = 1024;
const LOOKED_A_STEP: usize = 64;

/// Takes the place of a window's number where all windows that begin in one place are meant.
pub(crate) const EVERY: u32 = u32::MAX;

/// A question to the index.
#[derive(Clone, Copy)]
struct Probe {
    key: u64,
    /// The shortest and the longest window asked about, in letters.
    lengths: (u16, u16),
    window: u32,
}

/// The questions of one place in the text, and where the index has the answers.
#[derive(Default)]
pub(crate) struct Probes {
    wanted: Vec<Probe>,
    buckets: Vec<(u32, u32)>,
}

/// Whether windows of these lengths may be near terms of those.
#[inline]
fn near_lengths(terms: &RangeInclusive<usize>, windows: &RangeInclusive<usize>) -> bool {
    let edits = usize::from(MAX_DISTANCE);
    windows.end() + edits >= *terms.start() && *windows.start() <= terms.end().saturating_add(edits)
}

/// The hash of the letters with each of them left out in turn: those before it weigh a power of the base
/// less than in the hash of all.
#[inline(always)]
fn deletions(length: usize, prefix: &[u64]) -> impl Iterator<Item = u64> {
    let (first, last) = match (prefix.first(), prefix.get(length)) {
        (Some(&first), Some(&last)) => (first, last),
        _ => (0, 0),
    };
    let all = last.wrapping_sub(first.wrapping_mul(hash::power(length.wrapping_sub(1))));
    let pairs = prefix.iter().zip(prefix.iter().skip(1)).take(length);
    pairs.enumerate().map(move |(at, (before, with))| {
        let power = hash::power(length - at - 1);
        all.wrapping_add(before.wrapping_sub(*with).wrapping_mul(power))
    })
}

#[inline(always)]
fn key(kind: u8, hash: u64) -> u64 {
    hash::scatter(hash ^ u64::from(kind).wrapping_mul(0xA24B_AED4_963E_E407))
}

/// The sections of an index.
#[derive(Default)]
pub(crate) struct Built {
    pub bloom: Vec<u64>,
    pub buckets: Vec<u32>,
    pub postings: Vec<u64>,
    pub kinds: u8,
}

/// Builds the index over groups in the order of their length. It asks for the letters of each again in
/// each round (count, mark, fill), so that no copy of the keys is ever held.
pub(crate) fn build(
    groups: &[u32],
    letters: impl Fn(usize, &mut Vec<u32>),
    interrupts: &Interrupts,
) -> Result<Built, OutOfMemory> {
    let mut codes = Vec::new();
    let (mut keys, mut kinds) = (0usize, 0u8);
    for &group in groups {
        interrupts.step();
        letters(group as usize, &mut codes);
        keys_of(&codes, |kind, _| {
            keys += 1;
            kinds |= kind;
        });
    }
    if keys == 0 {
        return Ok(Built::default());
    }
    let size = keys.next_power_of_two();
    let mut bloom = bloom::for_keys(keys, interrupts)?;
    let mut buckets = filled(0u32, size + 1, interrupts)?;
    for &group in groups {
        interrupts.step();
        letters(group as usize, &mut codes);
        keys_of(&codes, |_, key| {
            bloom::mark(&mut bloom, key);
            buckets[hash::slot(key, size)] += 1;
        });
    }
    let mut sum = 0;
    for start in buckets.iter_mut() {
        sum += *start;
        *start = sum;
    }
    let mut postings = filled(0u64, keys, interrupts)?;
    for &group in groups.iter().rev() {
        interrupts.step();
        letters(group as usize, &mut codes);
        let posting = Posting::new(group as usize, &codes);
        keys_of(&codes, |_, key| {
            let start = &mut buckets[hash::slot(key, size)];
            *start -= 1;
            postings[*start as usize] = posting.0;
        });
    }
    Ok(Built {
        bloom,
        buckets,
        postings,
        kinds,
    })
}

/// Calls `each` with the kind bit and the key of every anchor of a term.
fn keys_of(codes: &[u32], mut each: impl FnMut(u8, u64)) {
    let length = codes.len();
    let mut prefix = [0u64; 9];
    for (i, &code) in codes.iter().take(8).enumerate() {
        prefix[i + 1] = hash::push(prefix[i], code);
    }
    // Which of two letters alike is left out makes no difference.
    let distinct = |length| {
        let mut last = None;
        deletions(length, &prefix).filter(move |hash| last.replace(*hash) != Some(*hash))
    };
    match length {
        0..=2 => {}
        3 => each(WHOLE, key(WHOLE, prefix[length])),
        4..=7 => {
            each(WHOLE, key(WHOLE, prefix[length]));
            distinct(length).for_each(|hash| each(WHOLE, key(WHOLE, hash)));
        }
        _ => {
            let (kind, head, tail) = ends(length);
            distinct(head).for_each(|hash| each(kind, key(kind, hash)));
            each(
                TAIL_3 << (tail - 3),
                key(TAIL_3, hash::of(&codes[length - tail..])),
            );
        }
    }
}
