//! Searching documents with compiled lexicons: what a call site keeps from row to row, the mentions of a
//! document, and what the SQL functions make of them.

mod document;
mod highlight;
mod scratch;
mod search;
mod tally;

pub use document::{JoinedDocuments, document_text};
pub use highlight::highlight;
pub use search::CallSite;
pub use tally::Tally;
