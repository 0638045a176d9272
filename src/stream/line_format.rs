//! The format of a reject's line, by which the line is parsed again when the reject is retried.

use pgrx::prelude::*;

use super::definition::StreamDefinition;
use super::file::{FileOptions, Value};
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use termstream_core::load::{Place, Reject, Stage};
use termstream_core::record::{Event, Field, Options, Parser};

/// A parser of lines in the format that a reject names.
pub struct LineFormat {
    /// The JSON in the rejects table.
    text: Option<String>,
    options: Options,
    /// For each column of the stream, where its value is.
    values: Vec<Value>,
}

impl LineFormat {
    /// Parses a format from JSON; `None` stands for CSV of all the columns.
    pub fn read(text: Option<&str>, definition: &StreamDefinition) -> Result<LineFormat, Raise> {
        let options = match text {
            None => FileOptions::default(),
            Some(json) => serde_json::from_str(json).map_err(|error| {
                Raise::new(
                    PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
                    format!("line_format of a reject not recognized: {error}"),
                )
                .hint("It is NULL for CSV of all the columns, or like {\"format\": \"csv\", \"delimiter\": \";\"} or {\"format\": \"jsonl\"}.")
            })?,
        };
        let (in_line, values) = options.in_file(&definition.columns)?;
        Ok(LineFormat {
            text: text.map(str::to_owned),
            options: options
                .record(&in_line)?
                .points(definition.points(&in_line)),
            values,
        })
    }

    /// Whether this is the format that the JSON describes.
    pub fn is(&self, text: Option<&str>) -> bool {
        self.text.as_deref() == text
    }

    /// Splits a line, which must be one row, into fields; or returns a reject that says why it is not.
    pub fn split(&self, line: &[u8], place: Place) -> Result<Split, Raise> {
        let mut rows = 0;
        let mut split = Split::Fields(Vec::new());
        let mut sink = |event: Event<'_>| {
            rows += 1;
            split = match event {
                Event::Record(record) => Split::Fields(
                    self.values
                        .iter()
                        .map(|value| OwnedField::new(value.of(&record)))
                        .collect(),
                ),
                Event::Malformed(record) => {
                    Split::Rejected(Box::new(Reject::of_malformed(&record)))
                }
            };
            Ok::<(), Raise>(())
        };
        let mut parser = Parser::new(self.options.clone())?.interrupted_by(interrupts());
        parser.feed(line, &mut sink)?;
        parser.finish(&mut sink)?;
        if rows != 1 {
            let message = format!("the line holds {rows} rows");
            let reject = Reject::new(Stage::Parse, place, line, "22P04", &message);
            split = Split::Rejected(Box::new(reject));
        }
        if let Split::Rejected(reject) = &mut split {
            reject.line = Some(place.line());
            reject.offset = None;
        }
        Ok(split)
    }
}

/// The result of splitting a line.
pub enum Split {
    /// One field for each column of the stream.
    Fields(Vec<OwnedField>),
    /// The line is not one row.
    Rejected(Box<Reject>),
}

/// A [`Field`] that outlives its record.
pub enum OwnedField {
    Text(Vec<u8>),
    Null,
    LeftOut,
}

impl OwnedField {
    fn new(field: Field) -> OwnedField {
        match field {
            Field::Text(text) => OwnedField::Text(text.to_vec()),
            Field::Null => OwnedField::Null,
            Field::LeftOut => OwnedField::LeftOut,
        }
    }

    /// The field, borrowed.
    pub fn field(&self) -> Field<'_> {
        match self {
            OwnedField::Text(text) => Field::Text(text),
            OwnedField::Null => Field::Null,
            OwnedField::LeftOut => Field::LeftOut,
        }
    }
}
