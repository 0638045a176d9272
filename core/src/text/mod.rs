//! Folding and tokenising: what makes `PEPSI™`, `pepsi's` and `Pépsi` the same word, and where each
//! folded letter stood in the original.
//!
//! [`Folded::fold`] turns a text into *letters* (the folded UTF-8 of all its words, run together
//! without separators) and *tokens* (where in the letters each word stands, and where in the text).
//! Words run together or split are then the same letters with other token borders.
//!
//! - Letters: NFKD and full Unicode case folding until nothing changes, accents stripped, Latin
//!   letters that do not decompose written in ASCII (`latin`). Vowel signs, viramas, nuktas, tone
//!   marks and Japanese voicing marks are kept: they carry meaning.
//! - A token is a maximal run of letters or of digits; each character of a script written without
//!   spaces is a token of its own. An apostrophe inside a word vanishes; `&` is the word `and`; every
//!   other character that is no letter, digit or mark separates words, and default-ignorable ones
//!   (soft hyphen, joiners, variation selectors) are as if they were not there.
//! - A hard break (unit separator, form feed, NUL) is what no match may span: columns that are matched
//!   together are joined by U+001F.
//! - A long text is folded piece by piece ([`Pieces`]), in bounded memory, and can be interrupted.
//! - Positions are `u32`: texts longer than [`MAX_TEXT`] bytes are for the caller to refuse.
#![forbid(unsafe_code)]

mod ascii;
mod builder;
mod cache;
mod count;
mod fold;
mod latin;
mod letters;
mod pieces;
mod span;
mod token;
mod unicode;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod twin;

pub use fold::{Folded, MAX_TEXT};
pub use pieces::{Piece, Pieces, Room};
pub use span::Characters;
pub use token::Token;
