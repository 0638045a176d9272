//! How work in the pure rooms is interrupted, and what is said when it finds no memory.

use pgrx::prelude::*;

use crate::bounds::{Interrupts, OutOfMemory};
use crate::pg::error::Raise;

/// Work that ends when the statement is cancelled.
pub(super) fn interrupts() -> Interrupts {
    Interrupts::new(|| {
        pgrx::check_for_interrupts!();
    })
}

impl From<OutOfMemory> for Raise {
    fn from(error: OutOfMemory) -> Raise {
        Raise::new(PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY, error.to_string())
            .hint("Give the document in parts, or the server more memory.")
    }
}
