//! Bytes of a body or a file to CSV for COPY, and to notes of what cannot be taken apart.
//!
//! A record that is whole goes on as it came; COPY reads the same dialect. Memory is one record of
//! the parser, the output not yet taken, and the notes not yet taken.

use bytes::{Bytes, BytesMut};
use serde_json::value::RawValue;
use std::collections::HashMap;

use crate::error::Error;
use termstream::load::Reject;
use termstream::record::{
    CsvOptions, CsvParser, DEFAULT_MAX_RECORD_BYTES, Event, Header, csv_line,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv { header: Header, delimiter: u8 },
    JsonLines,
}

/// Reads pieces of input of any size.
pub struct Rows {
    reader: Reader,
    columns: Vec<String>,
    output: Output,
}

enum Reader {
    Csv(Box<CsvParser>),
    /// The line that is not yet complete, and its number.
    JsonLines {
        line: Vec<u8>,
        number: i64,
        offset: u64,
        too_long: bool,
    },
}

#[derive(Default)]
struct Output {
    csv: BytesMut,
    rejects: Vec<Rejected>,
    rejected_bytes: usize,
    rows: u64,
    /// Offset and physical line behind the last record.
    position: (u64, u64),
}

/// A row that is none.
pub struct Rejected {
    pub line: i64,
    pub raw: Vec<u8>,
    pub sqlstate: String,
    pub message: String,
}

impl Rows {
    pub fn new(columns: Vec<String>, format: Format) -> Result<Rows, Error> {
        let reader = match format {
            Format::Csv { header, delimiter } => {
                let delimiter = char::from(delimiter).to_string();
                let options = CsvOptions::new(columns.clone())
                    .and_then(|options| options.delimiter(&delimiter))
                    .map_err(input)?
                    .header(header);
                Reader::Csv(Box::new(CsvParser::new(options).map_err(input)?))
            }
            Format::JsonLines => Reader::JsonLines {
                line: Vec::new(),
                number: 0,
                offset: 0,
                too_long: false,
            },
        };
        Ok(Rows {
            reader,
            columns,
            output: Output::default(),
        })
    }

    /// Rows from a position on: offset and line as [`Rows::position`] gave them, `last_byte` being the
    /// byte before.
    pub fn resume(
        columns: Vec<String>,
        format: Format,
        (offset, line): (u64, u64),
        last_byte: u8,
    ) -> Result<Rows, Error> {
        let mut rows = Rows::new(columns.clone(), format)?;
        rows.output.position = (offset, line);
        match (&mut rows.reader, format) {
            (Reader::Csv(parser), Format::Csv { delimiter, .. }) => {
                let delimiter = char::from(delimiter).to_string();
                let options = CsvOptions::new(columns)
                    .and_then(|options| options.delimiter(&delimiter))
                    .map_err(input)?;
                **parser = CsvParser::resume(options, offset, line, last_byte).map_err(input)?;
            }
            (
                Reader::JsonLines {
                    number,
                    offset: before,
                    ..
                },
                _,
            ) => {
                (*number, *before) = (line as i64 - 1, offset);
            }
            _ => {}
        }
        Ok(rows)
    }

    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let output = &mut self.output;
        match &mut self.reader {
            Reader::Csv(parser) => parser
                .feed(bytes, &mut |event| output.take(event))
                .map_err(input),
            Reader::JsonLines {
                line,
                number,
                offset,
                too_long,
            } => {
                for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                    let room = DEFAULT_MAX_RECORD_BYTES.saturating_sub(line.len());
                    *too_long |= piece.len() > room;
                    line.extend_from_slice(piece.get(..room).unwrap_or(piece));
                    if piece.ends_with(b"\n") {
                        *number += 1;
                        output.position = (*offset + piece.len() as u64, *number as u64 + 1);
                        output.json(&self.columns, line, *number, *too_long);
                        line.clear();
                        *too_long = false;
                    }
                    *offset += piece.len() as u64;
                }
                Ok(())
            }
        }
    }

    pub fn finish(&mut self) -> Result<(), Error> {
        let output = &mut self.output;
        match &mut self.reader {
            Reader::Csv(parser) => parser
                .finish(&mut |event| output.take(event))
                .map_err(input),
            Reader::JsonLines {
                line,
                number,
                offset,
                too_long,
            } => {
                output.position = (*offset, *number as u64 + 2);
                output.json(&self.columns, line, *number + 1, *too_long);
                line.clear();
                Ok(())
            }
        }
    }

    /// CSV that is ready for COPY.
    pub fn take_csv(&mut self) -> Bytes {
        self.output.csv.split().freeze()
    }

    /// The rejects since the last call.
    pub fn take_rejects(&mut self) -> Vec<Rejected> {
        self.output.rejected_bytes = 0;
        std::mem::take(&mut self.output.rejects)
    }

    /// How many rows there were, rejects among them.
    pub fn read(&self) -> u64 {
        self.output.rows
    }

    /// Offset and line behind the last row.
    pub fn position(&self) -> (u64, u64) {
        self.output.position
    }

    /// How many rejects wait, and their bytes.
    pub fn waiting(&self) -> (usize, usize) {
        (self.output.rejects.len(), self.output.rejected_bytes)
    }
}

fn input(error: termstream::record::Error) -> Error {
    Error::Input(error.to_string())
}

impl Output {
    fn take(&mut self, event: Event<'_>) -> Result<(), termstream::record::Error> {
        self.rows += 1;
        match event {
            Event::Record(record) => {
                self.position = (record.end_offset, record.next_line);
                // A line of `\.` would end the data of an older COPY.
                if record.raw.starts_with(b"\\.") {
                    self.csv.extend_from_slice(&csv_line(record.fields()));
                } else {
                    self.csv.extend_from_slice(record.raw);
                }
                self.csv.extend_from_slice(b"\n");
            }
            Event::Malformed(malformed) => {
                self.position = (malformed.end_offset, malformed.next_line);
                let reject = Reject::of_malformed(&malformed);
                self.reject(
                    malformed.line as i64,
                    reject.raw,
                    reject.sqlstate,
                    reject.message,
                );
            }
        }
        Ok(())
    }

    fn reject(&mut self, line: i64, raw: Vec<u8>, sqlstate: String, message: String) {
        self.rejected_bytes += raw.len();
        self.rejects.push(Rejected {
            line,
            raw,
            sqlstate,
            message,
        });
    }

    fn json(&mut self, columns: &[String], line: &[u8], number: i64, too_long: bool) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        self.rows += 1;
        let fields = if too_long {
            Err((
                "22P04",
                format!("line is longer than {DEFAULT_MAX_RECORD_BYTES} bytes"),
            ))
        } else {
            json_fields(columns, line)
        };
        match fields {
            Ok(fields) => {
                let fields = fields
                    .iter()
                    .map(|field| field.as_ref().map(String::as_bytes));
                self.csv.extend_from_slice(&csv_line(fields));
                self.csv.extend_from_slice(b"\n");
            }
            Err((code, message)) => self.reject(number, line.to_vec(), code.into(), message),
        }
    }
}

/// The values of an object in the order of the columns: what is missing is NULL, a string is its text,
/// anything else is as written, so that numbers keep their digits.
fn json_fields(
    columns: &[String],
    line: &[u8],
) -> Result<Vec<Option<String>>, (&'static str, String)> {
    let text = std::str::from_utf8(line).map_err(|error| {
        (
            "22021",
            format!("invalid byte sequence for encoding \"UTF8\": {error}"),
        )
    })?;
    let mut object: HashMap<String, &RawValue> = serde_json::from_str(text)
        .map_err(|error| ("22032", format!("invalid JSON object: {error}")))?;
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        fields.push(match object.remove(column).map(RawValue::get) {
            None | Some("null") => None,
            Some(value) if value.starts_with('"') => {
                let value: String = serde_json::from_str(value)
                    .map_err(|error| ("22032", format!("column \"{column}\": {error}")))?;
                if value.contains('\0') {
                    return Err(("22P05", format!("column \"{column}\" has a NUL character")));
                }
                Some(value)
            }
            Some(value) => Some(value.to_owned()),
        });
    }
    match object.keys().min() {
        None => Ok(fields),
        Some(key) => Err(("22P04", format!("the stream has no column \"{key}\""))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(format: Format, input: &[u8], cut: usize) -> (String, Vec<(i64, String)>) {
        let mut rows = Rows::new(vec!["a".into(), "b".into()], format).unwrap();
        for piece in input.chunks(cut) {
            rows.feed(piece).unwrap();
        }
        rows.finish().unwrap();
        let rejects = rows
            .take_rejects()
            .into_iter()
            .map(|r| (r.line, r.sqlstate));
        let csv = String::from_utf8(rows.take_csv().to_vec()).unwrap();
        (csv, rejects.collect())
    }

    #[test]
    fn csv_that_copy_cannot_read_is_kept_aside_wherever_it_is_cut() {
        let format = Format::Csv {
            header: Header::Yes,
            delimiter: b',',
        };
        let input = b"a,b\r\n1,\"x\ny\"\n1\n2,\\.\n\\.,\n1,2,3\n\xff,1\n3,";
        for cut in 1..=input.len() {
            let (csv, rejects) = run(format, input, cut);
            assert_eq!(csv, "1,\"x\ny\"\n2,\\.\n\"\\.\",\n3,\n", "cut {cut}");
            let expected = [(4, "22P04"), (7, "22P04"), (8, "22021")];
            assert_eq!(
                rejects,
                expected.map(|(line, code)| (line, code.to_owned()))
            );
        }
    }

    #[test]
    fn json_lines_become_fields_in_the_order_of_the_columns() {
        let input = "{\"b\":\"x,\\\"y\",\"a\":12345678901234567890.10}\n\n{\"a\":null}\n[1]\n\
                     {\"c\":1}\n{\"a\":\"\\u0000\"}\n{\"a\":{\"k\":[1]},\"b\":true}";
        for cut in 1..=input.len() {
            let (csv, rejects) = run(Format::JsonLines, input.as_bytes(), cut);
            assert_eq!(
                csv,
                "12345678901234567890.10,\"x,\"\"y\"\n,\n\"{\"\"k\"\":[1]}\",true\n"
            );
            let expected = [(4, "22032"), (5, "22P04"), (6, "22P05")];
            assert_eq!(
                rejects,
                expected.map(|(line, code)| (line, code.to_owned()))
            );
        }
    }
}
