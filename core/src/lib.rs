//! Finds known terms in messy text: misspelled, run together, in any case; and takes records of CSV and
//! JSON apart. Without Postgres, files or network; it is what the extension termstream and its companion
//! termfeed share.
//!
//! ```text
//! text ◀── distance ◀── lexicon
//! record ◀── load
//! ```
//!
//! An arrow points at what is used; nothing points back. All modules may use `bounds`.
//!
//! ```
//! use termstream_core::lexicon::{Builder, LexiconError, Scratch, Settings, TermOptions};
//!
//! let mut builder = Builder::new(Settings::default());
//! builder.add(1, "Coca-Cola", TermOptions::default())?;
//! builder.add(2, "Lay's", TermOptions::default())?;
//! let lexicon = builder.finish()?;
//!
//! let text = "Coca Colla Zero 330ml, w/ lays chips";
//! let mut scratch = Scratch::new();
//! let found: Vec<(i64, &str, u8)> = lexicon
//!     .search(text, &mut scratch)
//!     .iter()
//!     .map(|one| (lexicon.term_id(one.term), &text[one.start..one.end], one.distance))
//!     .collect();
//! assert_eq!(found, [(1, "Coca Colla", 1), (2, "lays", 0)]);
//! # Ok::<(), LexiconError>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod bounds;
pub mod distance;
pub mod lexicon;
pub mod load;
pub mod record;
pub mod text;
