//! Jaro similarity: how many characters two texts share at nearby positions, and how many of those are
//! out of order. Made for the names of persons; short texts only make sense.
//!
//! M. A. Jaro, "Advances in record-linkage methodology as applied to matching the 1985 census of
//! Tampa, Florida", 1989, as strsim has it. 1 if both are empty, 0 if one is. Time O(n·m), space
//! O(n + m).

use super::error::Error;
use super::pair::Pair;

/// The Jaro similarity of two texts, from 0 (nothing in common) to 1 (equal). Fails if a text is longer
/// than [`MAX_LENGTH`](super::MAX_LENGTH) characters.
pub fn jaro(a: &str, b: &str) -> Result<f64, Error> {
    Ok(match Pair::new(a, b)? {
        Pair::Ascii(a, b) => strsim::generic_jaro(&a.to_vec(), &b.to_vec()),
        Pair::Wide(a, b) => strsim::generic_jaro(&a, &b),
    })
}
