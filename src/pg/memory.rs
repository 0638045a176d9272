//! Memory contexts for work whose memory is freed as soon as it is done.

use pgrx::pg_sys;

/// Runs `work` in a new memory context, and frees the context afterwards. After an error the abort of the
/// (sub)transaction frees it.
pub fn in_temporary_context<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: created, made current, left and deleted in this order; `R` is a Rust value that owns
    // nothing of the context.
    unsafe {
        let context = pg_sys::AllocSetContextCreateInternal(
            pg_sys::CurTransactionContext,
            c"termstream work".as_ptr(),
            0,
            pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
        );
        let previous = pg_sys::MemoryContextSwitchTo(context);
        let result = work();
        pg_sys::MemoryContextSwitchTo(previous);
        pg_sys::MemoryContextDelete(context);
        result
    }
}

/// A memory context for what one row needs, reset after each row.
pub struct RowMemory(pg_sys::MemoryContext);

impl RowMemory {
    /// A new context, below the current one.
    pub fn new() -> RowMemory {
        // SAFETY: a child of the current context, which goes with it where an error is raised.
        RowMemory(unsafe {
            pg_sys::AllocSetContextCreateInternal(
                pg_sys::CurrentMemoryContext,
                c"termstream row".as_ptr(),
                0,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            )
        })
    }

    /// Runs `work` in this context. What it returns must not be allocated there.
    pub fn with<R: 'static>(&mut self, work: impl FnOnce() -> R) -> R {
        // SAFETY: made current, left and emptied in this order; `R` is a Rust value that borrows nothing.
        unsafe {
            let previous = pg_sys::MemoryContextSwitchTo(self.0);
            let result = work();
            pg_sys::MemoryContextSwitchTo(previous);
            pg_sys::MemoryContextReset(self.0);
            result
        }
    }
}
