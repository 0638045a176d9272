//! What is done about a row that is wrong, and which errors are a row's own.

use std::str::FromStr;

use serde::Serialize;

use super::error::Error;

/// How a load treats a row that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Keep the row in the rejects table, and go on.
    #[default]
    Table,
    /// End the load with the row's error.
    Stop,
    /// Count the row without keeping it, and go on.
    Ignore,
}

impl OnError {
    /// The value as the option has it.
    pub fn as_str(self) -> &'static str {
        match self {
            OnError::Table => "table",
            OnError::Stop => "stop",
            OnError::Ignore => "ignore",
        }
    }
}

impl FromStr for OnError {
    type Err = Error;

    fn from_str(value: &str) -> Result<Self, Error> {
        [OnError::Table, OnError::Stop, OnError::Ignore]
            .into_iter()
            .find(|option| option.as_str().eq_ignore_ascii_case(value))
            .ok_or_else(|| Error::InvalidOnError {
                value: value.to_owned(),
            })
    }
}

/// Whether an error is about the data, so that it rejects its row: classes 22 (data exception) and 23
/// (integrity constraint violation), and P0001, which a statement raises on purpose. Everything else
/// (a missing table, a full disk, a cancel, a serialization failure) would be the next row's error
/// too, and stops the load.
///
/// See [`is_value_error`] for what the input function of a type raises, and [`is_of_several_rows`] for what
/// several rows raise together.
pub fn is_data_error(sqlstate: &str) -> bool {
    sqlstate.len() == 5
        && (sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate == "P0001")
}

/// Whether an error that the input function of a type has raised is about the value. Types raise what they
/// like: a tsquery a syntax error (42601), a regclass an undefined table (42P01), a hstore an internal error
/// (XX000). So all errors are but those that say that the server or the transaction is ill: classes 40
/// (rollback), 53 (resources), 57 (intervention), 58 (system), and damaged data (XX001, XX002).
pub fn is_value_error(sqlstate: &str) -> bool {
    let is_ill = ["40", "53", "57", "58", "XX001", "XX002"]
        .iter()
        .any(|of_server| sqlstate.starts_with(of_server));
    sqlstate.len() == 5 && !is_ill
}

/// Whether an error may be one of several rows in one statement, of which each can be taken by a statement of
/// its own: 21000 (cardinality violation), as of an upsert or MERGE that meets a key twice.
pub fn is_of_several_rows(sqlstate: &str) -> bool {
    sqlstate == "21000"
}
