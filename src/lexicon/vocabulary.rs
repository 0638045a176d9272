//! The words of the terms of several words: which terms have a word, and which words stand together
//! in a term. A misspelled window that has such a word is compared with these terms alone.

use super::compiled::{Compiled, Section};
use super::hash;
use super::posting::{LONGEST, MAX_GROUPS, Posting, less_two};

/// Postings compared at once.
const PIECE: usize = 8;
const LENGTH_SHIFT: u32 = MAX_GROUPS.trailing_zeros();

pub(crate) struct Vocabulary<'a> {
    starts: &'a [u32],
    parities: &'a [u32],
    postings: &'a [u32],
    pairs: &'a [u64],
}

impl<'a> Vocabulary<'a> {
    pub fn of(compiled: &'a Compiled) -> Vocabulary<'a> {
        Vocabulary {
            starts: compiled.section(Section::WordStarts),
            parities: compiled.section(Section::WordParities),
            postings: compiled.section(Section::WordPostings),
            pairs: compiled.section(Section::WordPairs),
        }
    }

    /// How many groups of terms have a word.
    #[inline]
    pub fn terms(&self, word: u32) -> usize {
        match (
            self.starts.get(word as usize),
            self.starts.get(word as usize + 1),
        ) {
            (Some(start), Some(end)) => end.saturating_sub(*start) as usize,
            _ => 0,
        }
    }

    /// Whether some term has both words (or one of them twice): wrong in one of 25 cases of none.
    #[inline]
    pub fn together(&self, a: u32, b: u32) -> bool {
        let (word, bits) = hash::bloom(pair(a, b), self.pairs.len());
        self.pairs
            .get(word)
            .is_some_and(|&word| word & bits == bits)
    }

    /// The groups of terms that have a word and can be near a window of this length and parities.
    ///
    /// A window is near few of the terms of a word. So the parities stand alone in their array and are
    /// compared by the piece, which a compiler turns into instructions for several of them at once.
    #[inline]
    pub fn near(&self, word: u32, length: usize, parity: u32, mut found: impl FnMut(u32)) {
        let (Some(&start), Some(&end)) = (
            self.starts.get(word as usize),
            self.starts.get(word as usize + 1),
        ) else {
            return;
        };
        let range = start as usize..end as usize;
        let (Some(lows), Some(parities)) =
            (self.postings.get(range.clone()), self.parities.get(range))
        else {
            return;
        };
        let mut check = |parity_of: u32, low: u32| {
            let posting = Posting::of_halves(parity_of, low);
            if posting.near(length, parity) {
                found(posting.group());
            }
        };
        if lows.len() < PIECE {
            for (&own, &low) in parities.iter().zip(lows) {
                check(own, low);
            }
            return;
        }
        let shortest = length.saturating_sub(2).min(LONGEST) as u32;
        let from = lows.partition_point(|&low| low >> LENGTH_SHIFT < shortest);
        let to = lows.partition_point(|&low| low >> LENGTH_SHIFT <= length as u32 + 2);
        let (Some(lows), Some(parities)) = (lows.get(from..to), parities.get(from..to)) else {
            return;
        };
        let pieces = parities.chunks(PIECE).zip(lows.chunks(PIECE));
        for (parities, lows) in pieces {
            // At most four bits: what `Posting::near` asks of all.
            let any = parities
                .iter()
                .filter(|&&own| less_two(less_two(own ^ parity)) == 0)
                .count();
            if any > 0 {
                for (&own, &low) in parities.iter().zip(lows) {
                    check(own, low);
                }
            }
        }
    }
}

fn pair(a: u32, b: u32) -> u64 {
    hash::scatter(u64::from(a.min(b)) << 32 | u64::from(a.max(b)))
}

/// The sections of the vocabulary.
pub(crate) struct Built {
    pub starts: Vec<u32>,
    pub parities: Vec<u32>,
    pub postings: Vec<u32>,
    pub pairs: Vec<u64>,
}

/// Builds from the groups in the order of their length: each gives its posting and the tokens of each
/// of its terms of several words.
pub(crate) fn build<'t>(
    words: usize,
    groups: &[u32],
    posting: impl Fn(usize) -> Posting,
    terms: impl Fn(usize) -> Vec<&'t [u32]>,
) -> Built {
    let mut starts = vec![0u32; words + 1];
    let mut pairs = 0;
    let distinct = |group: u32| -> Vec<u32> {
        let mut tokens: Vec<u32> = terms(group as usize).concat();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    };
    for &group in groups {
        distinct(group)
            .iter()
            .for_each(|&token| starts[token as usize] += 1);
        pairs += terms(group as usize)
            .iter()
            .map(|tokens| tokens.len() * tokens.len() / 2)
            .sum::<usize>();
    }
    let mut sum = 0;
    for start in starts.iter_mut() {
        sum += *start;
        *start = sum;
    }
    let mut parities = vec![0u32; sum as usize];
    let mut postings = vec![0u32; sum as usize];
    let mut together = vec![0u64; (pairs * 12).div_ceil(64).next_power_of_two()];
    let slots = together.len();
    for &group in groups.iter().rev() {
        let (parity, low) = posting(group as usize).halves();
        for token in distinct(group) {
            let start = &mut starts[token as usize];
            *start -= 1;
            parities[*start as usize] = parity;
            postings[*start as usize] = low;
        }
        for tokens in terms(group as usize) {
            for (i, &a) in tokens.iter().enumerate() {
                for &b in &tokens[i + 1..] {
                    let (word, bits) = hash::bloom(pair(a, b), slots);
                    together[word] |= bits;
                }
            }
        }
    }
    Built {
        starts,
        parities,
        postings,
        pairs: together,
    }
}
