//! What can be wrong: with the options or the header, which ends the reading ([`Error`]), or with one
//! record, which is rejected while the reading goes on ([`RecordError`]). The words are COPY's.

use crate::bounds::OutOfMemory;

/// An error that ends the reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("format \"{value}\" not recognized (valid: csv, text, jsonl)")]
    InvalidFormat { value: String },
    #[error("{option} is no option of format {format}")]
    NotOfFormat {
        option: &'static str,
        format: &'static str,
    },
    #[error("{option} must be a single one-byte character, not \"{value}\"")]
    NotOneByte { option: &'static str, value: String },
    #[error("{option} cannot be newline or carriage return")]
    IsNewline { option: &'static str },
    #[error("delimiter cannot be \"{value}\" in format text")]
    TextDelimiter { value: String },
    #[error("delimiter and quote must be different")]
    DelimiterIsQuote,
    #[error("{character} character must not appear in the null specification \"{null}\"")]
    InNull {
        character: &'static str,
        null: String,
    },
    #[error("null representation cannot use newline or carriage return")]
    NewlineInNull,
    #[error("invalid value for option header: \"{value}\" (valid: true, false, match)")]
    InvalidHeader { value: String },
    #[error("records need at least one column")]
    NoColumns,
    #[error("max_record_bytes must be between {min} and {max}, not {value}")]
    InvalidMaxRecordBytes { value: u64, min: u64, max: u64 },
    #[error(
        "column name mismatch in header line field {position}: got \"{found}\", expected \"{expected}\""
    )]
    HeaderName {
        position: usize,
        found: String,
        expected: String,
    },
    #[error("header line ends before column \"{expected}\"")]
    HeaderTooShort { expected: String },
    #[error("header line has a field after the last expected column: \"{found}\"")]
    HeaderTooLong { found: String },
    #[error("header line cannot be read: {0}")]
    HeaderMalformed(RecordError),
    #[error("header line is missing: the input is empty")]
    HeaderMissing,
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
    #[error("missing data for column \"{column}\"")]
    MissingData { column: String },
    #[error("extra data after last expected column")]
    ExtraData,
    #[error("unterminated csv quoted field")]
    UnterminatedQuote,
    #[error("unquoted carriage return found in data")]
    UnquotedCarriageReturn,
    #[error("unquoted newline found in data")]
    UnquotedNewline,
    #[error("literal carriage return found in data")]
    LiteralCarriageReturn,
    #[error("literal newline found in data")]
    LiteralNewline,
    /// `bytes` is the sequence in hex, as `0xff 0x20`; a NUL byte is `0x00`.
    #[error("invalid byte sequence for encoding \"{encoding}\": {bytes}")]
    InvalidEncoding { encoding: String, bytes: String },
    #[error("record is longer than {max} bytes")]
    TooLong { max: u64 },
    #[error("invalid JSON object: {reason}")]
    InvalidJson { reason: String },
    #[error("the stream has no column \"{column}\"")]
    UnknownColumn { column: String },
    #[error("column \"{column}\" has a NUL character")]
    NulInJson { column: String },
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
