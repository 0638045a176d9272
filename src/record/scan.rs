//! Finds the end of a record: the first line end outside quotes.
//!
//! Quotes toggle wherever they stand, also in the middle of an unquoted field, as in COPY's
//! `CopyReadLineText`. The scan stops and goes on at any byte, so that nothing is looked at twice
//! when a record arrives in pieces.

use memchr::{memchr, memchr2, memchr3};

use super::newline::{End, Newline};

#[derive(Debug)]
pub(super) struct Scanner {
    quote: u8,
    escape: u8,
    /// How lines end; settled by the first line end that is found.
    pub newline: Newline,
    /// Bytes of the record looked at so far.
    at: usize,
    in_quote: bool,
    /// The byte before was an escape inside quotes, and not the quote character itself.
    after_escape: bool,
    /// The record has a quote.
    quoted: bool,
}

impl Scanner {
    pub fn new(quote: u8, escape: u8, newline: Newline) -> Self {
        Scanner {
            quote,
            escape,
            newline,
            at: 0,
            in_quote: false,
            after_escape: false,
            quoted: false,
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
        *self = Scanner::new(self.quote, self.escape, self.newline);
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
            let hit = match self.newline {
                Newline::Lf => memchr2(self.quote, b'\n', rest),
                Newline::Unknown | Newline::Cr => memchr3(self.quote, b'\n', b'\r', rest),
            };
            let Some(hit) = hit else {
                self.at = head.len();
                return None;
            };
            self.at += hit;
            if rest.get(hit) == Some(&self.quote) {
                self.at += 1;
                self.in_quote = true;
                self.quoted = true;
                continue;
            }
            let end = self.newline.end_at(record, self.at, complete)?;
            self.newline = end.newline;
            return Some(end);
        }
        None
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
