//! Bytes to fields: push parsers that never do I/O and never hold more than one bounded record.
//!
//! A parser is fed bytes in pieces of any size and calls back with events: a [`Record`] of fields, or
//! a [`Malformed`] one with its raw bytes and the reason, after which parsing goes on. Each event
//! carries the place it was read from and the place to resume at. How the input is cut into pieces
//! never changes the events.
#![forbid(unsafe_code)]

mod csv;
mod error;
mod event;
mod fields;
mod header;
mod newline;
mod options;
mod recover;
mod scan;
mod write;

#[cfg(test)]
mod tests;

pub use self::csv::CsvParser;
pub use self::error::{Error, RecordError};
pub use self::event::{Event, Malformed, Record};
pub use self::options::{CsvOptions, DEFAULT_MAX_RECORD_BYTES, Header};
pub use self::write::csv_line;
