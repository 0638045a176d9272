//! Procedures that commit: their call context, and a connection that may end transactions.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::compat::SPI_NONATOMIC;
use super::error::Raise;
use super::session::{self, Session};

/// A connection to SPI on which [`Transactions::commit`] works.
pub struct Transactions<'s> {
    session: &'s Session,
}

/// Runs `work` where it may commit, or raises 2D000 where it may not: inside a transaction block or
/// a function, `SPI_commit` would do nothing and say nothing.
pub fn with_transactions<R>(
    fcinfo: pg_sys::FunctionCallInfo,
    procedure: &str,
    work: impl FnOnce(&Transactions) -> R,
) -> R {
    // SAFETY: the node tag tells what the context is.
    let may_commit = unsafe {
        let context = (*fcinfo).context.cast::<pg_sys::CallContext>();
        !context.is_null()
            && (*context).type_ == pg_sys::NodeTag::T_CallContext
            && !(*context).atomic
    };
    if !may_commit {
        Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_TRANSACTION_TERMINATION,
            format!("{procedure} cannot run inside a transaction block or a function"),
        )
        .detail("It commits after each batch, so that an interrupted load can go on.")
        .hint("CALL it on its own, outside BEGIN; to load in one transaction use COPY into the stream.")
        .raise();
    }
    session::open(SPI_NONATOMIC, |session| work(&Transactions { session }))
}

impl Transactions<'_> {
    pub fn session(&self) -> &Session {
        self.session
    }

    /// Commits what was done so far and starts the next transaction.
    pub fn commit(&self) {
        // SAFETY: the connection is non-atomic, and no subtransaction is open between batches.
        unsafe { pg_sys::SPI_commit() }
    }

    /// Undoes what was done since the last commit and starts the next transaction.
    pub fn rollback(&self) {
        // SAFETY: as for commit.
        unsafe { pg_sys::SPI_rollback() }
    }
}
