//! The bigrams of two texts, as bags: every two adjacent characters, white space left out, as often as
//! they occur ("aaa" has `aa` twice). Time O(n log n), space O(n).

use super::error::Error;
use super::length::{MAX_LENGTH_BIGRAMS, check_lengths};

/// How many bigrams two texts have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overlap {
    /// The number of bigrams of both texts together.
    pub total: usize,
    /// The number of bigrams in common, each counted as often as both texts have it.
    pub common: usize,
    /// Whether the texts are equal but for white space.
    pub equal: bool,
}

impl Overlap {
    pub fn new(a: &str, b: &str) -> Result<Self, Error> {
        check_lengths(a, b, MAX_LENGTH_BIGRAMS)?;
        let equal = characters(a).eq(characters(b));
        let (a, b) = (sorted_bigrams(a), sorted_bigrams(b));
        let mut common = 0;
        let mut others = b.iter().peekable();
        for bigram in &a {
            while others.next_if(|other| *other < bigram).is_some() {}
            common += usize::from(others.next_if(|other| *other == bigram).is_some());
        }
        Ok(Overlap {
            total: a.len() + b.len(),
            common,
            equal,
        })
    }
}

fn characters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|character| !character.is_whitespace())
}

fn sorted_bigrams(text: &str) -> Vec<(char, char)> {
    let mut bigrams: Vec<_> = characters(text).zip(characters(text).skip(1)).collect();
    bigrams.sort_unstable();
    bigrams
}
