//! Work that can fail without aborting the transaction.

use pgrx::pg_sys;

use super::error::{Caught, caught};

/// Runs `work` in a subtransaction. If it raises an error, everything it did is undone and the error
/// is returned.
///
/// A cancel, a shutdown and a broken server are errors too: the caller decides by the SQLSTATE which errors
/// it may ignore.
pub fn subtransaction<R>(work: impl FnOnce() -> R) -> Result<R, Caught> {
    // SAFETY: the shape is PL/pgSQL's own: remember context and owner, begin, run, and either
    // release or roll back; after both the remembered ones are current again.
    unsafe {
        let context = pg_sys::CurrentMemoryContext;
        let owner = pg_sys::CurrentResourceOwner;
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
        let restore = move || {
            pg_sys::MemoryContextSwitchTo(context);
            pg_sys::CurrentResourceOwner = owner;
        };
        match caught(work) {
            Ok(result) => {
                pg_sys::ReleaseCurrentSubTransaction();
                restore();
                Ok(result)
            }
            Err(caught) => {
                pg_sys::RollbackAndReleaseCurrentSubTransaction();
                restore();
                Err(caught)
            }
        }
    }
}
