//! Turns a message of any source into a row: its fields in the order of the stream's columns, as a line of
//! CSV.
//!
//! A message that cannot become a row is refused. Whether its values are valid is for the stream to decide.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use termstream_core::record::{
    Error as RecordError, Event, Field, Options, Parser, csv_line, is_number, with_point,
};

use crate::error::Error;
use crate::inbox::Column;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// An object, its keys the stream's columns
    #[default]
    Json,
    /// A line of CSV, the stream's columns in their order
    Csv,
    /// The whole message, for the stream's only column
    Raw,
}

impl Format {
    /// The `line_format` of rejected messages; `None` is CSV.
    pub fn of_lines(self) -> Option<serde_json::Value> {
        match self {
            Format::Json => Some(serde_json::json!({"format": "jsonl"})),
            _ => None,
        }
    }
}

/// Why a message cannot become a row.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub sqlstate: &'static str,
    pub message: String,
}

impl Refusal {
    pub fn new(sqlstate: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            sqlstate,
            message: message.into(),
        }
    }
}

/// Decodes messages in formats that need no schema.
pub struct Plain {
    format: Format,
    columns: Vec<Column>,
}

impl Plain {
    pub fn new(format: Format, columns: Vec<Column>) -> Result<Plain, Error> {
        if format == Format::Raw && columns.len() != 1 {
            return Err(Error::Settings(format!(
                "--format raw takes a stream of one column, and this one has {}",
                columns.len()
            )));
        }
        Ok(Plain { format, columns })
    }

    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Appends the row and a line end, or nothing if the message is refused.
    pub fn row(&self, payload: &[u8], csv: &mut Vec<u8>) -> Result<(), Refusal> {
        let line = match self.format {
            Format::Json => self.json(payload)?,
            Format::Csv => self.csv(payload)?,
            Format::Raw => csv_line([Some(text(payload)?.as_bytes())]),
        };
        csv.extend_from_slice(&line);
        csv.push(b'\n');
        Ok(())
    }

    fn json(&self, payload: &[u8]) -> Result<Vec<u8>, Refusal> {
        let object: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(payload)
            .map_err(|error| Refusal::new("22032", format!("no JSON object: {error}")))?;
        let mut fields = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let value = match object.get(column.name.as_str()).map(|value| value.get()) {
                None => column.left_out().map(Cow::Borrowed),
                Some(number) if is_number(number) => Some(with_point(number, column.point)),
                Some(value) => json_text(value)?,
            };
            fields.push(value);
        }
        line(&self.columns, &fields)
    }

    fn csv(&self, payload: &[u8]) -> Result<Vec<u8>, Refusal> {
        let malformed = |error: &dyn std::fmt::Display| Refusal::new("22P04", error.to_string());
        let names = self
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let options = Options::csv(names).map_err(|error| malformed(&error))?;
        let mut parser = Parser::new(options).map_err(|error| malformed(&error))?;
        let mut lines: Vec<Result<Vec<u8>, Refusal>> = Vec::new();
        let mut keep = |event: Event<'_>| -> Result<(), RecordError> {
            lines.push(match event {
                Event::Record(record) => Ok(csv_line(record.fields().map(Field::text))),
                Event::Malformed(found) => Err(malformed(&found.error)),
            });
            Ok(())
        };
        parser
            .feed(payload, &mut keep)
            .and_then(|()| parser.finish(&mut keep))
            .map_err(|error| malformed(&error))?;
        match lines.len() {
            1 => lines.remove(0),
            0 => Err(malformed(&"the message is empty")),
            many => Err(malformed(&format!(
                "the message has {many} lines of CSV, not one"
            ))),
        }
    }
}

/// Writes the fields as a line of CSV; refuses text that Postgres cannot store.
pub fn line(columns: &[Column], fields: &[Option<Cow<'_, str>>]) -> Result<Vec<u8>, Refusal> {
    let holds_nul = |field: &Option<Cow<'_, str>>| field.as_ref().is_some_and(|f| f.contains('\0'));
    if let Some((column, _)) = columns
        .iter()
        .zip(fields)
        .find(|(_, field)| holds_nul(field))
    {
        let column = &column.name;
        let message = format!("key \"{column}\" holds a NUL, which no text can");
        return Err(Refusal::new("22P05", message));
    }
    let bytes = fields
        .iter()
        .map(|field| field.as_ref().map(|text| text.as_bytes()));
    Ok(csv_line(bytes))
}

fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(Refusal::new(
            "22021",
            "the message is not UTF-8, or holds a NUL",
        )),
    }
}

/// Returns a JSON value as text: a string without its quotes, null as NULL, anything else as written.
fn json_text(value: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
    Ok(match value.as_bytes().first() {
        Some(b'"') => Some(Cow::Owned(serde_json::from_str(value).map_err(
            |error| Refusal::new("22032", format!("no JSON string: {error}")),
        )?)),
        Some(b'n') => None,
        _ => Some(Cow::Borrowed(value)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(format: Format, payload: &[u8]) -> Result<String, &'static str> {
        let names = match format {
            Format::Raw => vec!["a".to_owned()],
            _ => vec!["a".to_owned(), "b".to_owned()],
        };
        let mut csv = Vec::new();
        let mut columns = crate::inbox::columns(names, [false, true]);
        columns.iter_mut().skip(1).for_each(|b| b.point = Some(','));
        match Plain::new(format, columns).unwrap().row(payload, &mut csv) {
            Ok(()) => Ok(String::from_utf8(csv).unwrap()),
            Err(refusal) => {
                assert!(csv.is_empty(), "a refused message leaves nothing behind");
                Err(refusal.sqlstate)
            }
        }
    }

    #[test]
    fn a_message_becomes_a_row_or_is_refused() {
        use Format::{Csv, Json, Raw};
        let left_out = format!(",{}\n", *crate::inbox::LEFT_OUT);
        for (format, payload, expected) in [
            (Json, r#"{"b":1.50,"a":"x"}"#, Ok("x,\"1,50\"\n")),
            (Json, r#"{"b":"1.50","a":-1.5}"#, Ok("-1.5,1.50\n")),
            (Json, r#"{"b":null,"c":3}"#, Ok(",\n")),
            (Json, r#"{"a":null,"c":3}"#, Ok(left_out.as_str())),
            (
                Json,
                r#"{"a":"","b":"say \"hi\",\n"}"#,
                Ok("\"\",\"say \"\"hi\"\",\n\"\n"),
            ),
            (
                Json,
                r#"{"a":{"b":[1, 2]},"b":true}"#,
                Ok("\"{\"\"b\"\":[1, 2]}\",true\n"),
            ),
            (Json, r#"{"a":1,"a":2,"b":null}"#, Ok("2,\n")),
            (Json, r#"{"a":1"#, Err("22032")),
            (Json, r#"[1,2]"#, Err("22032")),
            (Json, "", Err("22032")),
            (Json, r#"{"a":"\u0000"}"#, Err("22P05")),
            (Csv, "1,\"two, three\"", Ok("1,\"two, three\"\n")),
            (Csv, "1,2\n", Ok("1,2\n")),
            (Csv, "1", Err("22P04")),
            (Csv, "1,2\n3,4", Err("22P04")),
            (Csv, "", Err("22P04")),
            (Raw, "any, \"thing\"", Ok("\"any, \"\"thing\"\"\"\n")),
            (Raw, "a\0b", Err("22021")),
        ] {
            let found = row(format, payload.as_bytes());
            assert_eq!(found, expected.map(str::to_owned), "{format:?} {payload:?}");
        }
        assert_eq!(row(Raw, b"\xff"), Err("22021"));
        assert_eq!(row(Json, b"{\"a\":\"\xff\"}"), Err("22032"));
    }
}
