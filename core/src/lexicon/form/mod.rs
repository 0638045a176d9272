//! Form: a compiled lexicon as one run of bytes, with a header and flat sections, without pointers, so that
//! the same bytes serve from memory, from a file that every process maps, or from a table. Refuses bytes of
//! another version, and bytes that were truncated or changed.

mod checksum;
mod compiled;
mod header;
mod sections;
mod terms;
mod writer;

pub use compiled::Shared;
pub(crate) use compiled::{Compiled, View};
pub(crate) use header::Header;
pub(crate) use sections::{GroupRow, Section, TermRow};
pub(crate) use terms::{Groups, Terms};
pub(crate) use writer::Writer;
