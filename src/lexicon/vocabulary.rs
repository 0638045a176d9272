//! The words of the terms of several words: which terms have a word, and which words stand together
//! in a term. A misspelled window that has such a word is compared with these terms alone.

use super::bloom;
use super::compiled::{Section, View};
use super::hash;
use super::posting::{LONGEST, MAX_GROUPS, Posting, less_two};
use super::settings::MAX_DISTANCE;

/// Postings compared at once.
const PIECE: usize = 8;
const EDITS: usize = MAX_DISTANCE as usize;
/// Lengths of this and above are one to [`Vocabulary::near_length`].
const LENGTHS: usize = 31;
const LENGTH_SHIFT: u32 = MAX_GROUPS.trailing_zeros();

pub(crate) struct Vocabulary<'a> {
    rows: &'a [[u32; 2]],
    parities: &'a [u32],
    postings: &'a [u32],
    pairs: &'a [u64],
}

impl<'a> Vocabulary<'a> {
    pub fn of(compiled: View<'a>) -> Vocabulary<'a> {
        Vocabulary {
            rows: compiled.section(Section::WordRows),
            parities: compiled.section(Section::WordParities),
            postings: compiled.section(Section::WordPostings),
            pairs: compiled.section(Section::WordPairs),
        }
    }

    /// How many groups of terms have a word.
    #[inline]
    pub fn terms(&self, word: u32) -> usize {
        match (
            self.rows.get(word as usize),
            self.rows.get(word as usize + 1),
        ) {
            (Some([start, _]), Some([end, _])) => end.saturating_sub(*start) as usize,
            _ => 0,
        }
    }

    /// Whether a window of this length can be near a term that has this word.
    #[inline]
    pub fn near_length(&self, word: u32, length: usize) -> bool {
        let lengths = self.rows.get(word as usize).map_or(0, |row| row[1]);
        let (from, to) = (length.saturating_sub(EDITS), length + EDITS);
        lengths & (length_bit(to) << 1).wrapping_sub(length_bit(from)) != 0
    }

    /// Whether no window of this length or more can be near a term that has this word.
    #[inline]
    pub fn beyond_length(&self, word: u32, length: usize) -> bool {
        let lengths = self.rows.get(word as usize).map_or(0, |row| row[1]);
        lengths < length_bit(length.saturating_sub(EDITS))
    }

    /// Whether some term has both words (or one of them twice): wrong in one of 25 cases of none.
    #[inline]
    pub fn together(&self, a: u32, b: u32) -> bool {
        bloom::has(self.pairs, pair(a, b))
    }

    /// The groups of terms that have a word and can be near a window of this length and parities.
    ///
    /// A window is near few of the terms of a word. So the parities stand alone in their array and are
    /// compared by the piece, which a compiler turns into instructions for several of them at once.
    #[inline]
    pub fn near(&self, word: u32, length: usize, parity: u32, mut found: impl FnMut(u32)) {
        let (Some(&[start, _]), Some(&[end, _])) = (
            self.rows.get(word as usize),
            self.rows.get(word as usize + 1),
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

/// The bit of a length among those of a word's terms; those beyond are one.
#[inline(always)]
fn length_bit(length: usize) -> u32 {
    1 << length.min(LENGTHS)
}

fn pair(a: u32, b: u32) -> u64 {
    hash::scatter(u64::from(a.min(b)) << 32 | u64::from(a.max(b)))
}

/// The sections of the vocabulary.
pub(crate) struct Built {
    pub rows: Vec<[u32; 2]>,
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
    let mut rows = vec![[0u32; 2]; words + 1];
    let mut pairs = 0;
    let distinct = |group: u32| -> Vec<u32> {
        let mut tokens: Vec<u32> = terms(group as usize).concat();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    };
    for &group in groups {
        let length = posting(group as usize).length();
        for token in distinct(group) {
            let [uses, lengths] = &mut rows[token as usize];
            *uses += 1;
            *lengths |= length_bit(length);
        }
        pairs += terms(group as usize)
            .iter()
            .map(|tokens| tokens.len() * tokens.len() / 2)
            .sum::<usize>();
    }
    let mut sum = 0;
    for [start, _] in rows.iter_mut() {
        sum += *start;
        *start = sum;
    }
    let mut parities = vec![0u32; sum as usize];
    let mut postings = vec![0u32; sum as usize];
    let mut together = bloom::for_keys(pairs);
    for &group in groups.iter().rev() {
        let (parity, low) = posting(group as usize).halves();
        for token in distinct(group) {
            let [start, _] = &mut rows[token as usize];
            *start -= 1;
            parities[*start as usize] = parity;
            postings[*start as usize] = low;
        }
        for tokens in terms(group as usize) {
            for (i, &a) in tokens.iter().enumerate() {
                for &b in &tokens[i + 1..] {
                    bloom::mark(&mut together, pair(a, b));
                }
            }
        }
    }
    Built {
        rows,
        parities,
        postings,
        pairs: together,
    }
}
