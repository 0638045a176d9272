//! One run of ingestion as a state machine without I/O: batches, rejects, limits, counts, position.
//!
//! Rows gather in a [`Batch`]. When it is full the caller runs the statement over it; a data error
//! ([`is_data_error`]) is narrowed down to its rows by [`bisect`]; each becomes a [`Reject`]. [`Counts`]
//! must balance, [`Limits`] say when there are too many rejects, [`Position`] is where to go on.
#![forbid(unsafe_code)]

mod batch;
mod bisect;
mod counts;
mod error;
mod limits;
mod number;
mod on_error;
mod reject;
mod time;

#[cfg(test)]
mod tests;

pub use self::batch::{Batch, DEFAULT_BATCH_ROWS, MAX_BATCH_BYTES, MAX_BATCH_ROWS, Place, Row};
pub use self::bisect::{Bisected, Failure, bisect};
pub use self::counts::{Counts, Position, RejectedByStage};
pub use self::error::{Error, Stopped};
pub use self::limits::{Limits, RATIO_AFTER_ROWS};
pub use self::number::NumberFormat;
pub use self::on_error::{OnError, is_data_error, is_of_several_rows, is_value_error};
pub use self::reject::{KEPT_RAW_BYTES, KEPT_TEXT_BYTES, Reject, Stage};
pub use self::time::TimeFormat;
