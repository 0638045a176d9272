//! How the CSV parser gets past what it cannot hold or cannot end: records over the limit, and quotes
//! that are never closed.

use super::error::{Error, RecordError};
use super::event::{Event, Malformed};
use super::newline::End;
use super::options::Header;
use super::parser::Parser;

/// How much is kept of a record over the limit: enough to recognise it by.
const HEAD_BYTES: usize = 8 << 10;

/// A record over the limit whose line end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Oversized {
    head: Vec<u8>,
    /// Bytes dropped so far, none of them part of the line end.
    size: usize,
    /// Line ends among them.
    lines: u64,
}

impl Oversized {
    fn drop(&mut self, bytes: &[u8]) {
        let room = HEAD_BYTES.saturating_sub(self.head.len());
        self.head
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.size += bytes.len();
    }
}

/// Which lines are rejected after an unterminated quote: the first one of its record.
///
/// Where escape and quote differ, a hostile input can be unterminated anew from each of its lines
/// (`\"` opens a quote outside quotes and is data inside), and each time a whole buffer would be read
/// again. So an unterminated quote in bytes that were read before rejects twice as many of their lines
/// as the last one: rereading costs O(n log n) at the worst. With escape = quote all lines that are
/// read again end outside quotes, for they ended inside before.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Where the bytes end that have been read before.
    read_to: u64,
    /// How many lines the last unterminated quote rejects at most.
    lines: u64,
    /// How many of them are still to come.
    remaining: u64,
    /// They start before this offset.
    until: u64,
}

impl Recovery {
    /// Whether the line at `offset` is one to reject.
    pub fn rejects(&self, offset: u64) -> bool {
        self.remaining > 0 && offset < self.until
    }

    fn start(&mut self, offset: u64, length: u64) {
        let again = offset < self.read_to;
        self.lines = if again {
            self.lines.saturating_mul(2)
        } else {
            1
        };
        self.remaining = self.lines;
        self.until = self.read_to.max(offset + 1);
        self.read_to = self.read_to.max(offset + length);
    }
}

impl Parser {
    /// The record at hand is still in quotes after `length` bytes, where it must not be: its first
    /// line is rejected and the rest read again.
    pub(super) fn recover(&mut self, length: usize) {
        self.recovery.start(self.offset, length as u64);
    }

    /// Rejects one physical line for its unterminated quote. False if it has not ended yet.
    pub(super) fn reject_line<E: From<Error>>(
        &mut self,
        complete: bool,
        sink: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let window = self.window();
        let newline = self.scanner.newline;
        let end = match newline.line_end(window, self.limit, complete) {
            Some(end) => end,
            None if window.len() > self.limit => {
                self.recovery.remaining -= 1;
                self.start_oversized();
                return Ok(true);
            }
            None if complete => newline.end_of_input(window),
            None => return Ok(false),
        };
        let raw = window.get(..end.content).unwrap_or(window);
        self.reject(raw, end, 1, RecordError::UnterminatedQuote, sink)?;
        self.recovery.remaining -= 1;
        self.scanner.newline = end.newline;
        self.consume(end.next, 1);
        Ok(true)
    }

    /// The record at hand is over the limit: from here on only its head is kept.
    pub(super) fn start_oversized(&mut self) {
        let window = self.window();
        let dropped = but_last_cr(window.get(..self.limit).unwrap_or(window));
        let mut oversized = Oversized {
            lines: self.scanner.newline.count(dropped),
            ..Oversized::default()
        };
        oversized.drop(dropped);
        self.start += oversized.size;
        self.oversized = Some(oversized);
    }

    /// Drops a record over the limit up to the end of its physical line. False if that has not come.
    pub(super) fn end_oversized<E: From<Error>>(
        &mut self,
        mut oversized: Oversized,
        complete: bool,
        sink: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let window = self.window();
        let newline = self.scanner.newline;
        let end = match newline.line_end(window, window.len(), complete) {
            Some(end) => end,
            None if complete => newline.end_of_input(window),
            None => {
                let dropped = but_last_cr(window);
                oversized.drop(dropped);
                self.start += dropped.len();
                self.oversized = Some(oversized);
                return Ok(false);
            }
        };
        let dropped_before = oversized.size;
        oversized.drop(window.get(..end.content).unwrap_or(window));
        let whole = End {
            content: oversized.size,
            next: dropped_before + end.next,
            ..end
        };
        let lines = oversized.lines + 1;
        let max = self.limit as u64;
        self.reject(
            &oversized.head,
            whole,
            lines,
            RecordError::TooLong { max },
            sink,
        )?;
        // What was dropped before has left the buffer already.
        self.offset += dropped_before as u64;
        self.scanner.newline = end.newline;
        self.consume(end.next, lines);
        Ok(true)
    }

    fn reject<E: From<Error>>(
        &self,
        raw: &[u8],
        end: End,
        lines: u64,
        error: RecordError,
        sink: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.header {
            Header::Match => Err(Error::HeaderMalformed(error).into()),
            Header::Yes => Ok(()),
            Header::No => sink(Event::Malformed(Malformed {
                line: self.line,
                next_line: self.line + lines,
                offset: self.offset,
                end_offset: self.offset + end.next as u64,
                raw,
                size: end.content as u64,
                error,
            })),
        }
    }
}

/// All but a CR at the end, which may be the first half of a line end.
fn but_last_cr(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}
