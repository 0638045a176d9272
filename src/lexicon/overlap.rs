//! Which of several overlapping candidates are mentions: a greedy cover, the most matched letters
//! first. What is taken never shares a word with what was taken before.

use std::cmp::Reverse;

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
        (
            Reverse(worth),
            self.distance,
            self.first,
            self.last,
            self.group,
            self.stem,
        )
    }
}

/// Keeps the best cover. `taken` is a buffer. Time is that of the sort, and one step per word of each
/// candidate.
pub(crate) fn longest(candidates: &mut Vec<Candidate>, taken: &mut Vec<bool>, places: usize) {
    if candidates.len() < 2 {
        return;
    }
    candidates.sort_unstable_by_key(Candidate::rank);
    taken.clear();
    taken.resize(places, false);
    candidates.retain(|candidate| {
        match taken.get_mut(candidate.first as usize..=candidate.last as usize) {
            Some(places) if !places.contains(&true) => {
                places.fill(true);
                true
            }
            _ => false,
        }
    });
}
