//! A window near a term.

use std::cmp::Reverse;

/// A window that is within the edits of a group of terms and passed their guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The first word of the window by number; in substring mode, its first letter.
    pub first: u32,
    pub last: u32,
    /// Whether the last word is read without its possessive s.
    pub without_s: bool,
    pub group: u32,
    pub distance: u8,
    /// Letters of the term.
    pub letters: u16,
    pub window_letters: u16,
}

impl Candidate {
    /// The order in which candidates are tried, best first. An edit counts as two letters less, so that a
    /// longer window must make up for its edits.
    pub fn rank(&self) -> impl Ord + use<> {
        let worth = i32::from(self.letters) - 2 * i32::from(self.distance);
        (Reverse(worth), self.distance, self.first, self.last)
    }
}
