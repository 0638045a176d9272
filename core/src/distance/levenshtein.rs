//! Levenshtein distance: the fewest insertions, deletions and substitutions of one character that
//! turn one text into the other.
//!
//! V. I. Levenshtein, "Binary codes capable of correcting deletions, insertions and reversals", 1966.
//! One row of the matrix of Wagner and Fischer (1974); with a cutoff only the diagonals that can stay
//! within it, and an end as soon as a whole row is over it: E. Ukkonen, "Algorithms for approximate
//! string matching", 1985. Time O(n·min(m, max)), space O(m).

use super::error::Error;
use super::pair::{Pair, trim};

/// The Levenshtein distance, from 0 to the length of the longer text in characters. Fails if a text
/// is longer than [`MAX_LENGTH`](super::MAX_LENGTH).
pub fn levenshtein(a: &str, b: &str) -> Result<usize, Error> {
    distance_up_to(a, b, usize::MAX)
}

/// The distance if it is at most `max`, which is found out much sooner than the distance itself.
pub fn levenshtein_within(a: &str, b: &str, max: usize) -> Result<Option<usize>, Error> {
    Ok(Some(distance_up_to(a, b, max)?).filter(|distance| *distance <= max))
}

fn distance_up_to(a: &str, b: &str, max: usize) -> Result<usize, Error> {
    Ok(match Pair::new(a, b)? {
        Pair::Ascii(a, b) => banded(a, b, max),
        Pair::Wide(a, b) => banded(&a, &b, max),
    })
}

/// The distance, or anything over `max` if it is over `max`.
fn banded<T: Eq + Copy>(a: &[T], b: &[T], max: usize) -> usize {
    let (a, b) = trim(a, b);
    let max = max.min(b.len());
    if b.len() - a.len() > max {
        return max + 1;
    }
    // row[j] is the distance of the part of `a` that was read and b[..j]. What lies outside the band
    // is over `max`: to the right because a row begins as 0, 1, 2 …, to the left because it is set.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let from = i.saturating_sub(max);
        let to = b.len().min(i + max + 1);
        let mut diagonal = row[from];
        let mut left = if from == 0 { i + 1 } else { max + 1 };
        let mut least = left;
        row[from] = left;
        for (cell, &y) in row[from + 1..=to].iter_mut().zip(&b[from..to]) {
            let substituted = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = substituted.min(diagonal.min(left) + 1);
            *cell = left;
            least = least.min(left);
        }
        if least > max {
            return max + 1;
        }
    }
    row[b.len()]
}
