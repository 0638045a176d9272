//! Lexicon: a set of terms compiled for matching, and the search for them in folded text.
//!
//! The rules, which `oracle` repeats in the slowest way and the engine must equal:
//!
//! 1. A *window* is a run of words of the text without a hard break inside. Its letters are those of
//!    its words run together, so spaces are free. A possessive last word may be read without its s.
//! 2. A term folds to letters and words in the same way. It allows no edit below 3 letters, one up to
//!    7, two from 8; a limit of the lexicon may lower that. A term's own number of edits replaces this
//!    and rule 8: up to one in 3 and 4 letters, up to two from 5.
//! 3. A window within these edits of the term (insertions, deletions, substitutions, neighbours
//!    swapped) is a candidate: *exact* or *folded* without edits, else *fuzzy*.
//! 4. Without edits: if the term has fewer than 7 letters and the window other words ("a very" for
//!    Avery), one of these must be of 3 letters or more and not ordinary.
//! 5. With edits: the digits are the same, no whole word is missing or added, and each changed word
//!    of the text is no number nor runs together with one, no word of any term, and no ordinary word.
//! 6. A fuzzy window of one word is not in the dictionary; as a name it may be, if it is the term
//!    without its last s; and with one edit it may be in a text of up to 4 words.
//! 7. A changed word is rarer in the learned text than those it replaces: below 2 documents, or a
//!    third of theirs.
//! 8. Terms of 3 letters: only one word with the same first letter, and with one letter too many or
//!    two swapped. Of 4 letters, one word alone: these, or one with the same consonants. One word
//!    alone, one edit from a term of up to 6 letters or two from one of 8, has the term's first
//!    letter among its first two. The words of a term that two edits change have together 4 letters
//!    or more.
//! 9. Of overlapping candidates the one with most letters stays, an edit counting as two less; with
//!    `overlap => 'nested'` the terms written out inside of it, too, with 'all' every one. Terms of the
//!    same letters are found together.
//!
//! A term may do without what rules 4-7 say of ordinary words, dictionary and learned text. Without
//! word boundaries there are no windows and no edits: see `substring`.
//!
//! ```text
//! settings ◀── form ◀── tables ◀── rules ◀── parts ◀─┬─ build ◀── delta
//!                                                    └─ search ◀── explain
//! ```
//!
//! An arrow points at what is used; nothing points back. `form` is the compiled lexicon as bytes, `tables`
//! are the sections in which a search looks things up, `parts` are the base and a delta to it.
#![forbid(unsafe_code)]

mod build;
mod delta;
mod english;
mod error;
mod explain;
mod form;
#[cfg(test)]
mod oracle;
mod parts;
mod rules;
mod search;
mod settings;
mod tables;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod work;

pub use build::{Added, Builder, Learner, MAX_TERM_BYTES};
pub use delta::Delta;
pub use english::{english, english_dictionary};
pub use error::LexiconError;
pub use explain::{Explained, Verdict};
pub use form::Shared;
pub use parts::Lexicon;
pub use rules::Rule;
pub use search::{Kind, Mention, Scratch};
pub use settings::{MAX_DISTANCE, Overlap, Settings, TermOptions};
pub use tables::{MAX_LETTERS, MAX_TERMS};
