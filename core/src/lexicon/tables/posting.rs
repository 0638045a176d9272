//! A posting of the fuzzy indexes: a group of terms, its length, and for each letter whether the group
//! has it an odd number of times, in 64 bits.
//!
//! An edit changes at most two of the 32 parities, so nearly all false candidates end at one
//! comparison of integers: of 1,000 postings met with 100,000 terms, 14 are left to be measured.

use super::hash::Letter;

/// A group number has 26 bits in a posting.
pub(crate) const MAX_GROUPS: usize = 1 << 26;
/// A lexicon has at most this many terms, one below the groups that a posting can tell apart.
pub const MAX_TERMS: usize = MAX_GROUPS - 1;
/// The greatest length that is told apart; longer terms are stored with this one.
pub(crate) const LONGEST: usize = 63;
/// Below this many, a scan is cheaper than two searches, whose every step waits for the memory: of 377
/// postings of a row that was met for the first time, with 1,000,000 names, searches left out 80.
const SEARCHED: usize = 256;
/// Postings compared in one round, of a length that the compiler turns into vector instructions.
const PIECE: usize = 8;
/// The parities that two edits change at the most.
pub(crate) const MOST_ODD: u32 = 4;

#[derive(Clone, Copy)]
pub(crate) struct Posting(pub u64);

impl Posting {
    pub fn new(group: usize, codes: &[u32]) -> Posting {
        let all = codes.iter().fold(0, |all, &code| all ^ parity(code));
        Posting(u64::from(all) << 32 | (codes.len().min(LONGEST) as u64) << 26 | group as u64)
    }

    /// The two halves: the parities, and length with group, by which postings are sorted.
    pub fn halves(self) -> (u32, u32) {
        ((self.0 >> 32) as u32, self.0 as u32)
    }

    #[inline(always)]
    pub fn of_halves(parity: u32, low: u32) -> Posting {
        Posting(u64::from(parity) << 32 | u64::from(low))
    }

    #[inline(always)]
    pub fn group(self) -> u32 {
        self.0 as u32 & (MAX_GROUPS as u32 - 1)
    }

    #[inline(always)]
    pub fn length(self) -> usize {
        (self.0 >> 26) as usize & LONGEST
    }

    /// Whether a window of this length and these parities can be within the edits that this length
    /// allows.
    #[inline(always)]
    pub fn near(self, length: usize, parity: u32) -> bool {
        let odd = (self.0 >> 32) as u32 ^ parity;
        // Cheaper than counting them without an instruction for it.
        without(MOST_ODD, odd) == 0
            && most_odd(self.length(), length).is_some_and(|most| without(most, odd) == 0)
    }
}

/// In how many parities a window of this length may differ from a term of `own` letters that it is within
/// the allowed edits of, if it can be: each letter too many or too few changes one, another letter two.
#[inline(always)]
pub(crate) fn most_odd(own: usize, length: usize) -> Option<u32> {
    match (own, own.abs_diff(length)) {
        // `own` stands for this length and all above.
        (LONGEST, _) => (length + 2 >= LONGEST).then_some(MOST_ODD),
        (0..=3, 0) => Some(0),
        (0..=3, 1) if length > own => Some(1),
        (0..=3, _) => None,
        (4..=7, apart @ 0..=1) => Some(2 - apart as u32),
        (4..=7, _) => None,
        (_, apart @ 0..=2) => Some(4 - apart as u32),
        _ => None,
    }
}

/// Clears the lowest `count` bits that are set.
#[inline(always)]
pub(crate) fn without(count: u32, bits: u32) -> u32 {
    (0..count).fold(bits, |bits, _| bits & bits.wrapping_sub(1))
}

/// The parity bit of a letter.
#[inline(always)]
pub(crate) fn parity<L: Letter>(letter: L) -> u32 {
    1 << (letter.code() & 31)
}

/// Postings in the order of their length: the parities of all, then their other halves. A window is near
/// few of them, so the parities stand alone and are compared by the piece, which a compiler turns into
/// instructions for several at once.
#[derive(Clone, Copy)]
pub(crate) struct Postings<'a> {
    parities: &'a [u32],
    lows: &'a [u32],
}

impl<'a> Postings<'a> {
    /// The postings of a section of the compiled form.
    pub fn of(section: &'a [u32]) -> Postings<'a> {
        let (parities, lows) = section.split_at(section.len() / 2);
        Postings { parities, lows }
    }

    /// The postings from one place to another; none if a place is beyond the end.
    #[inline(always)]
    pub fn range(self, start: u32, end: u32) -> Postings<'a> {
        let range = start as usize..end as usize;
        let of = |halves: &'a [u32]| halves.get(range.clone()).unwrap_or(&[]);
        Postings {
            parities: of(self.parities),
            lows: of(self.lows),
        }
    }

    #[inline(always)]
    pub fn len(self) -> usize {
        self.parities.len()
    }

    /// Puts one in its place in a section.
    pub fn put(section: &mut [u32], at: u32, posting: Posting) {
        let (parities, lows) = section.split_at_mut(section.len() / 2);
        (parities[at as usize], lows[at as usize]) = posting.halves();
    }

    /// The length of the one in this place.
    pub fn length(self, at: u32) -> usize {
        let low = self.lows.get(at as usize).copied();
        Posting::of_halves(0, low.unwrap_or(0)).length()
    }

    /// Gives those that differ from a window in at most so many parities, of up to [`MOST_ODD`].
    #[inline(always)]
    pub fn each_odd(self, most: u32, parity: u32, found: impl FnMut(Posting)) {
        match most {
            0 => self.each_odd_by::<0>(parity, found),
            1 => self.each_odd_by::<1>(parity, found),
            2 => self.each_odd_by::<2>(parity, found),
            3 => self.each_odd_by::<3>(parity, found),
            _ => self.each_odd_by::<4>(parity, found),
        }
    }

    #[inline]
    fn each_odd_by<const MOST: u32>(self, parity: u32, mut found: impl FnMut(Posting)) {
        let (pieces, rest) = self.parities.as_chunks::<PIECE>();
        let (low_pieces, low_rest) = self.lows.as_chunks::<PIECE>();
        for (piece, lows) in pieces.iter().zip(low_pieces) {
            let odd = piece.map(|own| without(MOST, own ^ parity));
            if odd.iter().fold(0, |near, &odd| near + u32::from(odd == 0)) > 0 {
                for ((odd, &own), &low) in odd.iter().zip(piece).zip(lows) {
                    if *odd == 0 {
                        found(Posting::of_halves(own, low));
                    }
                }
            }
        }
        for (&own, &low) in rest.iter().zip(low_rest) {
            if without(MOST, own ^ parity) == 0 {
                found(Posting::of_halves(own, low));
            }
        }
    }
}

/// The postings, sorted by length, that a window of `shortest..=longest` letters can be near.
#[inline]
pub(crate) fn of_lengths(postings: &[u64], shortest: usize, longest: usize) -> &[u64] {
    if postings.len() < SEARCHED {
        return postings;
    }
    let from =
        postings.partition_point(|&posting| Posting(posting).length() + 2 < shortest.min(LONGEST));
    let to = postings.partition_point(|&posting| Posting(posting).length() <= longest + 2);
    postings.get(from..to).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::{MOST_ODD, Posting, Postings, parity};
    use proptest::prelude::*;

    fn posting(group: usize, term: &str) -> Posting {
        let codes: Vec<u32> = term.chars().map(u32::from).collect();
        Posting::new(group, &codes)
    }

    fn parities(window: &str) -> u32 {
        window.bytes().fold(0, |all, letter| all ^ parity(letter))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn a_window_within_the_edits_is_near(term in "[abc]{3,12}", window in "[abc]{2,14}") {
            let edits = strsim::osa_distance(&term, &window);
            let within = match term.len() {
                3 => edits == 1 && (window.len() == 4 || parities(&window) == parities(&term)),
                4..=7 => edits <= 1,
                _ => edits <= 2,
            };
            if within {
                prop_assert!(posting(7, &term).near(window.len(), parities(&window)));
            }
        }

        #[test]
        fn the_odd_ones_are_found_by_the_piece_as_one_by_one(
            terms in prop::collection::vec("[a-h]{1,9}", 0..40), window in "[a-h]{1,9}",
            range in (0u32..50, 0u32..50), most in 0u32..=MOST_ODD,
        ) {
            let all: Vec<Posting> = (0..).zip(&terms).map(|(group, term)| posting(group, term)).collect();
            let mut section = vec![0; 2 * all.len()];
            (0..).zip(&all).for_each(|(at, &posting)| Postings::put(&mut section, at, posting));
            let own = parities(&window);
            let asked = all.get(range.0 as usize..range.1 as usize).unwrap_or(&[]);
            let expected: Vec<u64> = asked
                .iter()
                .filter(|posting| (posting.halves().0 ^ own).count_ones() <= most)
                .map(|posting| posting.0)
                .collect();
            let mut found = Vec::new();
            let postings = Postings::of(&section).range(range.0, range.1);
            postings.each_odd(most, own, |posting| found.push(posting.0));
            prop_assert_eq!(found, expected);
        }
    }
}
