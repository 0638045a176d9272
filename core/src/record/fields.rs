//! The fields of one record: ranges of its text, or of a buffer for what had to be written anew.

use memchr::memchr;

use super::error::RecordError;
use super::escaped::Escaped;
use super::field::Field;
use super::object::Object;
use super::options::{Format, Options};
use super::quoted::Quoted;
use crate::bounds::{Grow, OutOfMemory, room_for};

#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Raw,
    Copied,
    Null,
    LeftOut,
}

/// Where the value of one field is. Records are shorter than `u32::MAX`: the options see to that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: u32,
    end: u32,
    place: Place,
}

impl Span {
    pub const NULL: Span = Span {
        start: 0,
        end: 0,
        place: Place::Null,
    };

    pub const LEFT_OUT: Span = Span {
        start: 0,
        end: 0,
        place: Place::LeftOut,
    };

    pub fn new(start: usize, end: usize, place: Place) -> Span {
        Span {
            start: start as u32,
            end: end as u32,
            place,
        }
    }

    pub fn value<'a>(&self, raw: &'a [u8], copied: &'a [u8]) -> Field<'a> {
        let range = self.start as usize..self.end as usize;
        match self.place {
            Place::Raw => raw.get(range).into(),
            Place::Copied => copied.get(range).into(),
            Place::Null => Field::Null,
            Place::LeftOut => Field::LeftOut,
        }
    }
}

/// Bytes of a record that is not taken for granted to fit into memory once more.
const LONG: usize = 1 << 20;

/// The fields of the record at hand; the memory is used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub spans: Vec<Span>,
    pub copied: Vec<u8>,
}

impl Fields {
    pub fn clear(&mut self) {
        self.spans.clear();
        self.copied.clear();
    }

    /// Makes room for what is written anew of a long record: no more bytes than the record has, and what
    /// the splitter takes beside them while it works.
    pub fn make_room(&mut self, record: usize, growth: usize) -> Result<(), OutOfMemory> {
        if record > LONG {
            self.copied.try_grow(record)?;
            room_for(growth * record)?;
        }
        Ok(())
    }

    pub fn push(&mut self, start: usize, end: usize, place: Place) {
        self.spans.push(Span::new(start, end, place));
    }
}

/// Splits whole records, by the rules of their format.
#[derive(Debug)]
pub(super) enum Splitter {
    Quoted(Box<Quoted>),
    Escaped(Escaped),
    Object(Object),
}

impl Splitter {
    pub fn new(options: &Options) -> Splitter {
        match options.format {
            Format::Csv => Splitter::Quoted(Box::new(Quoted::new(options))),
            Format::Text => Splitter::Escaped(Escaped::new(options)),
            Format::JsonLines => Splitter::Object(Object::new(options)),
        }
    }

    /// How many times the bytes of a record are taken while it is split, beside what is kept of it.
    pub fn growth(&self) -> usize {
        match self {
            Splitter::Quoted(_) | Splitter::Escaped(_) => 0,
            // The text of a string, put together in a buffer that doubles.
            Splitter::Object(_) => 3,
        }
    }

    /// Splits `raw` and stops after `at_most` fields.
    pub fn split(
        &self,
        raw: &[u8],
        at_most: usize,
        fields: &mut Fields,
    ) -> Result<(), RecordError> {
        fields.clear();
        match self {
            Splitter::Quoted(quoted) => quoted.split(raw, at_most, fields),
            Splitter::Escaped(escaped) => escaped.split(raw, at_most, fields),
            Splitter::Object(object) => object.split(raw, fields),
        }
    }

    /// Whether a line is no record: the `\.` that ends the data of COPY's text format (what follows it
    /// is read all the same), and an empty line between JSON objects.
    pub fn is_filler(&self, raw: &[u8]) -> bool {
        match self {
            Splitter::Quoted(_) => false,
            Splitter::Escaped(_) => raw == b"\\.",
            Splitter::Object(_) => raw.iter().all(u8::is_ascii_whitespace),
        }
    }

    /// The error of a line feed where lines end in carriage returns.
    pub fn stray_newline(&self) -> RecordError {
        match self {
            Splitter::Quoted(_) => RecordError::UnquotedNewline,
            Splitter::Escaped(_) | Splitter::Object(_) => RecordError::LiteralNewline,
        }
    }
}

/// The first invalid sequence of bytes that ought to be UTF-8 without NUL, as Postgres reports it.
pub(super) fn check_encoding(raw: &[u8]) -> Result<(), RecordError> {
    let valid = match std::str::from_utf8(raw) {
        Ok(_) => raw.len(),
        Err(error) => error.valid_up_to(),
    };
    let at = memchr(0, raw.get(..valid).unwrap_or(raw)).unwrap_or(valid);
    let Some(&lead) = raw.get(at) else {
        return Ok(());
    };
    // The length that the first byte announces, whatever follows it.
    let length = match lead {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => 1,
    };
    Err(invalid_encoding("UTF8", raw, at, length))
}

pub(super) fn invalid_encoding(
    encoding: &str,
    raw: &[u8],
    at: usize,
    length: usize,
) -> RecordError {
    let bytes: Vec<String> = raw
        .iter()
        .skip(at)
        .take(length)
        .map(|byte| format!("0x{byte:02x}"))
        .collect();
    RecordError::InvalidEncoding {
        encoding: encoding.to_owned(),
        bytes: bytes.join(" "),
    }
}
