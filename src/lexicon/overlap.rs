//! Which of several overlapping candidates are mentions: a greedy cover, the most matched letters
//! first. What is taken never shares a word with what was taken before.
//!
//! The order is that of the terms themselves, never that in which they were compiled, so that a
//! lexicon with a delta settles as one compiled from the whole.

use std::cmp::Reverse;

use super::settings::Overlap;

/// A window that is within the edits of a group of terms and passed their guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Its first and last word; in substring mode, its first and last letter.
    pub first: u32,
    pub last: u32,
    /// The last word is read without its possessive s.
    pub stem: bool,
    pub group: u32,
    pub distance: u8,
    /// Letters of the term, and of the window.
    pub letters: u16,
    pub window_letters: u16,
}

impl Candidate {
    /// An edit weighs as much as two letters: a longer window must be worth its edits.
    fn rank(&self) -> impl Ord + use<> {
        let worth = i32::from(self.letters) - 2 * i32::from(self.distance);
        (Reverse(worth), self.distance, self.first, self.last)
    }
}

/// Keeps what `overlap` asks for. `taken` is a buffer; `term` gives the first term of a candidate.
///
/// A candidate may stand there twice afterwards.
pub(crate) fn settle<T: Ord>(
    overlap: Overlap,
    candidates: &mut Vec<Candidate>,
    taken: &mut Vec<bool>,
    places: usize,
    term: impl Fn(&Candidate) -> T,
) {
    match overlap {
        Overlap::All => {}
        Overlap::Longest => longest(candidates, taken, places, term),
        Overlap::Nested if candidates.len() < 2 => {}
        Overlap::Nested => {
            let written = candidates
                .iter()
                .filter(|candidate| candidate.distance == 0);
            let written: Vec<Candidate> = written.copied().collect();
            longest(candidates, taken, places, term);
            candidates.extend(written);
        }
    }
}

/// Keeps the best cover. `taken` is a buffer; `term` gives the first term of a candidate, which
/// decides between candidates of one rank. Time is that of the sort, and one step per word of each
/// rank.
fn longest<T: Ord>(
    candidates: &mut Vec<Candidate>,
    taken: &mut Vec<bool>,
    places: usize,
    term: impl Fn(&Candidate) -> T,
) {
    if candidates.len() < 2 {
        return;
    }
    candidates.sort_unstable_by_key(Candidate::rank);
    taken.clear();
    taken.resize(places, false);
    let (mut from, mut kept) = (0, 0);
    while let Some(&first) = candidates.get(from) {
        // Candidates of one rank are of one window: at most one of them stays.
        let alike = &candidates[from..];
        let alike = &alike[..alike.partition_point(|other| other.rank() == first.rank())];
        from += alike.len();
        let Some(places) = taken.get_mut(first.first as usize..=first.last as usize) else {
            continue;
        };
        if places.contains(&true) {
            continue;
        }
        places.fill(true);
        let best = if alike.iter().all(|other| *other == first) {
            first
        } else {
            let best = alike.iter().min_by_key(|other| (term(other), other.stem));
            best.copied().unwrap_or(first)
        };
        candidates[kept] = best;
        kept += 1;
    }
    candidates.truncate(kept);
}
