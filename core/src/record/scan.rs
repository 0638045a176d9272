//! Finds the end of a record: the first line end outside quotes (CSV), without a backslash before it
//! (text), or any (JSON lines).
//!
//! Quotes toggle wherever they stand, also in the middle of an unquoted field, as in COPY's
//! `CopyReadLineText`. The scan stops and goes on at any byte, so that nothing is looked at twice
//! when a record arrives in pieces.

use memchr::{memchr, memchr2, memchr3};

use super::newline::{End, Newline};
use super::options::{Format, Options};

#[derive(Debug)]
pub(super) struct Scanner {
    format: Format,
    quote: u8,
    escape: u8,
    /// How lines end; settled by the first line end that is found.
    pub newline: Newline,
    /// Bytes of the record looked at so far.
    at: usize,
    in_quote: bool,
    /// The byte before was an escape inside quotes, and not the quote character itself; in the text
    /// format a backslash.
    after_escape: bool,
    /// The record may have line ends inside.
    quoted: bool,
}

impl Scanner {
    pub fn new(options: &Options) -> Self {
        Scanner {
            format: options.format,
            quote: options.quote,
            escape: options.escape.unwrap_or(options.quote),
            newline: first_newline(options.format),
            at: 0,
            in_quote: false,
            after_escape: false,
            quoted: false,
        }
    }

    /// Goes on in an input after this byte, the last one of the record before.
    pub fn resume_after(&mut self, last_byte: u8) {
        if self.format != Format::JsonLines {
            self.newline = Newline::of_last_byte(last_byte);
        }
    }

    pub fn in_quote(&self) -> bool {
        self.in_quote
    }

    pub fn quoted(&self) -> bool {
        self.quoted
    }

    /// Forgets the record; the line ends stay known.
    pub fn restart(&mut self) {
        self.at = 0;
        self.in_quote = false;
        self.after_escape = false;
        self.quoted = false;
    }

    /// Goes on in `record`, which starts where the record does. Its end must begin in the first
    /// `within` bytes; `complete` says that no byte will follow.
    pub fn find_end(&mut self, record: &[u8], within: usize, complete: bool) -> Option<End> {
        let head = record.get(..within).unwrap_or(record);
        while let Some(rest) = head.get(self.at..).filter(|rest| !rest.is_empty()) {
            if self.in_quote {
                self.inside(rest);
                continue;
            }
            if self.format == Format::Text && self.after_escape {
                self.after_escape = false;
                self.quoted |= matches!(rest.first(), Some(b'\n' | b'\r'));
                self.at += 1;
                continue;
            }
            let hit = match (self.special(), self.newline) {
                (Some(special), Newline::Lf) => memchr2(special, b'\n', rest),
                (Some(special), _) => memchr3(special, b'\n', b'\r', rest),
                (None, _) => memchr(b'\n', rest),
            };
            let Some(hit) = hit else {
                self.at = head.len();
                return None;
            };
            self.at += hit;
            if rest.get(hit).copied() == self.special() {
                self.at += 1;
                self.after_escape = self.format == Format::Text;
                self.in_quote = !self.after_escape;
                self.quoted |= self.in_quote;
                continue;
            }
            let end = self.newline.end_at(record, self.at, complete)?;
            self.newline = end.newline;
            return Some(end);
        }
        None
    }

    /// The byte after which a line end may be data.
    fn special(&self) -> Option<u8> {
        match self.format {
            Format::Csv => Some(self.quote),
            Format::Text => Some(b'\\'),
            Format::JsonLines => None,
        }
    }

    /// Goes on to the end of the quoted part, or of what has been read of it.
    fn inside(&mut self, rest: &[u8]) {
        if self.after_escape {
            self.after_escape = false;
            if rest
                .first()
                .is_some_and(|&byte| byte == self.quote || byte == self.escape)
            {
                self.at += 1;
                return;
            }
        }
        let hit = if self.escape == self.quote {
            // A doubled quote leaves and enters again.
            memchr(self.quote, rest)
        } else {
            memchr2(self.quote, self.escape, rest)
        };
        self.at += hit.map_or(rest.len(), |hit| hit + 1);
        match hit.and_then(|hit| rest.get(hit)) {
            Some(&byte) if byte == self.quote => self.in_quote = false,
            Some(_) => self.after_escape = true,
            None => {}
        }
    }
}

/// In JSON lines a carriage return is white space.
fn first_newline(format: Format) -> Newline {
    match format {
        Format::JsonLines => Newline::Lf,
        Format::Csv | Format::Text => Newline::Unknown,
    }
}
