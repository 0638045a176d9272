//! The words of the terms of several words: which terms have a word, and which words stand together
//! in a term. A misspelled window that has such a word is compared with these terms alone.
//!
//! The pairs of a term are as many as half the square of its words. Of a term of more than [`PAIRED`] words
//! none is kept: of each of its words it is known that a long term has it, and two such words may stand
//! together. 100,000 terms of 96 words of two letters took 860 MiB for their pairs; now 14.

use bytemuck::{Pod, Zeroable};

use super::bloom;
use super::hash;
use super::posting::{MOST_ODD, Posting, Postings, most_odd};
use crate::bounds::{Grow, Interrupts, OutOfMemory, filled};
use crate::lexicon::form::{Section, View};
use crate::lexicon::settings::MAX_DISTANCE;

/// Words of the longest term whose pairs of words are kept: 1 in 1,000 names of products has more.
const PAIRED: usize = 12;
/// Up to this many terms of a word are compared whatever their length: an index would cost more.
const FEW: usize = 8;
const EDITS: usize = MAX_DISTANCE as usize;
/// The greatest length with a bit of its own; longer terms share it.
const LENGTHS: usize = 31;

/// The terms of a word, those of one length after those of another.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct WordRow {
    /// Where the word's terms begin among the postings, and (`run`) their lengths among the starts.
    start: u32,
    run: u32,
    /// One bit per length that a term of the word has.
    lengths: u32,
}

pub(crate) struct Vocabulary<'a> {
    rows: &'a [WordRow],
    /// For each length of each word's terms, where the terms of that length begin among the postings.
    starts: &'a [u32],
    postings: Postings<'a>,
    pairs: &'a [u64],
    /// Whether a term has more than [`PAIRED`] words.
    long_terms: bool,
}

impl<'a> Vocabulary<'a> {
    pub fn of(compiled: View<'a>) -> Vocabulary<'a> {
        Vocabulary {
            rows: compiled.section(Section::WordRows),
            starts: compiled.section(Section::WordStarts),
            postings: Postings::of(compiled.section(Section::WordPostings)),
            pairs: compiled.section(Section::WordPairs),
            long_terms: compiled.header.long_terms != 0,
        }
    }

    /// The groups of terms that have a word.
    #[inline]
    fn of_word(&self, word: u32) -> Postings<'a> {
        let word = word as usize;
        let (start, end) = match (self.rows.get(word), self.rows.get(word + 1)) {
            (Some(row), Some(next)) => (row.start, next.start),
            _ => (0, 0),
        };
        self.postings.range(start, end)
    }

    #[inline]
    fn lengths(&self, word: u32) -> u32 {
        self.rows.get(word as usize).map_or(0, |row| row.lengths)
    }

    /// How many groups of terms have a word.
    #[inline]
    pub fn terms(&self, word: u32) -> usize {
        self.of_word(word).len()
    }

    /// Whether a window of this length can be near a term that has this word.
    #[inline]
    pub fn near_length(&self, word: u32, length: usize) -> bool {
        let (from, to) = (length.saturating_sub(EDITS), length + EDITS);
        self.lengths(word) & (length_bit(to) << 1).wrapping_sub(length_bit(from)) != 0
    }

    /// Whether no window of this length or more can be near a term that has this word.
    #[inline]
    pub fn beyond_length(&self, word: u32, length: usize) -> bool {
        self.lengths(word) < length_bit(length.saturating_sub(EDITS))
    }

    /// Whether some term has both words, or one word twice if `a` and `b` are equal. May say yes wrongly:
    /// for one pair in 25 that no term has, and for two words of different long terms.
    #[inline]
    pub fn together(&self, a: u32, b: u32) -> bool {
        let long = |word| bloom::has(self.pairs, in_long_term(word));
        bloom::has(self.pairs, pair(a, b)) || self.long_terms && long(a) && long(b)
    }

    /// The groups of terms that have a word and can be near a window of this length and parities.
    #[inline]
    pub fn near(&self, word: u32, length: usize, parity: u32, mut found: impl FnMut(u32)) {
        let all = self.of_word(word);
        let Some(row) = self.rows.get(word as usize).filter(|_| all.len() > FEW) else {
            all.each_odd(MOST_ODD, parity, |posting| {
                if posting.near(length, parity) {
                    found(posting.group());
                }
            });
            return;
        };
        let (from, to) = (length.saturating_sub(EDITS), length + EDITS);
        for own in from.min(LENGTHS)..=to.min(LENGTHS) {
            let bit = length_bit(own);
            let most = match own {
                LENGTHS => Some(MOST_ODD),
                _ => most_odd(own, length),
            };
            let Some(most) = most.filter(|_| row.lengths & bit != 0) else {
                continue;
            };
            let run = (row.run + (row.lengths & (bit - 1)).count_ones()) as usize;
            if let (Some(&start), Some(&end)) = (self.starts.get(run), self.starts.get(run + 1)) {
                let of_length = self.postings.range(start, end);
                of_length.each_odd(most, parity, |posting| {
                    if own < LENGTHS || posting.near(length, parity) {
                        found(posting.group());
                    }
                });
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

/// The key of a word that a term of more than [`PAIRED`] words has: no word has the other number.
fn in_long_term(word: u32) -> u64 {
    pair(word, u32::MAX)
}

/// The keys of a term's words that stand together.
fn for_pairs(tokens: &[u32], mut each: impl FnMut(u64)) {
    if tokens.len() > PAIRED {
        return tokens.iter().for_each(|&token| each(in_long_term(token)));
    }
    for (i, &a) in tokens.iter().enumerate() {
        tokens[i + 1..].iter().for_each(|&b| each(pair(a, b)));
    }
}

/// The sections of the vocabulary.
pub(crate) struct Built {
    pub rows: Vec<WordRow>,
    pub starts: Vec<u32>,
    pub postings: Vec<u32>,
    pub pairs: Vec<u64>,
    /// Whether a term has more words than are kept by their pairs.
    pub long_terms: bool,
}

/// Builds from the groups in the order of their length: each gives its posting and the tokens of each
/// of its terms of several words.
pub(crate) fn build<'t>(
    words: usize,
    groups: &[u32],
    posting: impl Fn(usize) -> Posting,
    terms: impl Fn(usize) -> Vec<&'t [u32]>,
    interrupts: &Interrupts,
) -> Result<Built, OutOfMemory> {
    let mut rows = filled(WordRow::default(), words + 1, interrupts)?;
    let (mut pairs, mut long_terms) = (0, false);
    let distinct = |group: u32| -> Vec<u32> {
        let mut tokens: Vec<u32> = terms(group as usize).concat();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    };
    for &group in groups {
        interrupts.step();
        let length = posting(group as usize).length();
        for token in distinct(group) {
            let row = &mut rows[token as usize];
            row.start += 1;
            row.lengths |= length_bit(length);
        }
        for tokens in terms(group as usize) {
            for_pairs(tokens, |_| pairs += 1);
            long_terms |= tokens.len() > PAIRED;
        }
    }
    let mut sum = 0;
    for row in rows.iter_mut() {
        sum += row.start;
        row.start = sum;
    }
    let mut postings = filled(0u32, 2 * sum as usize, interrupts)?;
    let mut together = bloom::for_keys(pairs, interrupts)?;
    for &group in groups.iter().rev() {
        interrupts.step();
        let posting = posting(group as usize);
        for token in distinct(group) {
            let start = &mut rows[token as usize].start;
            *start -= 1;
            Postings::put(&mut postings, *start, posting);
        }
        for tokens in terms(group as usize) {
            for_pairs(tokens, |key| bloom::mark(&mut together, key));
        }
    }
    let mut starts = Vec::new();
    let placed = Postings::of(&postings);
    for word in 0..words {
        interrupts.step();
        rows[word].run = starts.len() as u32;
        let range = rows[word].start..rows[word + 1].start;
        let class = |at: u32| length_bit(placed.length(at));
        let first = |&at: &u32| at == range.start || class(at) != class(at - 1);
        for start in range.clone().filter(first) {
            starts.try_push(start)?;
        }
    }
    starts.try_push(sum)?;
    Ok(Built {
        rows,
        starts,
        postings,
        pairs: together,
        long_terms,
    })
}

#[cfg(test)]
mod tests {
    use super::{Vocabulary, build};
    use crate::bounds::Interrupts;
    use crate::lexicon::tables::posting::{Posting, Postings};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_near_terms_of_a_word_are_those_of_all_that_have_it(
            terms in prop::collection::vec((prop::collection::vec(0u32..3, 1..20), 4usize..70), 0..60),
            length in 4usize..70,
            changed in prop::collection::vec(0u32..32, 0..4),
        ) {
            let posting = |group: usize| Posting::new(group, &vec![97; terms[group].1]);
            let mut groups: Vec<u32> = (0..terms.len() as u32).collect();
            groups.sort_by_key(|&group| terms[group as usize].1);
            let terms_of = |group: usize| vec![&terms[group].0[..]];
            let built = build(3, &groups, posting, terms_of, &Interrupts::default()).unwrap();
            let vocabulary = Vocabulary {
                rows: &built.rows,
                starts: &built.starts,
                postings: Postings::of(&built.postings),
                pairs: &built.pairs,
                long_terms: built.long_terms,
            };
            let parity = changed.iter().fold(0, |all, letter| all ^ 1 << letter);
            for word in 0..3 {
                let own = |group: &&u32| terms[**group as usize].0.contains(&word);
                let near = |group: &&u32| posting(**group as usize).near(length, parity);
                let having: Vec<&u32> = groups.iter().filter(own).collect();
                prop_assert_eq!(vocabulary.terms(word), having.len());
                let expected: Vec<u32> = having.into_iter().filter(near).copied().collect();
                if !expected.is_empty() {
                    prop_assert!(vocabulary.near_length(word, length));
                    prop_assert!(!vocabulary.beyond_length(word, length));
                }
                let mut found = Vec::new();
                vocabulary.near(word, length, parity, |group| found.push(group));
                prop_assert_eq!(found, expected);
            }
            for (words, _) in &terms {
                for (at, &a) in words.iter().enumerate() {
                    prop_assert!(words[at + 1..].iter().all(|&b| vocabulary.together(a, b)));
                }
            }
        }
    }
}
