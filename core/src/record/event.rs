//! The events that a parser hands to its callback: records, whole or malformed, each with its position.

use super::error::RecordError;
use super::field::Field;
use super::fields::Span;

/// What a parser has read.
#[derive(Debug)]
pub enum Event<'a> {
    /// A record, split into fields.
    Record(Record<'a>),
    /// A record that cannot be split into the expected fields.
    Malformed(Malformed<'a>),
}

/// One record split into fields. The bytes are borrowed until the callback returns.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Physical line where the record starts, from 1.
    pub line: u64,
    /// Physical line where the next record starts.
    pub next_line: u64,
    /// Byte offset in the input where the record starts.
    pub offset: u64,
    /// First byte after the record and its line end: the place to resume at.
    pub end_offset: u64,
    /// The record as read, without its line end, as UTF-8 without NUL.
    pub raw: &'a [u8],
    /// The fields, as ranges of `raw` or of `copied`.
    pub(super) spans: &'a [Span],
    /// Fields whose value is not a range of `raw`, because quotes had to be removed inside.
    pub(super) copied: &'a [u8],
}

impl<'a> Record<'a> {
    /// Number of fields, which is the number of expected columns.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Never true of a record from a parser: an empty line is one empty field.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The value of one field, counted from 0; NULL if there is no such field.
    pub fn field(&self, index: usize) -> Field<'a> {
        self.spans
            .get(index)
            .map_or(Field::Null, |span| span.value(self.raw, self.copied))
    }

    /// The values in order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'a>> + use<'a> {
        let (raw, copied) = (self.raw, self.copied);
        self.spans.iter().map(move |span| span.value(raw, copied))
    }
}

/// One record that could not be taken apart, kept so that nothing is lost.
#[derive(Debug, Clone)]
pub struct Malformed<'a> {
    /// Physical line where the record starts, from 1.
    pub line: u64,
    /// Physical line where the next record starts.
    pub next_line: u64,
    /// Byte offset in the input where the record starts.
    pub offset: u64,
    /// First byte after the record and its line end: the place to resume at.
    pub end_offset: u64,
    /// The record as read, without its line end; only its head if it was longer than the limit.
    pub raw: &'a [u8],
    /// Length of the record without its line end, also where `raw` is only its head.
    pub size: u64,
    /// Why the record cannot be split.
    pub error: RecordError,
}
