//! Memory contexts: work whose memory goes at once when it is done.

use pgrx::pg_sys;

/// Runs `work` with a new context current, and frees that context with all it holds afterwards. An
/// error frees it with its (sub)transaction.
pub fn in_own_context<R>(work: impl FnOnce() -> R) -> R {
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
