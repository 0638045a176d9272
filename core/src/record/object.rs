//! Takes the values of one JSON object by the names of the columns.
//!
//! A string is its text, `null` is NULL, and so is what is missing, where its column has no default.
//! Anything else is as written, so that numbers keep their digits. Of two equal keys the last one counts,
//! as in `jsonb`. A key that is no column is an error: its value would be lost without a word.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use super::error::RecordError;
use super::fields::{Fields, Place, Span};
use super::options::Options;

#[derive(Debug)]
pub(super) struct Object {
    columns: Vec<String>,
    /// The number of each column.
    numbers: HashMap<String, usize>,
    defaults: Vec<usize>,
    points: Vec<Option<char>>,
}

impl Object {
    pub fn new(options: &Options) -> Object {
        let numbered = options
            .columns
            .iter()
            .cloned()
            .zip(0..options.columns.len());
        Object {
            // Of two columns of one name the first.
            numbers: numbered.rev().collect(),
            columns: options.columns.clone(),
            defaults: options.defaults.clone(),
            points: options.points.clone(),
        }
    }

    pub fn split(&self, raw: &[u8], fields: &mut Fields) -> Result<(), RecordError> {
        fields.spans.resize(self.columns.len(), Span::NULL);
        for column in &self.defaults {
            if let Some(span) = fields.spans.get_mut(*column) {
                *span = Span::LEFT_OUT;
            }
        }
        let mut wrong = None;
        let mut input = serde_json::Deserializer::from_slice(raw);
        input
            .deserialize_map(Members {
                columns: &self.columns,
                numbers: &self.numbers,
                points: &self.points,
                raw,
                fields,
                wrong: &mut wrong,
            })
            .and_then(|()| input.end())
            .map_err(|error| invalid(&error))?;
        match wrong {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }
}

fn invalid(error: &serde_json::Error) -> RecordError {
    RecordError::InvalidJson {
        reason: error.to_string(),
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct Members<'s> {
    columns: &'s [String],
    numbers: &'s HashMap<String, usize>,
    points: &'s [Option<char>],
    raw: &'s [u8],
    fields: &'s mut Fields,
    /// The first thing that is wrong though it is JSON.
    wrong: &'s mut Option<RecordError>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut next = 0;
        while let Some(Key(key)) = members.next_key()? {
            let value: &RawValue = members.next_value()?;
            // Objects of one file mostly have their keys in one order.
            let place = match self.columns.get(next) {
                Some(column) if *column == key => Some(next),
                _ => self.numbers.get(&*key).copied(),
            };
            let wrong = match place {
                Some(column) => {
                    next = column + 1;
                    self.take(column, value.get()).err()
                }
                None if self.wrong.is_some() => None,
                None => Some(RecordError::UnknownColumn {
                    column: key.into_owned(),
                }),
            };
            if self.wrong.is_none() {
                *self.wrong = wrong;
            }
        }
        Ok(())
    }
}

/// Whether a value of JSON is a number.
pub fn is_number(value: &str) -> bool {
    value.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// A number with what stands for its point in place of it.
pub fn with_point(number: &str, point: Option<char>) -> Cow<'_, str> {
    match point {
        Some(point) if number.contains('.') => number.replace('.', &point.to_string()).into(),
        _ => number.into(),
    }
}

impl Members<'_> {
    fn take(&mut self, column: usize, value: &str) -> Result<(), RecordError> {
        // The value is a part of `raw`.
        let start = value.as_ptr() as usize - self.raw.as_ptr() as usize;
        let end = start + value.len();
        let point = self.points.get(column).copied().flatten();
        self.fields.spans[column] = if value == "null" {
            Span::NULL
        } else if is_number(value)
            && let Cow::Owned(number) = with_point(value, point)
        {
            let begin = self.fields.copied.len();
            self.fields.copied.extend_from_slice(number.as_bytes());
            Span::new(begin, self.fields.copied.len(), Place::Copied)
        } else if !value.starts_with('"') {
            Span::new(start, end, Place::Raw)
        } else if !value.contains('\\') {
            Span::new(start + 1, end - 1, Place::Raw)
        } else {
            let text: String = serde_json::from_str(value).map_err(|error| invalid(&error))?;
            if text.contains('\0') {
                return Err(RecordError::NulInJson {
                    column: self.columns[column].clone(),
                });
            }
            let begin = self.fields.copied.len();
            self.fields.copied.extend_from_slice(text.as_bytes());
            Span::new(begin, self.fields.copied.len(), Place::Copied)
        };
        Ok(())
    }
}
