//! Damerau-Levenshtein distance: Levenshtein distance with transpositions, unrestricted: what was
//! transposed may be edited again ("ca" → "abc" is 2), and the triangle inequality holds.
//!
//! R. Lowrance and R. A. Wagner, "An extension of the string-to-string correction problem", 1975, in
//! the linear space of C. Zhao and S. Sahni, "String correction using the Damerau-Levenshtein
//! distance", 2019, as strsim has it. Time O(n·m), space O(n + m). The cutoff spares texts whose
//! lengths alone are too far apart; others are measured in full.

use super::error::Error;
use super::length::{MAX_LENGTH, check_lengths};

/// The Damerau-Levenshtein distance, from 0 to the length of the longer text in characters. Fails if a text
/// is longer than [`MAX_LENGTH`](super::MAX_LENGTH).
pub fn damerau_levenshtein(a: &str, b: &str) -> Result<usize, Error> {
    check_lengths(a, b, MAX_LENGTH)?;
    Ok(strsim::damerau_levenshtein(a, b))
}

/// The distance if it is at most `max`.
pub fn damerau_levenshtein_within(a: &str, b: &str, max: usize) -> Result<Option<usize>, Error> {
    let (a_length, b_length) = check_lengths(a, b, MAX_LENGTH)?;
    if a_length.abs_diff(b_length) > max {
        return Ok(None);
    }
    Ok(Some(strsim::damerau_levenshtein(a, b)).filter(|distance| *distance <= max))
}
