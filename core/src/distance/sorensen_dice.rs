//! Sørensen-Dice coefficient of the bags of bigrams: twice what is common over the sum of both sizes.
//!
//! L. R. Dice, "Measures of the amount of ecologic association between species", 1945. White space is
//! left out, and a text that is equal without it scores 1 even where it has no bigram: the definition
//! of strsim, whose own function divides by lengths in bytes and so is wrong for other texts than
//! ASCII. Time O(n log n), space O(n).

use super::bigrams::Overlap;
use super::error::Error;

/// The Sørensen-Dice coefficient of two texts' bigrams, from 0 (none in common) to 1 (the same bigrams).
/// Fails if a text is longer than [`MAX_LENGTH_BIGRAMS`](super::MAX_LENGTH_BIGRAMS) characters.
pub fn sorensen_dice(a: &str, b: &str) -> Result<f64, Error> {
    let overlap = Overlap::new(a, b)?;
    Ok(if overlap.equal {
        1.0
    } else if overlap.total == 0 {
        0.0
    } else {
        (2 * overlap.common) as f64 / overlap.total as f64
    })
}
