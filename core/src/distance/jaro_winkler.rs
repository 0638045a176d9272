//! Jaro-Winkler similarity: Jaro similarity, raised for a common prefix of up to 4 characters, because
//! people rarely misspell how a name begins.
//!
//! W. E. Winkler, "String comparator metrics and enhanced decision rules in the Fellegi-Sunter model of
//! record linkage", 1990, as strsim has it: prefix weight 0.1, and only above a Jaro similarity of 0.7.
//! Time and space as `jaro`.

use super::error::Error;
use super::pair::Pair;

/// The Jaro-Winkler similarity of two texts, from 0 (nothing in common) to 1 (equal). Fails if a text is
/// longer than [`MAX_LENGTH`](super::MAX_LENGTH) characters.
pub fn jaro_winkler(a: &str, b: &str) -> Result<f64, Error> {
    Ok(match Pair::new(a, b)? {
        Pair::Ascii(a, b) => strsim::generic_jaro_winkler(&a.to_vec(), &b.to_vec()),
        Pair::Wide(a, b) => strsim::generic_jaro_winkler(&a, &b),
    })
}
