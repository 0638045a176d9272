//! Optimal string alignment distance: Levenshtein distance with one edit more, the transposition of
//! two adjacent characters; no part of the text is edited twice ("ca" → "abc" is 3).
//!
//! F. J. Damerau, "A technique for computer detection and correction of spelling errors", 1964, in the
//! restricted form; not a metric in the strict sense, for the triangle inequality can fail. Three rows
//! of the matrix; with a cutoff only a band of it, as in `levenshtein`. Time O(n·min(m, max)), space
//! O(m).

use super::error::Error;
use super::pair::{Pair, trim};

/// The distance, from 0 to the length of the longer text in characters.
///
/// ```
/// assert_eq!(termstream_core::distance::osa("pespi", "pepsi"), Ok(1));
/// ```
pub fn osa(a: &str, b: &str) -> Result<usize, Error> {
    distance_up_to(a, b, usize::MAX)
}

/// The distance if it is at most `max`, which is found out much sooner than the distance itself.
pub fn osa_within(a: &str, b: &str, max: usize) -> Result<Option<usize>, Error> {
    Ok(Some(distance_up_to(a, b, max)?).filter(|distance| *distance <= max))
}

fn distance_up_to(a: &str, b: &str, max: usize) -> Result<usize, Error> {
    Ok(match Pair::new(a, b)? {
        Pair::Ascii(a, b) => banded(a, b, max),
        Pair::Wide(a, b) => banded(&a, &b, max),
    })
}

/// The distance of two sequences of letters, if it is at most `max`.
pub(crate) fn osa_of_letters<T: Eq + Copy>(a: &[T], b: &[T], max: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    Some(banded(a, b, max)).filter(|distance| *distance <= max)
}

/// The distance, or anything over `max` if it is over `max`.
pub(super) fn banded<T: Eq + Copy>(a: &[T], b: &[T], max: usize) -> usize {
    let (a, b) = trim(a, b);
    let max = max.min(b.len());
    if b.len() - a.len() > max {
        return max + 1;
    }
    // last[j] is the distance of the part of `a` that was read and b[..j], before_last[j] that of one
    // character less. What lies outside the band is over `max` in all three rows.
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut before_last = vec![max + 1; b.len() + 1];
    let mut row = vec![max + 1; b.len() + 1];
    let mut least_of_last = 0;
    let mut x_before = None;
    for (i, &x) in a.iter().enumerate() {
        let from = i.saturating_sub(max);
        let to = b.len().min(i + max + 1);
        let mut diagonal = last[from];
        let mut left = if from == 0 { i + 1 } else { max + 1 };
        let mut least = left;
        row[from] = left;
        // The character of `b` before the one at hand, and the distance without both.
        let (mut y_before, mut without_both) = match from.checked_sub(1) {
            Some(before) => (Some(b[before]), before_last[before]),
            None => (None, max + 1),
        };
        let above = last[from + 1..=to].iter().zip(&before_last[from..to]);
        let cells = row[from + 1..=to].iter_mut().zip(&b[from..to]).zip(above);
        for ((cell, &y), (&up, &without_next)) in cells {
            let mut distance = (diagonal + usize::from(x != y)).min(up.min(left) + 1);
            // No branch, for it would be mispredicted: 116 ms at 8,192 random characters, not 246.
            let transposed = (y_before == Some(x)) & (x_before == Some(y));
            distance = distance.min(if transposed {
                without_both + 1
            } else {
                max + 1
            });
            *cell = distance;
            least = least.min(distance);
            diagonal = up;
            left = distance;
            y_before = Some(y);
            without_both = without_next;
        }
        x_before = Some(x);
        // A transposition reaches over one row.
        if least > max && least_of_last >= max {
            return max + 1;
        }
        least_of_last = least;
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    last[b.len()]
}
