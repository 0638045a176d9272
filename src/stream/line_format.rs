//! How the line of a reject is written, and its fields: for rows that are taken again.

use pgrx::prelude::*;

use super::definition::Definition;
use super::file::{FileOptions, Value};
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use termstream_core::load::{Place, Reject, Stage};
use termstream_core::record::{Event, Field, Options, Parser};

pub struct LineFormat {
    /// As it is written in the rejects table.
    text: Option<String>,
    options: Options,
    /// For each column of the stream.
    values: Vec<Value>,
}

impl LineFormat {
    /// Reads it from JSON; `None` is CSV of all the columns.
    pub fn read(text: Option<&str>, definition: &Definition) -> Result<LineFormat, Raise> {
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

    pub fn is(&self, text: Option<&str>) -> bool {
        self.text.as_deref() == text
    }

    /// The fields of a line, which must be one row; or why it is not.
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
                Event::Malformed(record) => Split::NoRow(Box::new(Reject::of_malformed(&record))),
            };
            Ok::<(), Raise>(())
        };
        let mut parser = Parser::new(self.options.clone())?.interrupted_by(interrupts());
        parser.feed(line, &mut sink)?;
        parser.finish(&mut sink)?;
        if rows != 1 {
            let message = format!("the line holds {rows} rows");
            let reject = Reject::new(Stage::Parse, place, line, "22P04", &message);
            split = Split::NoRow(Box::new(reject));
        }
        if let Split::NoRow(reject) = &mut split {
            reject.line = Some(place.line());
            reject.offset = None;
        }
        Ok(split)
    }
}

/// What a line is.
pub enum Split {
    /// One for each column of the stream.
    Fields(Vec<OwnedField>),
    NoRow(Box<Reject>),
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

    pub fn field(&self) -> Field<'_> {
        match self {
            OwnedField::Text(text) => Field::Text(text),
            OwnedField::Null => Field::Null,
            OwnedField::LeftOut => Field::LeftOut,
        }
    }
}
