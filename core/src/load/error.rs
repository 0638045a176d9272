//! What can be wrong with a load: its options ([`Error`]), its counts, or too many rejects
//! ([`Stopped`]).

use super::counts::Counts;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("invalid value for on_error: \"{value}\" (valid: table, stop, ignore)")]
    InvalidOnError { value: String },
    #[error("batch_rows must be between 1 and {max}, not {value}")]
    InvalidBatchRows { value: i64, max: i64 },
    #[error("reject_limit must be greater than zero, not {value}")]
    InvalidRejectLimit { value: i64 },
    #[error("reject_ratio must be between 0 and 1, not {value}")]
    InvalidRejectRatio { value: f64 },
    #[error("number format \"{value}\" not recognized")]
    InvalidNumberFormat { value: String },
    #[error("time format \"{value}\" not recognized")]
    InvalidTimeFormat { value: String },
    #[error("counts do not add up: {0:?}")]
    Unbalanced(Counts),
}

/// The load ends because too many rows were rejected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Stopped {
    #[error("rejected more than reject_limit ({limit}) rows: {rejected} of {read} read")]
    RejectLimit {
        limit: u64,
        rejected: u64,
        read: u64,
    },
    #[error("rejected more than reject_ratio ({ratio}) of the rows: {rejected} of {read} read")]
    RejectRatio {
        ratio: f64,
        rejected: u64,
        read: u64,
    },
}
