//! Similarity as the matcher sees it: of the folded letters of two texts, 1 − OSA distance / the longer
//! length. Case, accents, punctuation and spaces do not count (`Coca-Cola®` and `coca cola` are 1).
//!
//! Two texts without letters, empty ones among them, are 1; a text with and one without are 0. Time
//! O(n·m), space O(n + m).

use super::error::Error;
use super::length::{MAX_LENGTH, check_lengths};
use super::osa;
use crate::text::Folded;

/// The similarity of two texts' folded letters, from 0 (nothing in common) to 1 (the same letters). Fails
/// if a text, or its folded letters, are longer than [`MAX_LENGTH`] characters.
pub fn similarity(a: &str, b: &str) -> Result<f64, Error> {
    similarity_with(&mut Folded::new(), a, b)
}

/// The similarity of two texts, as [`similarity`] gives it, with buffers that a caller keeps from call to call.
pub fn similarity_with(folded: &mut Folded, a: &str, b: &str) -> Result<f64, Error> {
    check_lengths(a, b, MAX_LENGTH)?;
    let a = letters(folded, a)?;
    let b = letters(folded, b)?;
    let longer = a.len().max(b.len());
    if longer == 0 {
        return Ok(1.0);
    }
    Ok(1.0 - osa::banded(&a, &b, usize::MAX) as f64 / longer as f64)
}

/// Folding can make a text longer, so that it is measured again.
fn letters(folded: &mut Folded, text: &str) -> Result<Vec<char>, Error> {
    folded.fold(text);
    let letters = String::from_utf8_lossy(folded.letters());
    check_lengths(&letters, "", MAX_LENGTH)?;
    Ok(letters.chars().collect())
}
