//! Search: finds the mentions of a lexicon's terms in a text, stretch by stretch.
//!
//! ```text
//! mentions ── reading ── candidates ──┬── words, exact ──┬── overlap ── report
//!                                     └── fuzzy ─────────┘
//!                        substring        (without word boundaries)
//! ```

mod bounds;
mod candidates;
mod exact;
mod fuzzy;
mod mention;
mod mentions;
mod overlap;
mod reading;
mod recent;
mod report;
mod scratch;
mod substring;
mod words;

pub use mention::{Kind, Mention};
pub(crate) use reading::is_brief;
pub(crate) use recent::Recent;
pub(crate) use report::source_of;
pub use scratch::Scratch;
#[cfg(test)]
pub(crate) use scratch::Size;
pub(crate) use words::fill;
