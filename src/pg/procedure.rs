//! Procedures that commit: their call context, and a connection to SPI that can end transactions.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::compat::SPI_NONATOMIC;
use super::error::Raise;
use super::session::{self, Session};

/// A connection to SPI on which [`Transactions::commit`] works.
pub struct Transactions<'s> {
    session: &'s Session,
}

/// Runs `work`, which commits; raises 2D000 inside a transaction block or a function, where it cannot.
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
        .detail("It commits after each batch, so that an interrupted load can be resumed.")
        .hint("CALL it on its own, outside BEGIN; to load in one transaction use COPY into the stream.")
        .raise();
    }
    session::open(SPI_NONATOMIC, |session| work(&Transactions { session }))
}

impl Transactions<'_> {
    /// The connection.
    pub fn session(&self) -> &Session {
        self.session
    }

    /// Commits the transaction and begins the next one.
    pub fn commit(&self) {
        // SAFETY: the connection is non-atomic, and no subtransaction is open between batches.
        unsafe { pg_sys::SPI_commit() }
    }

    /// Rolls the transaction back and begins the next one.
    pub fn rollback(&self) {
        // SAFETY: as for commit.
        unsafe { pg_sys::SPI_rollback() }
    }
}
