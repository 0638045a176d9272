//! The parser: finds records in pieces of input, splits them, and goes on after what is malformed.
//!
//! It reads what `COPY … (FORMAT csv)` or `(FORMAT text)` reads, and JSON lines, with these differences:
//!
//! - A malformed record is an event, not the end.
//! - An unterminated quote rejects one physical line: the one on which its record starts. Reading
//!   resumes at the next line, so that one stray quote does not swallow the file. A quote counts as
//!   unterminated at the end of the input, and where its record reaches `max_record_bytes` inside
//!   quotes; up to there line ends in quotes are data, as CSV has it. So a legal quoted field longer
//!   than the limit is rejected line by line, and a line of it that looks like a row is taken for one.
//! - Any other record over the limit is rejected up to the end of its physical line; only its head
//!   and its size are kept.
//! - A byte order mark at the start is skipped, LF and CRLF may be mixed.
//!
//! As in COPY an empty line is a record of one empty field: NULL (in text an empty string) in a table
//! of one column, missing data in any other; also at the end of the input. `\.` alone on a line is data
//! in CSV, and skipped in text.
//!
//! A decoder, where one is given, turns each record into UTF-8 before it is split, so that places stay
//! those of the input. Line ends, quotes and escapes are looked for before: in the encodings that
//! Postgres knows no byte of a longer character looks like one of those below `0x30`.
//!
//! Time is linear in the input (see `recover.rs` for the one exception, which is bounded too). Space
//! is `max_record_bytes` and one `PIECE`.

use std::fmt;

use super::error::{Error, RecordError};
use super::event::{Event, Malformed, Record};
use super::fields::{Fields, Splitter, check_encoding, invalid_encoding};
use super::header::match_header;
use super::newline::End;
use super::options::{Header, Options};
use super::recover::{Oversized, Recovery};
use super::scan::Scanner;
use crate::bounds::{Interrupts, extend};

/// Input is taken over into the buffer in pieces of this size, so that memory does not depend on how
/// much is fed at once. Rows of 92 bytes and 4 fields: 1.23, 1.22, 1.19 GB/s at 4 KiB, 64 KiB, 1 MiB.
const PIECE: usize = 64 << 10;

/// Bytes that are looked through in one step of [`Interrupts`].
const STEP: usize = 16 << 10;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Converts bytes of another encoding: appends them as UTF-8, or fails with the number of bytes that could
/// be converted.
pub type Decode = Box<dyn FnMut(&[u8], &mut Vec<u8>) -> Result<(), usize> + Send>;

struct Decoder {
    encoding: String,
    decode: Decode,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.encoding)
    }
}

/// Feed it with [`Parser::feed`], end it with [`Parser::finish`]. After an error from either it
/// is spent.
///
/// ```
/// use termstream_core::record::{Error, Event, Format, Options, Parser};
///
/// let columns = ["id", "name"].map(str::to_owned).to_vec();
/// let mut parser = Parser::new(Options::new(Format::Csv, columns)?)?;
/// let mut seen = Vec::new();
/// let mut sink = |event: Event<'_>| {
///     seen.push(match event {
///         Event::Record(record) => format!("{:?}", record.field(1).text().map(String::from_utf8_lossy)),
///         Event::Malformed(bad) => format!("line {}: {}", bad.line, String::from_utf8_lossy(bad.raw)),
///     });
///     Ok::<(), Error>(())
/// };
/// // The input may be cut anywhere.
/// parser.feed(b"1,\"a, b\"\n2,c,d\n3", &mut sink)?;
/// parser.feed(b",e", &mut sink)?;
/// parser.finish(&mut sink)?;
/// assert_eq!(seen, ["Some(\"a, b\")", "line 2: 2,c,d", "Some(\"e\")"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Parser {
    columns: Vec<String>,
    pub(super) limit: usize,
    pub(super) scanner: Scanner,
    splitter: Splitter,
    fields: Fields,
    decoder: Option<Decoder>,
    /// The record at hand, decoded.
    decoded: Vec<u8>,
    /// Bytes taken over and not yet consumed, after the first `start`.
    buffer: Vec<u8>,
    pub(super) start: usize,
    /// Offset and physical line of `buffer[start]`.
    pub(super) offset: u64,
    pub(super) line: u64,
    /// `No` once the header has been read.
    pub(super) header: Header,
    /// A byte order mark may still come.
    at_beginning: bool,
    /// The record over the limit whose line end is being looked for.
    pub(super) oversized: Option<Oversized>,
    pub(super) recovery: Recovery,
    interrupts: Interrupts,
}

impl Parser {
    /// Makes a parser that has read nothing; options that contradict each other are an error.
    pub fn new(options: Options) -> Result<Self, Error> {
        options.validate()?;
        Ok(Parser {
            limit: options.max_record_bytes,
            scanner: Scanner::new(&options),
            splitter: Splitter::new(&options),
            fields: Fields::default(),
            decoder: None,
            decoded: Vec::new(),
            columns: options.columns,
            buffer: Vec::new(),
            start: 0,
            offset: 0,
            line: 1,
            header: options.header,
            at_beginning: true,
            oversized: None,
            recovery: Recovery::default(),
            interrupts: Interrupts::default(),
        })
    }

    /// A parser that goes on where an event ended: at its `end_offset` and `next_line`, `last_byte`
    /// being the byte before. No header is expected there.
    pub fn resume(options: Options, offset: u64, line: u64, last_byte: u8) -> Result<Self, Error> {
        let mut parser = Parser::new(options)?;
        parser.scanner.resume_after(last_byte);
        parser.offset = offset;
        parser.line = line;
        parser.header = Header::No;
        parser.at_beginning = false;
        Ok(parser)
    }

    /// Asks now and then whether to go on.
    pub fn interrupted_by(mut self, interrupts: Interrupts) -> Self {
        self.interrupts = interrupts;
        self
    }

    /// The records are in another encoding than UTF-8.
    pub fn decoding(mut self, encoding: &str, decode: Decode) -> Self {
        self.decoder = Some(Decoder {
            encoding: encoding.to_owned(),
            decode,
        });
        self
    }

    /// Offset and line after the last event, or after the header.
    pub fn position(&self) -> (u64, u64) {
        (self.offset, self.line)
    }

    /// Takes the next bytes of the input and calls `sink` for each record that is complete.
    pub fn feed<E: From<Error>>(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for piece in bytes.chunks(PIECE) {
            extend(&mut self.buffer, piece).map_err(Error::from)?;
            self.advance(false, sink)?;
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        Ok(())
    }

    /// Says that the input ends here; a last line without line end is a record.
    pub fn finish<E: From<Error>>(
        &mut self,
        sink: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.advance(true, sink)?;
        if self.header == Header::Match {
            return Err(Error::HeaderMissing.into());
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.buffer.capacity() + self.fields.copied.capacity()
    }

    #[cfg(test)]
    pub(super) fn held_fields(&self) -> usize {
        self.fields.spans.capacity()
    }

    pub(super) fn window(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn advance<E: From<Error>>(
        &mut self,
        complete: bool,
        sink: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.at_beginning && !self.skip_byte_order_mark(complete) {
            return Ok(());
        }
        loop {
            if let Some(oversized) = self.oversized.take() {
                if !self.end_oversized(oversized, complete, sink)? {
                    return Ok(());
                }
                continue;
            }
            let window = self.buffer.get(self.start..).unwrap_or_default();
            if window.is_empty() {
                return Ok(());
            }
            self.interrupts.steps(1 + window.len() / STEP);
            if self.recovery.rejects(self.offset) {
                if !self.reject_line(complete, sink)? {
                    return Ok(());
                }
                continue;
            }
            let over_limit = window.len() > self.limit;
            if let Some(end) = self.scanner.find_end(window, self.limit, complete) {
                self.record(end, sink)?;
            } else if !over_limit && !complete {
                return Ok(());
            } else if self.scanner.in_quote() {
                self.recover(window.len().min(self.limit));
            } else if over_limit {
                self.start_oversized();
            } else {
                let end = self.scanner.newline.end_of_input(window);
                self.record(end, sink)?;
            }
        }
    }

    /// False if it cannot be known yet.
    fn skip_byte_order_mark(&mut self, complete: bool) -> bool {
        let window = self.window();
        let found = window.starts_with(BYTE_ORDER_MARK);
        if !found && !complete && BYTE_ORDER_MARK.starts_with(window) {
            return false;
        }
        if found {
            self.start += BYTE_ORDER_MARK.len();
            self.offset += BYTE_ORDER_MARK.len() as u64;
        }
        self.at_beginning = false;
        true
    }

    /// Goes on behind a record, or the header.
    pub(super) fn consume(&mut self, bytes: usize, lines: u64) {
        self.start += bytes;
        self.offset += bytes as u64;
        self.line += lines;
        self.header = Header::No;
        self.scanner.restart();
        self.decoded.shrink_to(PIECE);
        self.fields.copied.shrink_to(PIECE);
    }

    /// A whole record: the header, an event of fields, or a malformed one.
    fn record<E: From<Error>>(
        &mut self,
        end: End,
        sink: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let window = self.buffer.get(self.start..).unwrap_or_default();
        let bytes = window.get(..end.content).unwrap_or(window);
        let inner_lines = if self.scanner.quoted() {
            end.newline.count(bytes)
        } else {
            0
        };
        if self.splitter.is_filler(bytes) {
            let header = self.header;
            self.consume(end.next, inner_lines + 1);
            self.header = header;
            return Ok(());
        }
        let decoded = self
            .decoder
            .as_mut()
            .map(|decoder| decoder.run(bytes, &mut self.decoded));
        let raw = match decoded {
            Some(Ok(())) => self.decoded.as_slice(),
            _ => bytes,
        };
        self.fields
            .make_room(raw.len(), self.splitter.growth())
            .map_err(Error::from)?;
        let split = decoded
            .unwrap_or(Ok(()))
            .and_then(|()| check_encoding(raw))
            .and_then(|()| {
                self.splitter
                    .split(raw, self.columns.len() + 1, &mut self.fields)
            })
            .and(if end.stray {
                Err(self.splitter.stray_newline())
            } else {
                Ok(())
            });
        let counted = split.clone().and_then(|()| self.count_fields());
        if self.header != Header::No {
            if self.header == Header::Match {
                split.map_err(Error::HeaderMalformed)?;
                let fields = &self.fields;
                let found = fields
                    .spans
                    .iter()
                    .map(|span| span.value(raw, &fields.copied).text());
                match_header(&self.columns, found)?;
            } else if counted.is_err() && inner_lines > 0 {
                // A stray quote in the header must not silently swallow rows with it.
                self.recover(0);
                return Ok(());
            }
        } else {
            let (line, offset) = (self.line, self.offset);
            let next_line = line + inner_lines + 1;
            let end_offset = offset + end.next as u64;
            sink(match counted {
                Ok(()) => Event::Record(Record {
                    line,
                    next_line,
                    offset,
                    end_offset,
                    raw,
                    spans: &self.fields.spans,
                    copied: &self.fields.copied,
                }),
                Err(error) => Event::Malformed(Malformed {
                    line,
                    next_line,
                    offset,
                    end_offset,
                    raw,
                    size: raw.len() as u64,
                    error,
                }),
            })?;
        }
        self.consume(end.next, inner_lines + 1);
        Ok(())
    }

    /// COPY looks for extra data first; the splitter has stopped at the first extra field.
    fn count_fields(&self) -> Result<(), RecordError> {
        if self.fields.spans.len() > self.columns.len() {
            return Err(RecordError::ExtraData);
        }
        match self.columns.get(self.fields.spans.len()) {
            Some(column) => Err(RecordError::MissingData {
                column: column.clone(),
            }),
            None => Ok(()),
        }
    }
}

impl Decoder {
    fn run(&mut self, bytes: &[u8], decoded: &mut Vec<u8>) -> Result<(), RecordError> {
        decoded.clear();
        (self.decode)(bytes, decoded).map_err(|at| invalid_encoding(&self.encoding, bytes, at, 1))
    }
}
