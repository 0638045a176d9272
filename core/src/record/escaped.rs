//! Splits one record of COPY's text format, as COPY's `CopyReadAttributesText` does.
//!
//! Delimiters separate, a backslash takes the next byte out of its meaning or gives it another
//! (`\t`, `\x41`, `\101`), and a field is NULL when it is the null string as written. A value without
//! a backslash stays where it is. Time and space are linear.

use memchr::{memchr, memchr3};

use super::error::RecordError;
use super::fields::{Fields, Place};
use super::options::Options;

#[derive(Debug)]
pub(super) struct Escaped {
    delimiter: u8,
    null: Vec<u8>,
}

impl Escaped {
    pub fn new(options: &Options) -> Escaped {
        Escaped {
            delimiter: options.delimiter,
            null: options.null.as_bytes().to_vec(),
        }
    }

    /// Splits `raw` and stops after `at_most` fields.
    pub fn split(
        &self,
        raw: &[u8],
        at_most: usize,
        fields: &mut Fields,
    ) -> Result<(), RecordError> {
        let mut start = 0;
        while fields.spans.len() < at_most {
            let end = self.end(raw, start)?;
            let field = raw.get(start..end).unwrap_or_default();
            if field == self.null {
                fields.push(0, 0, Place::Null);
            } else if memchr(b'\\', field).is_none() {
                fields.push(start, end, Place::Raw);
            } else {
                let begin = fields.copied.len();
                unescape(field, &mut fields.copied);
                fields.push(begin, fields.copied.len(), Place::Copied);
            }
            if end >= raw.len() {
                break;
            }
            start = end + 1;
        }
        Ok(())
    }

    /// Where the field's delimiter, or the record's end, is.
    fn end(&self, raw: &[u8], start: usize) -> Result<usize, RecordError> {
        let mut at = start;
        while let Some(hit) = memchr3(
            self.delimiter,
            b'\\',
            b'\r',
            raw.get(at..).unwrap_or_default(),
        ) {
            at += hit;
            match raw.get(at) {
                Some(b'\\') => at += 2,
                Some(b'\r') => return Err(RecordError::LiteralCarriageReturn),
                _ => return Ok(at),
            }
        }
        Ok(raw.len())
    }
}

/// Writes a field without its backslashes. One at the end of the input has nothing to say, as in COPY.
fn unescape(field: &[u8], copied: &mut Vec<u8>) {
    let mut rest = field;
    while let Some(hit) = memchr(b'\\', rest) {
        copied.extend_from_slice(rest.get(..hit).unwrap_or_default());
        rest = rest.get(hit + 1..).unwrap_or_default();
        let Some((&byte, after)) = rest.split_first() else {
            return;
        };
        rest = after;
        let number = match byte {
            b'0'..=b'7' => Some(number(&mut rest, i32::from(byte - b'0'), 8, 2)),
            b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
                Some(number(&mut rest, 0, 16, 2))
            }
            _ => None,
        };
        copied.push(number.unwrap_or(match byte {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            other => other,
        }));
    }
    copied.extend_from_slice(rest);
}

/// Reads up to `digits` more digits of a number; only its last eight bits count.
fn number(rest: &mut &[u8], first: i32, base: u32, digits: usize) -> u8 {
    let mut value = first;
    for _ in 0..digits {
        let Some((digit, after)) = rest
            .split_first()
            .and_then(|(&byte, after)| Some((char::from(byte).to_digit(base)?, after)))
        else {
            break;
        };
        value = value * base as i32 + digit as i32;
        *rest = after;
    }
    (value & 0xff) as u8
}
