//! A row that could not be taken, kept so that it can be mended and taken again.

use serde::Serialize;

use super::batch::{Place, Row};
use crate::record::{DEFAULT_MAX_RECORD_BYTES, Malformed, RecordError};

/// How much is kept of one rejected row: all of it, unless `max_record_bytes` was raised.
pub const KEPT_RAW_BYTES: usize = DEFAULT_MAX_RECORD_BYTES;

/// How much is kept of the field, the message and the detail. They are there to be read; the row
/// itself is in `raw`.
pub const KEPT_TEXT_BYTES: usize = 8 << 10;

/// The stage of a load at which a row was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Splitting bytes into fields.
    Parse,
    /// Converting text to the declared types.
    Convert,
    /// The stream's CHECK and NOT NULL constraints.
    Check,
    /// Running the stream's statement.
    Statement,
    /// The stream's checks of a batch as a whole.
    Quality,
    /// Reading the answer of a service that a feeder asks about the row.
    Predict,
}

impl Stage {
    /// All stages, in the order in which a row passes them.
    pub const ALL: [Stage; 6] = [
        Stage::Parse,
        Stage::Convert,
        Stage::Check,
        Stage::Statement,
        Stage::Quality,
        Stage::Predict,
    ];

    /// The stage as the rejects table names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Parse => "parse",
            Stage::Convert => "convert",
            Stage::Check => "check",
            Stage::Statement => "statement",
            Stage::Quality => "quality",
            Stage::Predict => "predict",
        }
    }
}

/// A row that was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The stage at which the row was rejected.
    pub stage: Stage,
    /// Physical line in the input, or the number of the row where the door shows no lines.
    pub line: Option<u64>,
    /// Byte offset in the input.
    pub offset: Option<u64>,
    /// The column at fault, if it is one.
    pub column: Option<String>,
    /// The column's value as it came.
    pub field: Option<String>,
    /// The row as read, or as [`Row::line`] writes it; no more than [`KEPT_RAW_BYTES`] of it.
    pub raw: Vec<u8>,
    /// The numbers, from 0, of the columns that `raw` holds, where some were left out: see [`Row::given`].
    pub given: Option<Vec<usize>>,
    /// Length of the whole row, in bytes.
    pub size: u64,
    /// The SQLSTATE of the error: five characters.
    pub sqlstate: String,
    /// The message of the error; no more than [`KEPT_TEXT_BYTES`] of it.
    pub message: String,
    /// The detail of the error; no more than [`KEPT_TEXT_BYTES`] of it.
    pub detail: Option<String>,
    /// The names of the checks that the row fails.
    pub checks: Vec<String>,
    /// The row's origin as the feeder describes it: a JSON object.
    pub origin: Option<String>,
}

impl Reject {
    /// A row of a batch, rejected with this error.
    pub fn of_row(stage: Stage, row: &Row<'_>, sqlstate: &str, message: &str) -> Self {
        Reject {
            given: row.given(),
            ..Reject::new(stage, row.place(), &row.line(), sqlstate, message)
        }
    }

    /// A record that the parser could not split.
    pub fn of_malformed(malformed: &Malformed<'_>) -> Self {
        let sqlstate = malformed.error.sqlstate();
        let place = Place::Input {
            line: malformed.line,
            offset: malformed.offset,
        };
        let message = malformed.error.to_string();
        let mut reject = Reject::new(Stage::Parse, place, malformed.raw, sqlstate, &message);
        reject.size = malformed.size;
        if let RecordError::MissingData { column } = &malformed.error {
            reject.column = Some(column.clone());
        }
        reject
    }

    /// A row as read, rejected with this error.
    pub fn new(stage: Stage, place: Place, raw: &[u8], sqlstate: &str, message: &str) -> Self {
        Reject {
            stage,
            line: Some(place.line()),
            offset: place.offset(),
            column: None,
            field: None,
            raw: raw.get(..KEPT_RAW_BYTES).unwrap_or(raw).to_vec(),
            given: None,
            size: raw.len() as u64,
            sqlstate: sqlstate.to_owned(),
            message: head(message),
            detail: None,
            checks: Vec::new(),
            origin: None,
        }
    }

    /// Names the column and its value.
    pub fn column(mut self, column: &str, field: Option<&str>) -> Self {
        self.column = Some(column.to_owned());
        self.field = field.map(head);
        self
    }

    /// Adds the detail of the error.
    pub fn detail(mut self, detail: &str) -> Self {
        self.detail = Some(head(detail));
        self
    }

    /// Whether `raw` is the whole row.
    pub fn is_whole(&self) -> bool {
        self.raw.len() as u64 == self.size
    }
}

fn head(text: &str) -> String {
    text[..text.floor_char_boundary(KEPT_TEXT_BYTES)].to_owned()
}
