//! Jaccard index of the bags of bigrams: the size of their intersection over the size of their union,
//! each bigram as often as it occurs (in the intersection the lesser number, in the union the greater).
//!
//! P. Jaccard, "The distribution of the flora in the alpine zone", 1912. The same bags as
//! `sorensen_dice`, so that with its value s this one is s / (2 − s): the same order, lower figures.
//! Time O(n log n), space O(n).

use super::bigrams::Overlap;
use super::error::Error;

/// The Jaccard index of two texts' bigrams, from 0 (none in common) to 1 (the same bigrams).
/// Fails if a text is longer than [`MAX_LENGTH_BIGRAMS`](super::MAX_LENGTH_BIGRAMS) characters.
pub fn jaccard(a: &str, b: &str) -> Result<f64, Error> {
    let overlap = Overlap::new(a, b)?;
    Ok(if overlap.equal {
        1.0
    } else if overlap.total == 0 {
        0.0
    } else {
        overlap.common as f64 / (overlap.total - overlap.common) as f64
    })
}
