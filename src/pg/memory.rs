//! Memory contexts: work whose memory goes at once when it is done.

use pgrx::pg_sys;

/// Runs `work` with a new context current, and frees that context with all it holds afterwards. An
/// error frees it with its (sub)transaction.
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

/// A context for what is needed while a row is passed on, emptied after each.
pub struct Passing(pg_sys::MemoryContext);

impl Passing {
    pub fn new() -> Passing {
        // SAFETY: a child of the current context, which goes with it where an error is raised.
        Passing(unsafe {
            pg_sys::AllocSetContextCreateInternal(
                pg_sys::CurrentMemoryContext,
                c"termstream row".as_ptr(),
                0,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            )
        })
    }

    /// Runs `work` in it. What `work` returns must not be of its memory.
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
