//! Two texts as sequences that can be indexed by character: bytes if both are ASCII, which needs no
//! memory and is the common case, or else characters.

use super::error::Error;
use super::length::{MAX_LENGTH, check_lengths};

#[derive(Debug)]
pub(super) enum Pair<'a> {
    Ascii(&'a [u8], &'a [u8]),
    Wide(Vec<char>, Vec<char>),
}

impl<'a> Pair<'a> {
    /// Prepares two texts for a metric of quadratic time. Fails if one is longer than [`MAX_LENGTH`]
    /// characters.
    pub fn new(a: &'a str, b: &'a str) -> Result<Self, Error> {
        check_lengths(a, b, MAX_LENGTH)?;
        Ok(if a.is_ascii() && b.is_ascii() {
            Pair::Ascii(a.as_bytes(), b.as_bytes())
        } else {
            Pair::Wide(a.chars().collect(), b.chars().collect())
        })
    }
}

/// The two sequences without what they begin and end with in common, the shorter one first. No edit
/// distance is changed by that.
pub(super) fn trim<'a, T: Eq>(a: &'a [T], b: &'a [T]) -> (&'a [T], &'a [T]) {
    let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y);
    let suffix = suffix.count();
    (&a[..a.len() - suffix], &b[..b.len() - suffix])
}
