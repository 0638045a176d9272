//! The English words that are not taken for misspellings by default, in two lists made from SCOWL
//! (Debian's `scowl`: english, american and british words; its notice is in `english/LICENSE`), with
//! possessives and words beyond ASCII left out, folded and sorted.
//!
//! - `common.txt`: 11,129 words, sizes 10 and 20, with contractions and capitalised words.
//! - `dictionary.txt`: 158,951 rarer words, sizes up to 70 and abbreviations up to 95 ("pcs", "vga"), and
//!   of size 80 those of up to 8 letters, as product texts have them ("roti", "kurta"); and with a capital
//!   47,493 names, capitalised words up to 70 and proper names up to 50, and up to 95 those of up to 8
//!   letters. Longer words are seldom near a term. Size 80 has the UK Advanced Cryptics Dictionary,
//!   (c) J Ross Beresford 1993-1999.

/// Iterates over the 11,129 commonest English words, for [`super::Builder::common_words`].
pub fn english() -> impl Iterator<Item = &'static str> {
    include_str!("english/common.txt").lines()
}

/// Iterates over the rarer English words and, capitalised, names, for [`super::Builder::dictionary`].
pub fn english_dictionary() -> impl Iterator<Item = &'static str> {
    include_str!("english/dictionary.txt").lines()
}
