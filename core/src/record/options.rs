//! Options of the parser: named, defaulted and refused as in COPY.
//!
//! Two things differ from COPY: every one-byte character must be ASCII, because the input is split
//! before it is decoded; and a record has a longest length.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

use super::error::Error;

/// The longest record that is held in memory, unless set otherwise. An ordinary row has 10² to 10⁴
/// bytes; 16 MiB leaves room for documents while one hostile record, or one stray quote, costs a
/// backend no more memory than a few `work_mem`.
pub const DEFAULT_MAX_RECORD_BYTES: usize = 16 << 20;

/// Field ranges are kept as `u32`, and Postgres holds no text value of 1 GiB.
const LARGEST_MAX_RECORD_BYTES: usize = 1 << 30;

/// Characters that mean something after a backslash, or could: no delimiters of the text format.
const NO_TEXT_DELIMITERS: &str = "\\.abcdefghijklmnopqrstuvwxyz0123456789";

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// CSV as COPY's `csv` has it.
    #[default]
    Csv,
    /// COPY's `text`: tab-separated, with backslashes instead of quotes.
    Text,
    /// One JSON object per line, whose keys are the names of columns.
    #[serde(rename = "jsonl")]
    JsonLines,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 3] = [Format::Csv, Format::Text, Format::JsonLines];

    /// The format as the option has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Text => "text",
            Format::JsonLines => "jsonl",
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(value: &str) -> Result<Self, Error> {
        Format::ALL
            .into_iter()
            .find(|format| format.as_str().eq_ignore_ascii_case(value))
            .ok_or_else(|| Error::InvalidFormat {
                value: value.to_owned(),
            })
    }
}

/// Whether the first record is a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Header {
    /// The first record is data.
    #[default]
    No,
    /// The first record is skipped, whatever it holds; only its first line if it has several and not
    /// the expected fields, for then a stray quote is likelier than a name with a line end.
    Yes,
    /// The first record must be the expected column names in their order.
    Match,
}

impl FromStr for Header {
    type Err = Error;

    fn from_str(value: &str) -> Result<Self, Error> {
        match value.to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "1" => Ok(Header::Yes),
            "false" | "off" | "no" | "0" => Ok(Header::No),
            "match" => Ok(Header::Match),
            _ => Err(Error::InvalidHeader {
                value: value.to_owned(),
            }),
        }
    }
}

/// The options of a [`super::Parser`]. Each setter refuses a value that is wrong by itself;
/// [`super::Parser::new`] refuses values that contradict each other.
#[derive(Debug, Clone)]
pub struct Options {
    pub(super) format: Format,
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    /// The quote character where none was given, as in COPY.
    pub(super) escape: Option<u8>,
    pub(super) null: String,
    pub(super) header: Header,
    /// Never empty.
    pub(super) columns: Vec<String>,
    /// The columns, by number, that have a default.
    pub(super) defaults: Vec<usize>,
    /// What stands for the point of a JSON number, by the column's number.
    pub(super) points: Vec<Option<char>>,
    pub(super) max_record_bytes: usize,
}

impl Options {
    /// COPY's defaults for these columns: no header; in CSV `,` `"` and NULL an unquoted empty field,
    /// in text a tab and `\N`.
    pub fn new(format: Format, columns: Vec<String>) -> Result<Self, Error> {
        if columns.is_empty() {
            return Err(Error::NoColumns);
        }
        let (delimiter, null) = match format {
            Format::Text => (b'\t', "\\N"),
            Format::Csv | Format::JsonLines => (b',', ""),
        };
        Ok(Options {
            format,
            delimiter,
            quote: b'"',
            escape: None,
            null: null.to_owned(),
            header: Header::No,
            columns,
            defaults: Vec::new(),
            points: Vec::new(),
            max_record_bytes: DEFAULT_MAX_RECORD_BYTES,
        })
    }

    /// For each column whether it has a default. Where it has, what a JSON object lacks is
    /// [`super::Field::LeftOut`] and not NULL.
    pub fn defaults(mut self, has_default: impl IntoIterator<Item = bool>) -> Self {
        let numbered = has_default.into_iter().enumerate();
        self.defaults = numbered
            .filter_map(|(number, has_default)| has_default.then_some(number))
            .collect();
        self
    }

    /// For each column what stands for the point of a JSON number, where the column's text has another
    /// one: what reads the text is to read the number as what it is.
    pub fn points(mut self, points: impl IntoIterator<Item = Option<char>>) -> Self {
        self.points = points.into_iter().collect();
        self
    }

    /// [`Options::new`] of the format CSV.
    pub fn csv(columns: Vec<String>) -> Result<Self, Error> {
        Options::new(Format::Csv, columns)
    }

    /// What separates fields: a comma in CSV, a tab in the text format, unless set here. One byte.
    pub fn delimiter(mut self, value: &str) -> Result<Self, Error> {
        self.only_in("delimiter", &[Format::Csv, Format::Text])?;
        self.delimiter = one_byte("delimiter", value)?;
        if self.format == Format::Text && NO_TEXT_DELIMITERS.contains(value) {
            return Err(Error::TextDelimiter {
                value: value.to_owned(),
            });
        }
        Ok(self)
    }

    /// What encloses a field of CSV; a double quote, unless set here. One byte.
    pub fn quote(mut self, value: &str) -> Result<Self, Error> {
        self.only_in("quote", &[Format::Csv])?;
        self.quote = one_byte("quote", value)?;
        Ok(self)
    }

    /// What stands before a quote that is part of a field of CSV; the quote itself, unless set here. One byte.
    pub fn escape(mut self, value: &str) -> Result<Self, Error> {
        self.only_in("escape", &[Format::Csv])?;
        self.escape = Some(one_byte("escape", value)?);
        Ok(self)
    }

    /// What an unquoted field must be to mean NULL.
    pub fn null(mut self, value: &str) -> Result<Self, Error> {
        self.only_in("null", &[Format::Csv, Format::Text])?;
        if value.contains(['\r', '\n']) {
            return Err(Error::NewlineInNull);
        }
        self.null = value.to_owned();
        Ok(self)
    }

    /// Whether the input begins with a line of names, and whether they must match the columns.
    pub fn header(mut self, header: Header) -> Result<Self, Error> {
        if header != Header::No {
            self.only_in("header", &[Format::Csv, Format::Text])?;
        }
        self.header = header;
        Ok(self)
    }

    /// The longest record, its line end included.
    pub fn max_record_bytes(mut self, value: usize) -> Result<Self, Error> {
        if !(1..=LARGEST_MAX_RECORD_BYTES).contains(&value) {
            return Err(Error::InvalidMaxRecordBytes {
                value: value as u64,
                min: 1,
                max: LARGEST_MAX_RECORD_BYTES as u64,
            });
        }
        self.max_record_bytes = value;
        Ok(self)
    }

    /// The checks of COPY on options that must not contradict each other.
    pub(super) fn validate(&self) -> Result<(), Error> {
        let specials: &[_] = match self.format {
            Format::Csv => &[("delimiter", self.delimiter), ("quote", self.quote)],
            Format::Text => &[("delimiter", self.delimiter)],
            Format::JsonLines => &[],
        };
        if self.format == Format::Csv && self.delimiter == self.quote {
            return Err(Error::DelimiterIsQuote);
        }
        for (character, byte) in specials {
            if self.null.as_bytes().contains(byte) {
                return Err(Error::InNull {
                    character,
                    null: self.null.clone(),
                });
            }
        }
        Ok(())
    }

    fn only_in(&self, option: &'static str, formats: &[Format]) -> Result<(), Error> {
        if formats.contains(&self.format) {
            return Ok(());
        }
        Err(Error::NotOfFormat {
            option,
            format: self.format.as_str(),
        })
    }
}

fn one_byte(option: &'static str, value: &str) -> Result<u8, Error> {
    match value.as_bytes() {
        [b'\r' | b'\n'] => Err(Error::IsNewline { option }),
        [byte] if *byte != 0 && byte.is_ascii() => Ok(*byte),
        _ => Err(Error::NotOneByte {
            option,
            value: value.to_owned(),
        }),
    }
}
