//! Anchored halves: which terms may be near a window, for lexicons too large to compare every term with
//! every window. Another way than the engine's: strings in a map, a half for every length.
//!
//! A term of up to 7 letters, one edit away, has in common with the window what is left of each when
//! one letter is left out (Mor and Fraenkel 1982). Of a longer one, two edits away, either the first
//! half has at most one edit, or the last is whole; the letter between the halves is for a swap across
//! the border.

use std::collections::{BTreeSet, HashMap};

pub(super) struct Halves {
    anchors: HashMap<Anchor, Vec<usize>>,
}

/// Which half of a term, its length, and letters.
type Anchor = (char, usize, String);

impl Halves {
    pub fn of<'t>(terms: impl Iterator<Item = &'t str>) -> Halves {
        let mut anchors: HashMap<Anchor, Vec<usize>> = HashMap::new();
        for (number, term) in terms.enumerate() {
            let letters: Vec<char> = term.chars().collect();
            for anchor in of_length(&letters, letters.len()) {
                anchors.entry(anchor).or_default().push(number);
            }
        }
        Halves { anchors }
    }

    /// The terms that may be within their edits of these letters, in their order.
    pub fn near(&self, window: &str) -> Vec<usize> {
        let letters: Vec<char> = window.chars().collect();
        let lengths = letters.len().saturating_sub(2)..=letters.len() + 2;
        let anchors = lengths.flat_map(|length| of_length(&letters, length));
        let near: BTreeSet<usize> = anchors
            .filter_map(|anchor| self.anchors.get(&anchor))
            .flatten()
            .copied()
            .collect();
        near.into_iter().collect()
    }
}

/// The anchors that letters have if they are those of a term of `length` letters, or near them.
fn of_length(letters: &[char], length: usize) -> BTreeSet<Anchor> {
    let anchor = |half: char, letters: &[char]| (half, length, letters.iter().collect());
    if length < 8 {
        return variants(letters)
            .map(|letters| anchor('w', &letters))
            .collect();
    }
    let head = (length / 2).min(7);
    let tail = (length - head - 1).min(8);
    let mut anchors = BTreeSet::new();
    if let Some(letters) = letters.get(..head) {
        anchors.extend(variants(letters).map(|letters| anchor('h', &letters)));
    }
    if let Some(start) = letters.len().checked_sub(tail) {
        anchors.insert(anchor('t', &letters[start..]));
    }
    anchors
}

/// The letters, and what is left without each of them.
fn variants(letters: &[char]) -> impl Iterator<Item = Vec<char>> + '_ {
    let without = |at: usize| [&letters[..at], &letters[at + 1..]].concat();
    std::iter::once(letters.to_vec()).chain((0..letters.len()).map(without))
}
