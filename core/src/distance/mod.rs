//! How far apart two strings are: one metric per file, the edit distances each with a cutoff.
//!
//! | metric | range | time |
//! |---|---|---|
//! | [`levenshtein`], [`osa`], [`damerau_levenshtein`] | 0 (equal) to the longer length | O(n·m); O(n·max) with a cutoff for the first two |
//! | [`jaro`], [`jaro_winkler`] | 0 to 1 (equal) | O(n·m) |
//! | [`sorensen_dice`], [`jaccard`] | 0 to 1 (same bigrams) | O(n log n) |
//! | [`similarity`] | 0 to 1 (same letters) | O(n·m) |
//!
//! All are symmetric, but for [`jaro`] and [`jaro_winkler`] in rare cases. Texts are compared
//! character by character as they are given, a character being a Unicode scalar value; only
//! [`similarity`] folds them first.
#![forbid(unsafe_code)]

mod bigrams;
mod damerau_levenshtein;
mod error;
mod jaccard;
mod jaro;
mod jaro_winkler;
mod length;
mod levenshtein;
mod osa;
mod pair;
mod similarity;
mod sorensen_dice;

#[cfg(test)]
mod tests;

pub use self::damerau_levenshtein::{damerau_levenshtein, damerau_levenshtein_within};
pub use self::error::Error;
pub use self::jaccard::jaccard;
pub use self::jaro::jaro;
pub use self::jaro_winkler::jaro_winkler;
pub use self::length::{MAX_LENGTH, MAX_LENGTH_BIGRAMS};
pub use self::levenshtein::{levenshtein, levenshtein_within};
pub(crate) use self::osa::osa_of_letters;
pub use self::osa::{osa, osa_within};
pub use self::similarity::{similarity, similarity_with};
pub use self::sorensen_dice::sorensen_dice;
