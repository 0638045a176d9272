//! What can be wrong with a load: its options ([`Error`]), its counts, or too many rejects
//! ([`Stopped`]).

use super::counts::Counts;

/// An option of a load, or its counts, that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The option on_error has no such value.
    #[error("invalid value for on_error: \"{value}\" (valid: table, stop, ignore)")]
    InvalidOnError {
        /// The value that was given.
        value: String,
    },
    /// The number of rows of a batch is out of range.
    #[error("batch_rows must be between 1 and {max}, not {value}")]
    InvalidBatchRows {
        /// The value that was given.
        value: i64,
        /// The largest value.
        max: i64,
    },
    /// The limit of rejects is not positive.
    #[error("reject_limit must be greater than zero, not {value}")]
    InvalidRejectLimit {
        /// The value that was given.
        value: i64,
    },
    /// The limit of the share of rejects is out of range.
    #[error("reject_ratio must be between 0 and 1, not {value}")]
    InvalidRejectRatio {
        /// The value that was given.
        value: f64,
    },
    /// The number format cannot be read; see [`NumberFormat::new`](super::NumberFormat::new).
    #[error("number format \"{value}\" not recognized")]
    InvalidNumberFormat {
        /// The value that was given.
        value: String,
    },
    /// The time format cannot be read; see [`TimeFormat::new`](super::TimeFormat::new).
    #[error("time format \"{value}\" not recognized")]
    InvalidTimeFormat {
        /// The value that was given.
        value: String,
    },
    /// Rows were read that were neither taken nor rejected.
    #[error("counts do not add up: {0:?}")]
    Unbalanced(Counts),
}

/// The load ends because too many rows were rejected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Stopped {
    /// More rows were rejected than may be.
    #[error("rejected more than reject_limit ({limit}) rows: {rejected} of {read} read")]
    RejectLimit {
        /// The most rows that may be rejected.
        limit: u64,
        /// The rows rejected so far.
        rejected: u64,
        /// The rows read so far.
        read: u64,
    },
    /// A larger share of the rows was rejected than may be.
    #[error("rejected more than reject_ratio ({ratio}) of the rows: {rejected} of {read} read")]
    RejectRatio {
        /// The largest share that may be rejected, 0 to 1.
        ratio: f64,
        /// The rows rejected so far.
        rejected: u64,
        /// The rows read so far.
        read: u64,
    },
}
