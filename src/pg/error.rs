//! Errors on their way to the client: SQLSTATE, message, detail, hint, in the style of Postgres.
//!
//! Rooms have error enums of their own; `api` maps them to a [`Raise`]. Nothing here decides what is
//! an error.

use pgrx::pg_sys::panic::CaughtError;
pub use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use std::panic::AssertUnwindSafe;

use termstream_core::bounds::OutOfMemory;

/// An error to be raised: what Postgres' `ereport(ERROR, …)` takes.
#[derive(Debug, Clone)]
pub struct Raise {
    pub code: PgSqlErrorCode,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// A query, and the character in it that is at fault, from 1.
    pub position: Option<(String, usize)>,
}

impl Raise {
    pub fn new(code: PgSqlErrorCode, message: impl Into<String>) -> Raise {
        Raise {
            code,
            message: message.into(),
            detail: None,
            hint: None,
            position: None,
        }
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Raise {
        self.detail = Some(detail.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Raise {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint where there is none yet.
    pub fn or_hint(mut self, hint: impl FnOnce() -> String) -> Raise {
        self.hint = self.hint.or_else(|| Some(hint()));
        self
    }

    pub fn at(mut self, query: &str, position: usize) -> Raise {
        self.position = Some((query.to_owned(), position));
        self
    }

    /// Raises it; Rust frames unwind and drop as for a panic.
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

/// An error that was caught: its facts, and the error itself for passing on.
pub struct Caught {
    pub sqlstate: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// The function of Postgres that has raised it.
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

    /// Whether Postgres has refused to let a trigger wait for the commit, in a security-restricted
    /// operation. Its message is translated, and its SQLSTATE is that of all missing rights.
    pub fn is_deferred_trigger(&self) -> bool {
        self.function.as_deref() == Some("afterTriggerMarkEvents")
    }

    /// What the error says, to be told with more.
    pub fn to_raise(&self) -> Raise {
        let mut raise = Raise::new(code_of(&self.sqlstate), self.message.clone());
        raise.detail.clone_from(&self.detail);
        raise.hint.clone_from(&self.hint);
        raise
    }

    /// Raises the error again, as it was.
    pub fn rethrow(self) -> ! {
        self.error.rethrow()
    }
}

/// The five characters of a SQLSTATE, six bits each in Postgres' number.
pub fn sqlstate(code: PgSqlErrorCode) -> String {
    let number = code as i32;
    (0..5)
        .map(|position| char::from((((number >> (6 * position)) & 0x3f) as u8) + b'0'))
        .collect()
}

/// The code of a SQLSTATE's five characters.
pub fn code_of(sqlstate: &str) -> PgSqlErrorCode {
    let number = sqlstate
        .bytes()
        .enumerate()
        .fold(0, |number, (position, character)| {
            number | (i32::from(character.wrapping_sub(b'0') & 0x3f) << (6 * position))
        });
    PgSqlErrorCode::from(number)
}

/// Runs `work` and returns the error it raises, if any. The transaction is not mended by that: the
/// caller must roll it back, or pass the error on.
pub fn caught<R>(work: impl FnOnce() -> R) -> Result<R, Caught> {
    let mut work = Some(work);
    PgTryBuilder::new(AssertUnwindSafe(|| match work.take() {
        Some(work) => Ok(work()),
        None => unreachable!("tried once"),
    }))
    .catch_others(|error| Err(Caught::new(error)))
    .execute()
}
