//! Errors for the client: SQLSTATE, message, detail and hint, in the style of Postgres.

use pgrx::pg_sys::panic::CaughtError;
pub use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use std::panic::AssertUnwindSafe;

use termstream_core::bounds::OutOfMemory;

/// An error that is to be raised, as with Postgres' `ereport(ERROR, …)`.
#[derive(Debug, Clone)]
pub struct Raise {
    pub code: PgSqlErrorCode,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// A query, and the position of the error in it, in characters from 1.
    pub position: Option<(String, usize)>,
}

impl Raise {
    /// An error with this SQLSTATE and message.
    pub fn new(code: PgSqlErrorCode, message: impl Into<String>) -> Raise {
        Raise {
            code,
            message: message.into(),
            detail: None,
            hint: None,
            position: None,
        }
    }

    /// Adds a detail.
    pub fn detail(mut self, detail: impl Into<String>) -> Raise {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Raise {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint where there is none yet.
    pub fn or_hint(mut self, hint: impl FnOnce() -> String) -> Raise {
        self.hint = self.hint.or_else(|| Some(hint()));
        self
    }

    /// Adds a query and the position of the error in it.
    pub fn at(mut self, query: &str, position: usize) -> Raise {
        self.position = Some((query.to_owned(), position));
        self
    }

    /// Raises the error; Rust frames unwind as after a panic.
    pub fn raise(self) -> ! {
        ErrorReport::from(self).report(PgLogLevel::ERROR);
        unreachable!("an ERROR never returns")
    }
}

impl From<Raise> for ErrorReport {
    fn from(raise: Raise) -> ErrorReport {
        let mut report = ErrorReport::new(raise.code, raise.message, "termstream");
        if let Some(detail) = raise.detail {
            report = report.set_detail(detail);
        }
        if let Some(hint) = raise.hint {
            report = report.set_hint(hint);
        }
        if let Some((query, position)) = raise.position {
            super::position::set_position(&query, position);
        }
        report
    }
}

impl From<OutOfMemory> for Raise {
    fn from(error: OutOfMemory) -> Raise {
        Raise::new(PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY, error.to_string()).hint(
            "The server's process could get no more memory: give it more, or the statement less to do.",
        )
    }
}

/// An error that was caught, and can be raised again.
pub struct Caught {
    pub sqlstate: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// The function of Postgres that raised it.
    function: Option<String>,
    error: CaughtError,
}

impl Caught {
    pub(super) fn new(error: CaughtError) -> Caught {
        let (CaughtError::PostgresError(report)
        | CaughtError::ErrorReport(report)
        | CaughtError::RustPanic {
            ereport: report, ..
        }) = &error;
        Caught {
            sqlstate: sqlstate(report.sql_error_code()),
            message: report.message().to_owned(),
            detail: report.detail().map(str::to_owned),
            hint: report.hint().map(str::to_owned),
            function: report.function_name().map(str::to_owned),
            error,
        }
    }

    /// Whether Postgres refused to defer a trigger in a security-restricted operation. That is recognised
    /// by the function that raised the error: the message is translated, and the SQLSTATE is that of all
    /// missing rights.
    pub fn is_deferred_trigger(&self) -> bool {
        self.function.as_deref() == Some("afterTriggerMarkEvents")
    }

    /// The error as a [`Raise`], to which more can be added.
    pub fn to_raise(&self) -> Raise {
        let mut raise = Raise::new(code_of(&self.sqlstate), self.message.clone());
        raise.detail.clone_from(&self.detail);
        raise.hint.clone_from(&self.hint);
        raise
    }

    /// Raises the error again, unchanged.
    pub fn rethrow(self) -> ! {
        self.error.rethrow()
    }
}

/// The five characters of an SQLSTATE, each of which has six bits in Postgres' number.
pub fn sqlstate(code: PgSqlErrorCode) -> String {
    let number = code as i32;
    (0..5)
        .map(|position| char::from((((number >> (6 * position)) & 0x3f) as u8) + b'0'))
        .collect()
}

/// The code of the five characters of an SQLSTATE.
pub fn code_of(sqlstate: &str) -> PgSqlErrorCode {
    let number = sqlstate
        .bytes()
        .enumerate()
        .fold(0, |number, (position, character)| {
            number | (i32::from(character.wrapping_sub(b'0') & 0x3f) << (6 * position))
        });
    PgSqlErrorCode::from(number)
}

/// Runs `work` and returns the error that it raises, if any. The transaction is broken after an error: the
/// caller must roll it back, or raise the error again.
pub fn caught<R>(work: impl FnOnce() -> R) -> Result<R, Caught> {
    let mut work = Some(work);
    PgTryBuilder::new(AssertUnwindSafe(|| match work.take() {
        Some(work) => Ok(work()),
        None => unreachable!("tried once"),
    }))
    .catch_others(|error| Err(Caught::new(error)))
    .execute()
}
