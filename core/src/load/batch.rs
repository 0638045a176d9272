//! Rows that wait to be flushed together, bounded by number and by bytes.
//!
//! All values lie in one buffer, so that a row costs no allocation; the buffers stay when the batch is
//! cleared, and give their memory back after an unusually big row.

use std::borrow::Cow;
use std::ops::Range;

use super::error::Error;
use crate::bounds::{Grow, OutOfMemory, extend};
use crate::record::{Field, csv_line};

/// The rows of a batch, unless set otherwise.
pub const DEFAULT_BATCH_ROWS: i64 = 5_000;
/// The most rows that a batch can be set to.
pub const MAX_BATCH_ROWS: i64 = 1_000_000;

/// A batch is full when its values reach this size, however few rows they are. 5,000 ordinary rows
/// have 0.5 to 5 MiB; a batch is held several times over (fields, typed rows, the statement's own).
pub const MAX_BATCH_BYTES: usize = 8 << 20;

/// The position of a row in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A record of an input: its physical line and its byte offset.
    Input {
        /// The physical line where the record starts, from 1.
        line: u64,
        /// The byte where the record starts, from 0.
        offset: u64,
    },
    /// The number of the row, from 1, for a source that gives rows without bytes or lines.
    Row {
        /// The number, from 1.
        number: u64,
    },
}

impl Place {
    /// The physical line, or the number of the row.
    pub fn line(self) -> u64 {
        match self {
            Place::Input { line, .. } => line,
            Place::Row { number } => number,
        }
    }

    /// The byte offset in the input, if the source has bytes.
    pub fn offset(self) -> Option<u64> {
        match self {
            Place::Input { offset, .. } => Some(offset),
            Place::Row { .. } => None,
        }
    }
}

/// Rows that are flushed together: to add to, to read, and to clear.
#[derive(Debug)]
pub struct Batch {
    max_rows: usize,
    /// The values of all fields, each row's followed by its raw bytes.
    bytes: Vec<u8>,
    fields: Vec<Value>,
    rows: Vec<Extent>,
}

/// One value, whose text lies in `bytes` and starts where the one before ends.
#[derive(Debug, Clone, Copy)]
struct Value {
    end: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Null,
    LeftOut,
}

#[derive(Debug, Clone, Copy)]
struct Extent {
    place: Place,
    /// Where its values start in `bytes`.
    start: usize,
    /// Where its fields end in `fields`; they start where the ones of the row before end.
    fields_end: usize,
    /// Where its raw bytes end in `bytes`, if it has any; they start where its last value ends.
    raw_end: Option<usize>,
}

/// One row of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    bytes: &'a [u8],
    fields: &'a [Value],
    extent: Extent,
}

impl Batch {
    /// Makes an empty batch, full at `batch_rows` rows, 1 to [`MAX_BATCH_ROWS`].
    pub fn new(batch_rows: i64) -> Result<Self, Error> {
        let max_rows = usize::try_from(batch_rows)
            .ok()
            .filter(|_| (1..=MAX_BATCH_ROWS).contains(&batch_rows))
            .ok_or(Error::InvalidBatchRows {
                value: batch_rows,
                max: MAX_BATCH_ROWS,
            })?;
        Ok(Batch {
            max_rows,
            bytes: Vec::new(),
            fields: Vec::new(),
            rows: Vec::new(),
        })
    }

    /// Adds one row and returns how many bytes its values have. `raw` is the record as read, if there is
    /// one. After [`OutOfMemory`] the batch may hold part of the row, and must be cleared or dropped.
    pub fn push<'a>(
        &mut self,
        place: Place,
        raw: Option<&[u8]>,
        fields: impl IntoIterator<Item = Field<'a>>,
    ) -> Result<usize, OutOfMemory> {
        let start = self.bytes.len();
        for field in fields {
            let kind = match field {
                Field::Text(text) => {
                    extend(&mut self.bytes, text)?;
                    Kind::Text
                }
                Field::Null => Kind::Null,
                Field::LeftOut => Kind::LeftOut,
            };
            self.fields.try_push(Value {
                end: self.bytes.len(),
                kind,
            })?;
        }
        let values = self.bytes.len() - start;
        let raw_end = match raw {
            Some(raw) => {
                extend(&mut self.bytes, raw)?;
                Some(self.bytes.len())
            }
            None => None,
        };
        self.rows.try_push(Extent {
            place,
            start,
            fields_end: self.fields.len(),
            raw_end,
        })?;
        Ok(values)
    }

    /// Whether the batch should be flushed. This is advice: one more row still fits, however big it is.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= self.max_rows || self.bytes.len() >= MAX_BATCH_BYTES
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the batch has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of all values and raw records.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The row at an index, counted from 0.
    pub fn row(&self, index: usize) -> Option<Row<'_>> {
        let extent = *self.rows.get(index)?;
        let fields_start = match index.checked_sub(1) {
            Some(before) => self.rows.get(before)?.fields_end,
            None => 0,
        };
        Some(Row {
            bytes: &self.bytes,
            fields: self.fields.get(fields_start..extent.fields_end)?,
            extent,
        })
    }

    /// All rows, in the order in which they were added.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.range(0..self.len())
    }

    /// The rows at these indexes, counted from 0; ends at the first that does not exist.
    pub fn range(&self, indexes: Range<usize>) -> impl Iterator<Item = Row<'_>> {
        indexes.map_while(|index| self.row(index))
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Drops the rows. Keeps the memory for the next batch, up to twice [`MAX_BATCH_BYTES`] of values.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.fields.clear();
        self.bytes.clear();
        self.bytes.shrink_to(2 * MAX_BATCH_BYTES);
    }
}

impl<'a> Row<'a> {
    /// The position of the row in its source.
    pub fn place(&self) -> Place {
        self.extent.place
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether the row has no fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The value of one field, counted from 0; NULL if there is no such field.
    pub fn field(&self, index: usize) -> Field<'a> {
        let Some(field) = self.fields.get(index) else {
            return Field::Null;
        };
        let start = match index.checked_sub(1).and_then(|one| self.fields.get(one)) {
            Some(before) => before.end,
            None => self.extent.start,
        };
        match field.kind {
            Kind::Text => self.bytes.get(start..field.end).into(),
            Kind::Null => Field::Null,
            Kind::LeftOut => Field::LeftOut,
        }
    }

    /// The values in order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'a>> + use<'a> {
        let row = *self;
        (0..self.len()).map(move |index| row.field(index))
    }

    /// The record as read, or else a line of the fields that [`Row::given`] tells: CSV, or the empty
    /// object of JSON where none is given.
    pub fn line(&self) -> Cow<'a, [u8]> {
        if let Some(raw) = self.raw() {
            return Cow::Borrowed(raw);
        }
        let given = self.fields().filter(|field| *field != Field::LeftOut);
        let mut given = given.peekable();
        // No line of CSV has no fields.
        if given.peek().is_none() && !self.is_empty() {
            return Cow::Borrowed(b"{}");
        }
        Cow::Owned(csv_line(given.map(Field::text)))
    }

    /// The numbers, from 0, of the fields that [`Row::line`] holds, where it is no record as read and
    /// some are left out; `None` if it holds all.
    pub fn given(&self) -> Option<Vec<usize>> {
        let is_whole = self.raw().is_some() || self.fields().all(|field| field != Field::LeftOut);
        let fields = || self.fields().enumerate();
        (!is_whole).then(|| {
            fields()
                .filter(|(_, field)| *field != Field::LeftOut)
                .map(|(number, _)| number)
                .collect()
        })
    }

    /// The record as read, if there is one.
    fn raw(&self) -> Option<&'a [u8]> {
        let start = self
            .fields
            .last()
            .map_or(self.extent.start, |last| last.end);
        self.bytes.get(start..self.extent.raw_end?)
    }
}
