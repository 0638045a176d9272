//! The optimal string alignment distance with a cutoff of at most two edits: insertions, deletions,
//! substitutions and transpositions of neighbours, no letter edited twice.
//!
//! Common ends are cut off first, then only the diagonals within the cutoff are filled (Ukkonen
//! 1985), so the time is linear in the length, the space constant, and no length is special.

use crate::lexicon::settings::MAX_DISTANCE;
use crate::lexicon::tables::hash::Letter;

const BAND: usize = MAX_DISTANCE as usize;
const WIDTH: usize = 2 * BAND + 1;
const FAR: u8 = 100;

/// The distance between `a` and `b` if it is at most `cutoff` (itself at most [`MAX_DISTANCE`]).
pub(crate) fn osa<A: Letter, B: Letter>(a: &[A], b: &[B], cutoff: u8) -> Option<u8> {
    let cutoff = cutoff.min(MAX_DISTANCE);
    if a.len().abs_diff(b.len()) > usize::from(cutoff) {
        return None;
    }
    let shared = a
        .iter()
        .zip(b)
        .take_while(|(x, y)| x.code() == y.code())
        .count();
    let (a, b) = (&a[shared..], &b[shared..]);
    let shared = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x.code() == y.code())
        .count();
    let (a, b) = (&a[..a.len() - shared], &b[..b.len() - shared]);
    let distance = match (a.len(), b.len()) {
        (0, rest) | (rest, 0) => rest as u8,
        (1, 1) => 1,
        _ if cutoff < 2 => {
            let swapped = a.len() == 2
                && b.len() == 2
                && a[0].code() == b[1].code()
                && a[1].code() == b[0].code();
            return swapped.then_some(1).filter(|&d| d <= cutoff);
        }
        _ => banded(a, b, cutoff)?,
    };
    (distance <= cutoff).then_some(distance)
}

/// Rows of the edit matrix, each holding columns `row - BAND ..= row + BAND`.
fn banded<A: Letter, B: Letter>(a: &[A], b: &[B], cutoff: u8) -> Option<u8> {
    let mut before = [FAR; WIDTH];
    let mut above = [FAR; WIDTH];
    for (k, cell) in above.iter_mut().enumerate().skip(BAND) {
        *cell = (k - BAND) as u8;
    }
    for i in 1..=a.len() {
        let mut row = [FAR; WIDTH];
        let mut least = FAR;
        for k in 0..WIDTH {
            // Column of this cell; cells left of column 0 or right of the last stay far.
            let Some(j) = (i + k).checked_sub(BAND).filter(|&j| j <= b.len()) else {
                continue;
            };
            let mut best = if j == 0 { i as u8 } else { FAR };
            if j > 0 {
                let same = a[i - 1].code() == b[j - 1].code();
                best = above[k].saturating_add(u8::from(!same));
                if k > 0 {
                    best = best.min(row[k - 1].saturating_add(1));
                }
                if i > 1
                    && j > 1
                    && a[i - 1].code() == b[j - 2].code()
                    && a[i - 2].code() == b[j - 1].code()
                {
                    best = best.min(before[k].saturating_add(1));
                }
            }
            if k + 1 < WIDTH {
                best = best.min(above[k + 1].saturating_add(1));
            }
            row[k] = best.min(FAR);
            least = least.min(row[k]);
        }
        if least > cutoff {
            return None;
        }
        before = above;
        above = row;
    }
    above.get(b.len() + BAND - a.len()).copied()
}

#[cfg(test)]
mod tests {
    use super::osa;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_banded_distance_equals_strsim_up_to_the_cutoff(
            a in "[abc]{0,12}", b in "[abc]{0,12}", cutoff in 0u8..=2
        ) {
            let expected = strsim::osa_distance(&a, &b);
            let expected = (expected <= usize::from(cutoff)).then_some(expected as u8);
            prop_assert_eq!(osa(a.as_bytes(), b.as_bytes(), cutoff), expected);
            let codes: Vec<u32> = b.chars().map(u32::from).collect();
            prop_assert_eq!(osa(a.as_bytes(), &codes, cutoff), expected);
        }
    }

    #[test]
    fn a_letter_is_not_edited_twice() {
        assert_eq!(osa(b"ca", b"abc", 2), None);
        assert_eq!(osa(b"ca", b"ac", 2), Some(1));
        assert_eq!(osa(b"xpepsiy".as_slice(), b"pepsi", 2), Some(2));
    }
}
