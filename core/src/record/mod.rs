//! Bytes to fields: push parsers that never do I/O and never hold more than one bounded record.
//!
//! A parser is fed bytes in pieces of any size and calls back with events: a [`Record`] of fields, or
//! a [`Malformed`] one with its raw bytes and the reason, after which parsing goes on. Each event
//! carries the place it was read from and the place to resume at. How the input is cut into pieces
//! never changes the events.
#![forbid(unsafe_code)]

mod error;
mod escaped;
mod event;
mod field;
mod fields;
mod header;
mod newline;
mod object;
mod options;
mod parser;
mod quoted;
mod recover;
mod scan;
mod write;

#[cfg(test)]
mod tests;

pub use self::error::{Error, RecordError};
pub use self::event::{Event, Malformed, Record};
pub use self::field::Field;
pub use self::object::{is_number, with_point};
pub use self::options::{DEFAULT_MAX_RECORD_BYTES, Format, Header, Options};
pub use self::parser::{Decode, Parser};
pub use self::write::csv_line;
