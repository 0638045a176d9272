//! What can go wrong in termfeed, in words for the person who runs it. Secrets never get in here.

use tokio_postgres::error::{DbError, SqlState};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings are wrong: nothing has been done.
    #[error("{0}")]
    Settings(String),
    /// The database has refused something.
    #[error("{}", in_full(.0))]
    Refused(Box<DbError>),
    /// The database cannot be reached, or went away.
    #[error("no connection to the database: {0}")]
    Unreachable(String),
    /// Something else that is needed is away.
    #[error("{0}")]
    Away(String),
    #[error("stream \"{0}\" does not exist")]
    NoStream(String),
    /// The input cannot be read at all: its header is wrong, say.
    #[error("{0}")]
    Input(String),
    #[error("could not {0}: {1}")]
    Io(String, std::io::Error),
    /// Told to stop before the work was done; what is committed is whole.
    #[error("stopped before the end")]
    Stopped,
}

impl Error {
    pub fn io(what: impl Into<String>, error: std::io::Error) -> Error {
        Error::Io(what.into(), error)
    }

    /// Whether the same work may succeed later, done again from the start of its transaction.
    pub fn is_passing(&self) -> bool {
        match self {
            Error::Unreachable(_) | Error::Away(_) => true,
            Error::Refused(error) => {
                let code = error.code();
                // 08: connection; 40: serialization and deadlock; 53: resources; 57: operator.
                (["08", "40", "53", "57"].contains(&code.code().get(..2).unwrap_or_default())
                    && *code != SqlState::QUERY_CANCELED)
                    // Somebody else's leavings in a session that PgBouncer has handed on.
                    || *code == SqlState::INVALID_SQL_STATEMENT_NAME
                    || *code == SqlState::DUPLICATE_PSTATEMENT
            }
            _ => false,
        }
    }

    /// As in sysexits.h, for scripts: usage, data, unavailable, anything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Settings(_) => 64,
            Error::Input(_) | Error::NoStream(_) | Error::Refused(_) => 65,
            Error::Unreachable(_) | Error::Away(_) => 69,
            Error::Stopped => 130,
            Error::Io(..) => 74,
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Error {
        match error.as_db_error() {
            Some(refused) => Error::Refused(Box::new(refused.clone())),
            // What was sent or answered is not what was meant: doing it again mends nothing.
            None if OURS.iter().any(|ours| error.to_string().starts_with(ours)) => {
                Error::Input(with_causes(&error))
            }
            None => Error::Unreachable(with_causes(&error)),
        }
    }
}

/// How tokio-postgres begins to tell of errors that lie with its caller.
const OURS: [&str; 4] = [
    "expected ",
    "error serializing ",
    "error deserializing ",
    "query returned an unexpected number of rows",
];

fn in_full(error: &DbError) -> String {
    let mut text = format!("{} ({})", error.message(), error.code().code());
    for part in [error.detail(), error.hint()].into_iter().flatten() {
        text.push_str(". ");
        text.push_str(part.trim_end_matches('.'));
    }
    text
}

/// The error and what lies beneath it, in one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
        cause = error.source();
    }
    text
}
