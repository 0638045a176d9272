//! Splits one whole record into fields, as COPY's `CopyReadAttributesCSV` does.
//!
//! A field may be quoted in any part of it: `a"b,c"d` is `ab,cd`, `"a"b` is `ab`. It is NULL when it
//! has no quote at all and equals the null string. Inside quotes the escape character takes the next
//! quote or escape character literally, and stands for itself before anything else.
//!
//! A value that is a range of the record stays there; only values with quotes to remove from their
//! inside are copied. Time is linear, and so is space, bounded by the record and the column count.

use memchr::{memchr, memchr2};

use super::error::RecordError;
use super::fields::{Fields, Place};
use super::options::Options;

#[derive(Debug)]
pub(super) struct Quoted {
    delimiter: u8,
    quote: u8,
    escape: u8,
    null: Vec<u8>,
    /// Bytes at which an unquoted field does not simply go on: delimiter, quote, CR.
    special: [bool; 256],
}

impl Quoted {
    pub fn new(options: &Options) -> Self {
        let (delimiter, quote) = (options.delimiter, options.quote);
        let mut special = [false; 256];
        for byte in [delimiter, quote, b'\r'] {
            special[usize::from(byte)] = true;
        }
        Quoted {
            delimiter,
            quote,
            escape: options.escape.unwrap_or(quote),
            null: options.null.as_bytes().to_vec(),
            special,
        }
    }

    /// Splits `raw` and stops after `at_most` fields. `raw` ends outside quotes.
    pub fn split(
        &self,
        raw: &[u8],
        at_most: usize,
        fields: &mut Fields,
    ) -> Result<(), RecordError> {
        let mut start = 0;
        while fields.spans.len() < at_most {
            let end = self.field(raw, start, fields)?;
            if end >= raw.len() {
                break;
            }
            start = end + 1;
        }
        Ok(())
    }

    /// Takes the field that starts at `start`; returns where its delimiter, or the record's end, is.
    fn field(&self, raw: &[u8], start: usize, fields: &mut Fields) -> Result<usize, RecordError> {
        let rest = raw.get(start..).unwrap_or_default();
        let hit = self.plain(rest);
        match rest.get(hit) {
            Some(&byte) if byte == self.quote => {
                if hit == 0
                    && let Some(length) = self.simply_quoted(rest)
                {
                    fields.push(start + 1, start + 1 + length, Place::Raw);
                    return Ok(start + length + 2);
                }
                self.copy(raw, start, fields)
            }
            Some(&byte) if byte != self.delimiter => Err(RecordError::UnquotedCarriageReturn),
            _ => {
                let is_null = rest.get(..hit) == Some(self.null.as_slice());
                fields.push(
                    start,
                    start + hit,
                    if is_null { Place::Null } else { Place::Raw },
                );
                Ok(start + hit)
            }
        }
    }

    /// Length of what an unquoted field has before anything special.
    fn plain(&self, rest: &[u8]) -> usize {
        rest.iter()
            .position(|&byte| self.special[usize::from(byte)])
            .unwrap_or(rest.len())
    }

    /// Length of the value if the field is one pair of quotes and nothing in it needs care.
    fn simply_quoted(&self, rest: &[u8]) -> Option<usize> {
        let inner = rest.get(1..)?;
        let length = self.next_quote_or_escape(inner)?;
        if inner.get(length) != Some(&self.quote) {
            return None;
        }
        match inner.get(length + 1) {
            None => Some(length),
            Some(&byte) if byte == self.delimiter && byte != self.escape => Some(length),
            Some(_) => None,
        }
    }

    fn next_quote_or_escape(&self, bytes: &[u8]) -> Option<usize> {
        if self.quote == self.escape {
            memchr(self.quote, bytes)
        } else {
            memchr2(self.quote, self.escape, bytes)
        }
    }

    /// The general case: the value is put together in `copied`.
    fn copy(&self, raw: &[u8], start: usize, fields: &mut Fields) -> Result<usize, RecordError> {
        let begin = fields.copied.len();
        let mut at = start;
        let mut in_quote = false;
        while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
            let hit = if in_quote {
                self.next_quote_or_escape(rest).unwrap_or(rest.len())
            } else {
                self.plain(rest)
            };
            fields
                .copied
                .extend_from_slice(rest.get(..hit).unwrap_or(rest));
            at += hit;
            let Some(&byte) = rest.get(hit) else {
                break;
            };
            if in_quote {
                // The escape is tested first, for it may be the quote character.
                let literal = rest
                    .get(hit + 1)
                    .filter(|&&next| next == self.quote || next == self.escape);
                if let (true, Some(&next)) = (byte == self.escape, literal) {
                    fields.copied.push(next);
                    at += 2;
                    continue;
                }
                if byte == self.quote {
                    in_quote = false;
                } else {
                    fields.copied.push(byte);
                }
            } else if byte == self.quote {
                in_quote = true;
            } else if byte == self.delimiter {
                break;
            } else {
                return Err(RecordError::UnquotedCarriageReturn);
            }
            at += 1;
        }
        fields.push(begin, fields.copied.len(), Place::Copied);
        Ok(at)
    }
}
