//! The English words that are no misspellings unless told otherwise, in two lists made from SCOWL
//! (Debian's `scowl`: english, american and british words; its notice is in `english/LICENSE`), with
//! possessives and words beyond ASCII left out, folded and sorted.
//!
//! - `common.txt`: 11,129 words, sizes 10 and 20, with contractions and capitalised words.
//! - `dictionary.txt`: 109,532 rarer words of 3-24 letters, sizes up to 70 and abbreviations up to 95
//!   ("pcs", "vga"); and with a capital 13,612 names, capitalised words up to 70 and proper names
//!   up to 50.
//!
//! With 4,000 terms and misspelled mentions F1 is .941 with both, .935 without the names, .927 without
//! the abbreviations too. Of 1,773 mentions in the sets with 200 terms these cost two ("lena" for Luna,
//! "rco" for Rico); on short queries F1 is .966 with and without them.

/// The commonest words, one by one, for [`super::Builder::common_words`].
pub fn english() -> impl Iterator<Item = &'static str> {
    include_str!("english/common.txt").lines()
}

/// The rarer words, one by one, for [`super::Builder::dictionary`].
pub fn english_dictionary() -> impl Iterator<Item = &'static str> {
    include_str!("english/dictionary.txt").lines()
}
