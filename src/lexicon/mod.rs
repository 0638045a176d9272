//! Lexicon: a set of terms compiled for matching, and the search for them in folded text.
#![forbid(unsafe_code)]
