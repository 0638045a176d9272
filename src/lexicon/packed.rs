//! The letters of a term in 128 bits, six to a letter, so that whether two texts are within two edits
//! is a few comparisons of integers and no walk through four tables: of 1,000 terms that length and
//! parities leave near a window (see `posting`), some 40 are left to be measured.
//!
//! Only terms of up to [`MOST`] letters a-z and digits are packed. Whatever is not counts as near.

use super::hash::Letter;

/// Letters in 126 bits; with 1,000,000 generated names, 92 of 100 are not longer.
pub(crate) const MOST: usize = 21;
const BITS: usize = 6;
/// A letter of a window that no packed term has.
const OTHER: u128 = (1 << BITS) - 1;

/// Letters, the first in the lowest bits; zero where they cannot be packed.
#[derive(Clone, Copy)]
pub(crate) struct Packed(u128);

impl Packed {
    /// A term, as the section has it.
    pub fn term(codes: &[u32]) -> [u64; 2] {
        let packed = Packed::window(codes).0;
        let foreign = codes.iter().any(|&code| letter(code) == OTHER);
        let packed = if foreign { 0 } else { packed };
        [packed as u64, (packed >> 64) as u64]
    }

    #[inline(always)]
    pub fn of(words: [u64; 2]) -> Packed {
        Packed(u128::from(words[0]) | u128::from(words[1]) << 64)
    }

    #[inline]
    pub fn window<L: Letter>(letters: &[L]) -> Packed {
        if letters.len() > MOST {
            return Packed(0);
        }
        let letters = letters.iter().rev();
        Packed(letters.fold(0, |all, &own| all << BITS | letter(own.code())))
    }

    #[inline(always)]
    fn length(self) -> usize {
        (u128::BITS as usize - self.0.leading_zeros() as usize).div_ceil(BITS)
    }

    /// False only where the two are more than two edits apart.
    ///
    /// Without the ends they share, the first letters differ and so do the last: an optimal alignment
    /// begins with an edit, ends with one, and all between is equal.
    #[inline]
    pub fn near(self, other: Packed) -> bool {
        let ((long, m), (short, n)) = match (self.length(), other.length()) {
            (m, n) if m >= n => ((self.0, m), (other.0, n)),
            (m, n) => ((other.0, n), (self.0, m)),
        };
        if n == 0 || long == short {
            return true;
        }
        let begin = (long ^ short).trailing_zeros() as usize / BITS;
        let (m, n) = (m - begin.min(n), n - begin.min(n));
        if m <= 2 {
            return true;
        }
        if n == 0 || m - n > 2 {
            return false;
        }
        let (long, short) = (long >> (BITS * begin), short >> (BITS * begin));
        let top = |letters: u128, length: usize| letters << (u128::BITS as usize - BITS * length);
        let end = (top(long, m) ^ top(short, n)).leading_zeros() as usize / BITS;
        let (m, n) = (m - end.min(n), n - end.min(n));
        if m <= 2 {
            return true;
        }
        if n == 0 {
            return false;
        }
        // Whether `count` letters of the two are equal, from these places on.
        let equal = |from: usize, other: usize, count: usize| {
            let apart = long >> (BITS * from) ^ short >> (BITS * other);
            apart & ((1 << (BITS * count)) - 1) == 0
        };
        let letter = |letters: u128, at: usize| letters >> (BITS * at) & OTHER;
        let swapped = |at: usize, other: usize| {
            n > 1
                && letter(long, at) == letter(short, other + 1)
                && letter(long, at + 1) == letter(short, other)
        };
        // One letter at each end is replaced, or two are swapped.
        let first = 1 + usize::from(swapped(0, 0));
        let last = 1 + usize::from(n > 1 && swapped(m - 2, n - 2));
        match m - n {
            0 => {
                equal(first, first, m.saturating_sub(first + last))
                    || equal(1, 0, m - 1)
                    || equal(0, 1, m - 1)
            }
            1 => {
                equal(first, first, n.saturating_sub(first)) || equal(1, 0, n.saturating_sub(last))
            }
            _ => equal(1, 0, n),
        }
    }
}

#[inline(always)]
fn letter(code: u32) -> u128 {
    match code {
        0x61..=0x7A => u128::from(code - 0x60),
        0x30..=0x39 => u128::from(code - 0x30 + 27),
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::Packed;
    use proptest::prelude::*;

    fn of(letters: &str) -> Packed {
        let codes: Vec<u32> = letters.chars().map(u32::from).collect();
        Packed::of(Packed::term(&codes))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn the_near_ones_are_those_within_two_edits(a in "[abc]{1,9}", b in "[abc]{1,9}") {
            let near = Packed::window(a.as_bytes()).near(of(&b));
            prop_assert_eq!(near, strsim::osa_distance(&a, &b) <= 2, "{} {}", a, b);
        }

        #[test]
        fn so_are_long_ones(head in "[ab]{0,8}", a in "[ab]{0,5}", b in "[ab]{0,5}", tail in "[ab]{1,8}") {
            let (a, b) = (format!("{head}{a}{tail}"), format!("{head}{b}{tail}"));
            let near = Packed::window(a.as_bytes()).near(of(&b));
            prop_assert_eq!(near, strsim::osa_distance(&a, &b) <= 2, "{} {}", a, b);
        }
    }

    #[test]
    fn what_cannot_be_packed_is_near_everything() {
        let long = "abcdefghijklmnopqrstuv";
        for odd in ["", long, "é", "abcß"] {
            assert!(of(odd).near(of("abcdefgh")), "{odd}");
        }
        assert!(Packed::window(long.as_bytes()).near(of("abcdefgh")));
        // A foreign letter of the window is one letter, and no other.
        let window: Vec<u32> = "abcßefgh".chars().map(u32::from).collect();
        assert!(Packed::window(&window).near(of("abcdefgh")));
        assert!(!Packed::window(&window).near(of("abcdefxy")));
    }
}
