//! Turns the bytes of a body or a file into CSV for COPY, and malformed records into rejects.
//!
//! A well-formed CSV record is passed on unchanged, since COPY reads the same dialect. Memory holds one record,
//! and the output and rejects that were not taken yet.

use bytes::{Bytes, BytesMut};
use serde_json::json;

use crate::error::Error;
use crate::inbox::{Column, sent};
use termstream_core::load::Reject;
use termstream_core::record::{self, Event, Header, Options, Parser, csv_line};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv { header: Header, delimiter: u8 },
    JsonLines,
}

/// Converts input, given in pieces of any size.
pub struct Rows {
    format: Format,
    parser: Parser,
    output: Output,
}

#[derive(Default)]
struct Output {
    /// Whether fields are written anew, because the records are not CSV as COPY reads it.
    rewritten: bool,
    csv: BytesMut,
    rejects: Vec<Rejected>,
    rejected_bytes: usize,
    rows: u64,
}

/// A record that could not be read as a row, and why not.
pub struct Rejected {
    pub line: i64,
    pub raw: Vec<u8>,
    pub sqlstate: String,
    pub message: String,
}

impl Rows {
    pub fn new(columns: Vec<Column>, format: Format) -> Result<Rows, Error> {
        let parser = options(columns, format).and_then(Parser::new);
        Ok(Rows::of(format, parser.map_err(input)?))
    }

    /// Resumes at a position, `last_byte` being the byte before it; no header is expected.
    pub fn resume(
        columns: Vec<Column>,
        format: Format,
        (offset, line): (u64, u64),
        last_byte: u8,
    ) -> Result<Rows, Error> {
        let parser = options(columns, format)
            .and_then(|options| Parser::resume(options, offset, line, last_byte));
        Ok(Rows::of(format, parser.map_err(input)?))
    }

    fn of(format: Format, parser: Parser) -> Rows {
        Rows {
            format,
            parser,
            output: Output {
                rewritten: !matches!(
                    format,
                    Format::Csv {
                        delimiter: b',',
                        ..
                    }
                ),
                ..Output::default()
            },
        }
    }

    /// The offset and line after the last record, or after the header.
    pub fn position(&self) -> (u64, u64) {
        self.parser.position()
    }

    /// The `line_format` of rejects, if their lines are not CSV with COPY's defaults.
    pub fn line_format(&self) -> Option<serde_json::Value> {
        match self.format {
            Format::Csv {
                delimiter: b',', ..
            } => None,
            Format::Csv { delimiter, .. } => {
                Some(json!({ "format": "csv", "delimiter": char::from(delimiter).to_string() }))
            }
            Format::JsonLines => Some(json!({ "format": "jsonl" })),
        }
    }

    /// How many rows were read, including rejects.
    pub fn read(&self) -> u64 {
        self.output.rows
    }

    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let output = &mut self.output;
        self.parser
            .feed(bytes, &mut |event| output.take(event))
            .map_err(input)
    }

    pub fn finish(&mut self) -> Result<(), Error> {
        let output = &mut self.output;
        self.parser
            .finish(&mut |event| output.take(event))
            .map_err(input)
    }

    /// Takes the CSV that is ready for COPY.
    pub fn take_csv(&mut self) -> Bytes {
        self.output.csv.split().freeze()
    }

    /// Takes the rejects since the last call.
    pub fn take_rejects(&mut self) -> Vec<Rejected> {
        self.output.rejected_bytes = 0;
        std::mem::take(&mut self.output.rejects)
    }

    /// The number of rejects not taken yet, and their bytes.
    pub fn waiting(&self) -> (usize, usize) {
        (self.output.rejects.len(), self.output.rejected_bytes)
    }
}

fn options(columns: Vec<Column>, format: Format) -> Result<Options, record::Error> {
    let has_default: Vec<bool> = columns.iter().map(|column| column.has_default).collect();
    let points: Vec<Option<char>> = columns.iter().map(|column| column.point).collect();
    let columns = columns.into_iter().map(|column| column.name).collect();
    match format {
        Format::Csv { header, delimiter } => Options::csv(columns)?
            .delimiter(&char::from(delimiter).to_string())?
            .header(header),
        Format::JsonLines => {
            let options = Options::new(record::Format::JsonLines, columns)?;
            Ok(options.defaults(has_default).points(points))
        }
    }
}

fn input(error: record::Error) -> Error {
    Error::Input(error.to_string())
}

impl Output {
    fn take(&mut self, event: Event<'_>) -> Result<(), record::Error> {
        self.rows += 1;
        match event {
            Event::Record(record) => {
                // A line of `\.` would end the data of an older COPY.
                if self.rewritten || record.raw.starts_with(b"\\.") {
                    self.csv
                        .extend_from_slice(&csv_line(record.fields().map(sent)));
                } else {
                    self.csv.extend_from_slice(record.raw);
                }
                self.csv.extend_from_slice(b"\n");
            }
            Event::Malformed(malformed) => {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::{LEFT_OUT, columns};

    fn run(format: Format, input: &[u8], cut: usize) -> (String, Vec<(i64, String)>) {
        let mut rows =
            Rows::new(columns(vec!["a".into(), "b".into()], [false, true]), format).unwrap();
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
            let mark = &*LEFT_OUT;
            assert_eq!(
                csv,
                format!(
                    "12345678901234567890.10,\"x,\"\"y\"\n,{mark}\n\"{{\"\"k\"\":[1]}}\",true\n"
                )
            );
            let expected = [(4, "22032"), (5, "22P04"), (6, "22P05")];
            assert_eq!(
                rejects,
                expected.map(|(line, code)| (line, code.to_owned()))
            );
        }
    }
}
