//! Finds known terms in messy text: misspelled, run together, in any case; and takes records of CSV and
//! JSON apart. Without Postgres, files or network; it is what the extension termstream and its companion
//! termfeed share.
//!
//! ```text
//! text ◀─┬─ distance
//!        └─ lexicon
//! record ◀── load
//! ```
//!
//! An arrow points at what is used; nothing points back. All modules may use `bounds`.
#![forbid(unsafe_code)]

pub mod bounds;
pub mod distance;
pub mod lexicon;
pub mod load;
pub mod record;
pub mod text;
