//! Line ends. As in COPY the first unquoted one says how lines end in the whole input; unlike COPY,
//! LF and CRLF may be mixed.
//!
//! | style | ends a record | malformed |
//! |---|---|---|
//! | `Unknown` | LF, CRLF, CR: and decides the style | |
//! | `Lf` | LF, CRLF | an unquoted CR that no LF follows: it stays inside its record |
//! | `Cr` | CR | an unquoted LF: it ends its record, and from there the style is `Lf` |
//!
//! So a stray CR in the first line of an LF file spoils that line and no other, and the style is known
//! from the byte before a record alone, which lets a reading resume there.

use memchr::{memchr, memchr2};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Newline {
    Unknown,
    Lf,
    Cr,
}

/// Where a record or a physical line ends, counted from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Length without the line end.
    pub content: usize,
    /// Length with the line end.
    pub next: usize,
    /// The style this line end belongs to.
    pub newline: Newline,
    /// An LF where lines end in CR.
    pub stray: bool,
}

impl Newline {
    /// The style of an input that is resumed after this byte, the last one of the record before.
    pub fn of_last_byte(byte: u8) -> Self {
        match byte {
            b'\n' => Newline::Lf,
            b'\r' => Newline::Cr,
            _ => Newline::Unknown,
        }
    }

    /// The line end whose first seen byte, CR or LF, stands at `at`. `None`: the next byte decides,
    /// and it has not been read yet.
    pub fn end_at(self, bytes: &[u8], at: usize, complete: bool) -> Option<End> {
        let end = |content, next, newline| End {
            content,
            next,
            newline,
            stray: false,
        };
        if bytes.get(at) == Some(&b'\n') {
            if self == Newline::Cr {
                return Some(End {
                    stray: true,
                    ..end(at, at + 1, Newline::Lf)
                });
            }
            let crlf = at > 0 && bytes.get(at - 1) == Some(&b'\r');
            return Some(end(at - usize::from(crlf), at + 1, Newline::Lf));
        }
        if self == Newline::Cr {
            return Some(end(at, at + 1, self));
        }
        match bytes.get(at + 1) {
            Some(b'\n') => Some(end(at, at + 2, Newline::Lf)),
            Some(_) => Some(end(at, at + 1, Newline::Cr)),
            None if complete => Some(end(at, at + 1, Newline::Cr)),
            None => None,
        }
    }

    /// The end of a last line without line end.
    pub fn end_of_input(self, bytes: &[u8]) -> End {
        End {
            content: bytes.len(),
            next: bytes.len(),
            newline: self,
            stray: false,
        }
    }

    /// The end of the first physical line, quotes not regarded, whose end begins in `bytes[..within]`.
    pub fn line_end(self, bytes: &[u8], within: usize, complete: bool) -> Option<End> {
        let head = bytes.get(..within).unwrap_or(bytes);
        let at = match self {
            Newline::Lf => memchr(b'\n', head),
            Newline::Unknown | Newline::Cr => memchr2(b'\n', b'\r', head),
        }?;
        self.end_at(bytes, at, complete)
    }

    /// Number of line ends inside a record, which can only be quoted ones.
    pub fn count(self, raw: &[u8]) -> u64 {
        let byte = if self == Newline::Cr { b'\r' } else { b'\n' };
        memchr::memchr_iter(byte, raw).count() as u64
    }
}
