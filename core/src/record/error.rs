//! What can be wrong: with the options or the header, which ends the reading ([`Error`]), or with one
//! record, which is rejected while the reading goes on ([`RecordError`]). The words are COPY's.

use crate::bounds::OutOfMemory;

/// An error that ends the reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No format has this name.
    #[error("format \"{value}\" not recognized (valid: csv, text, jsonl)")]
    InvalidFormat {
        /// The value that was given.
        value: String,
    },
    /// The option means nothing in this format.
    #[error("{option} is no option of format {format}")]
    NotOfFormat {
        /// The option, as COPY names it.
        option: &'static str,
        /// The format that was asked for.
        format: &'static str,
    },
    /// The option takes one character of ASCII.
    #[error("{option} must be a single one-byte character, not \"{value}\"")]
    NotOneByte {
        /// The option, as COPY names it.
        option: &'static str,
        /// The value that was given.
        value: String,
    },
    /// The option is a line end.
    #[error("{option} cannot be newline or carriage return")]
    IsNewline {
        /// The option, as COPY names it.
        option: &'static str,
    },
    /// The delimiter means something after a backslash in the text format.
    #[error("delimiter cannot be \"{value}\" in format text")]
    TextDelimiter {
        /// The value that was given.
        value: String,
    },
    /// Delimiter and quote are one character.
    #[error("delimiter and quote must be different")]
    DelimiterIsQuote,
    /// What means NULL has a character that means something else.
    #[error("{character} character must not appear in the null specification \"{null}\"")]
    InNull {
        /// What the character means: delimiter or quote.
        character: &'static str,
        /// What was to mean NULL.
        null: String,
    },
    /// What means NULL has a line end.
    #[error("null representation cannot use newline or carriage return")]
    NewlineInNull,
    /// The option header has no such value.
    #[error("invalid value for option header: \"{value}\" (valid: true, false, match)")]
    InvalidHeader {
        /// The value that was given.
        value: String,
    },
    /// No column was named.
    #[error("records need at least one column")]
    NoColumns,
    /// The longest record is out of range.
    #[error("max_record_bytes must be between {min} and {max}, not {value}")]
    InvalidMaxRecordBytes {
        /// The value that was given.
        value: u64,
        /// The smallest value, in bytes.
        min: u64,
        /// The largest value, in bytes.
        max: u64,
    },
    /// A header that must match names another column.
    #[error(
        "column name mismatch in header line field {position}: got \"{found}\", expected \"{expected}\""
    )]
    HeaderName {
        /// The number of the field, from 1.
        position: usize,
        /// The name in the header.
        found: String,
        /// The name of the column.
        expected: String,
    },
    /// The header has fewer fields than there are columns.
    #[error("header line ends before column \"{expected}\"")]
    HeaderTooShort {
        /// The first column that it lacks.
        expected: String,
    },
    /// The header has more fields than there are columns.
    #[error("header line has a field after the last expected column: \"{found}\"")]
    HeaderTooLong {
        /// The first field beyond them.
        found: String,
    },
    /// The header cannot be split into fields.
    #[error("header line cannot be read: {0}")]
    HeaderMalformed(RecordError),
    /// The input ends before its header.
    #[error("header line is missing: the input is empty")]
    HeaderMissing,
    /// An allocation failed.
    #[error("out of memory")]
    OutOfMemory,
}

impl From<OutOfMemory> for Error {
    fn from(_: OutOfMemory) -> Error {
        Error::OutOfMemory
    }
}

/// Why one record cannot be split into the expected fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The record ends before this column.
    #[error("missing data for column \"{column}\"")]
    MissingData {
        /// The first column without a field.
        column: String,
    },
    /// The record has more fields than there are columns.
    #[error("extra data after last expected column")]
    ExtraData,
    /// The input ends within quotes.
    #[error("unterminated csv quoted field")]
    UnterminatedQuote,
    /// A carriage return stands outside of quotes, where lines end otherwise.
    #[error("unquoted carriage return found in data")]
    UnquotedCarriageReturn,
    /// A newline stands outside of quotes, where lines end otherwise.
    #[error("unquoted newline found in data")]
    UnquotedNewline,
    /// A carriage return of the text format is not written as an escape.
    #[error("literal carriage return found in data")]
    LiteralCarriageReturn,
    /// A newline of the text format is not written as an escape.
    #[error("literal newline found in data")]
    LiteralNewline,
    /// Bytes are no text of the encoding.
    #[error("invalid byte sequence for encoding \"{encoding}\": {bytes}")]
    InvalidEncoding {
        /// The encoding, as Postgres names it.
        encoding: String,
        /// The sequence in hex, as `0xff 0x20`; a NUL byte is `0x00`.
        bytes: String,
    },
    /// The record is longer than the limit.
    #[error("record is longer than {max} bytes")]
    TooLong {
        /// The limit, in bytes.
        max: u64,
    },
    /// The record is no JSON object.
    #[error("invalid JSON object: {reason}")]
    InvalidJson {
        /// What is wrong with it, and where.
        reason: String,
    },
    /// The JSON object has a member that no column is named like.
    #[error("the stream has no column \"{column}\"")]
    UnknownColumn {
        /// The name of the member.
        column: String,
    },
    /// A JSON string has the character U+0000, which no text of Postgres can hold.
    #[error("column \"{column}\" has a NUL character")]
    NulInJson {
        /// The column of the string.
        column: String,
    },
}

impl RecordError {
    /// The SQLSTATE that COPY or the JSON functions give such an error: `22P04` (bad_copy_file_format),
    /// except for bytes that are no text (`22021`) and text that is no valid JSON (`22032`, `22P05`).
    pub fn sqlstate(&self) -> &'static str {
        match self {
            RecordError::InvalidEncoding { .. } => "22021",
            RecordError::InvalidJson { .. } => "22032",
            RecordError::NulInJson { .. } => "22P05",
            _ => "22P04",
        }
    }
}
