//! The letters of a term in 128 bits, six to a letter, so that the distance between two texts is a few
//! comparisons of integers, and no walk through four tables: of 1,000 terms that length and parities
//! leave near a window (see `posting`), some 30 are within the edits that their length allows.
//!
//! Only terms of up to [`MOST`] letters a-z and digits are packed; the others are measured.

use super::hash::Letter;

/// Letters in 126 bits; with 1,000,000 generated names, 92 of 100 are not longer.
pub(crate) const MOST: usize = 21;
const BITS: usize = 6;
/// A letter of a window that no packed term has.
const OTHER: u128 = (1 << BITS) - 1;

/// Letters, the first in the lowest bits; zero where they cannot be packed.
#[derive(Clone, Copy)]
pub(crate) struct Packed(u128);

/// How far a window is from a term by the optimal string alignment distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Apart {
    Edits(u8),
    /// More edits apart than were allowed.
    Far,
    /// Not determined, because the window or the term is not packed.
    Unknown,
}

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
    pub fn length(self) -> usize {
        (u128::BITS as usize - self.0.leading_zeros() as usize).div_ceil(BITS)
    }

    /// How far a window is from a term that allows `most` edits, one or two.
    ///
    /// Without the ends they share, the first letters differ and so do the last: an optimal alignment
    /// begins with an edit, ends with one, and all between is equal.
    #[inline]
    pub fn apart(self, term: Packed, most: u8) -> Apart {
        let own = term.length();
        let ((long, m), (short, n)) = match self.length() {
            length if length >= own => ((self.0, length), (term.0, own)),
            length => ((term.0, own), (self.0, length)),
        };
        if n == 0 {
            return Apart::Unknown;
        }
        if long == short {
            return Apart::Edits(0);
        }
        let begin = (long ^ short).trailing_zeros() as usize / BITS;
        let (m, n) = (m - begin.min(n), n - begin.min(n));
        if m - n > 2 {
            return Apart::Far;
        }
        let (long, short) = (long >> (BITS * begin), short >> (BITS * begin));
        let top = |letters: u128, length: usize| letters << (u128::BITS as usize - BITS * length);
        let end = match n {
            0 => 0,
            _ => (top(long, m) ^ top(short, n)).leading_zeros() as usize / BITS,
        };
        let (m, n) = (m - end.min(n), n - end.min(n));
        let letter = |letters: u128, at: usize| letters >> (BITS * at) & OTHER;
        let swapped = |at: usize, other: usize| {
            letter(long, at) == letter(short, other + 1)
                && letter(long, at + 1) == letter(short, other)
        };
        match (m, n) {
            (1, _) => return Apart::Edits(1),
            (2, 2) if swapped(0, 0) => return Apart::Edits(1),
            _ if most < 2 => return Apart::Far,
            (2, _) => return Apart::Edits(2),
            (_, 0) => return Apart::Far,
            _ => {}
        }
        // Whether `count` letters of the two are equal, from these places on.
        let equal = |from: usize, other: usize, count: usize| {
            let apart = long >> (BITS * from) ^ short >> (BITS * other);
            apart & ((1 << (BITS * count)) - 1) == 0
        };
        // One letter at each end is replaced, or two are swapped.
        let first = 1 + usize::from(n > 1 && swapped(0, 0));
        let last = 1 + usize::from(n > 1 && swapped(m - 2, n - 2));
        let near = match m - n {
            0 => {
                equal(first, first, m.saturating_sub(first + last))
                    || equal(1, 0, m - 1)
                    || equal(0, 1, m - 1)
            }
            1 => {
                equal(first, first, n.saturating_sub(first)) || equal(1, 0, n.saturating_sub(last))
            }
            _ => equal(1, 0, n),
        };
        if near { Apart::Edits(2) } else { Apart::Far }
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
    use super::{Apart, Packed};
    use proptest::prelude::*;

    fn of(letters: &str) -> Packed {
        let codes: Vec<u32> = letters.chars().map(u32::from).collect();
        Packed::of(Packed::term(&codes))
    }

    /// The expected result, from the plain distance.
    fn expected(window: &str, term: &str, most: u8) -> Apart {
        match strsim::osa_distance(window, term) {
            distance if distance <= usize::from(most) => Apart::Edits(distance as u8),
            _ => Apart::Far,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn letters_are_as_far_apart_as_the_distance_says(a in "[abc]{1,12}", b in "[abc]{1,12}") {
            for most in [1, 2] {
                let apart = Packed::window(a.as_bytes()).apart(of(&b), most);
                prop_assert_eq!(apart, expected(&a, &b, most), "{} {}", a, b);
            }
        }

        #[test]
        fn so_are_long_ones(head in "[ab]{0,8}", a in "[ab]{0,5}", b in "[ab]{0,5}", tail in "[ab]{1,8}") {
            let (a, b) = (format!("{head}{a}{tail}"), format!("{head}{b}{tail}"));
            for most in [1, 2] {
                let apart = Packed::window(a.as_bytes()).apart(of(&b), most);
                prop_assert_eq!(apart, expected(&a, &b, most), "{} {}", a, b);
            }
        }
    }

    #[test]
    fn of_what_cannot_be_packed_nothing_is_known() {
        let long = "abcdefghijklmnopqrstuv";
        for odd in ["", long, "é", "abcß"] {
            assert_eq!(
                Packed::window(b"abcdefgh").apart(of(odd), 2),
                Apart::Unknown,
                "{odd}"
            );
        }
        assert_eq!(
            Packed::window(long.as_bytes()).apart(of("abcdefgh"), 2),
            Apart::Unknown
        );
        // A foreign letter of the window is one letter, and no other.
        let window: Vec<u32> = "abcßefgh".chars().map(u32::from).collect();
        assert_eq!(
            Packed::window(&window).apart(of("abcdefgh"), 2),
            Apart::Edits(1)
        );
        assert_eq!(Packed::window(&window).apart(of("abcdefxy"), 2), Apart::Far);
    }
}
