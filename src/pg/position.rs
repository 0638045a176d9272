//! The position of an error in a query: reading it from an error that is caught, and giving it to one that
//! is raised.
//!
//! Postgres can tell a client the position of a mistake in a query that a function runs ("internal query").
//! Errors that pgrx passes through Rust frames have no position, so it is read and set by error context
//! callbacks, which Postgres calls while it finishes an error.

use pgrx::pg_sys;
use std::ffi::{CString, c_char, c_int, c_void};

use super::error::{Caught, Raise, caught};

/// Functions of Postgres that read and set the position of the current error, declared without pgrx's
/// guards, which must not run while an error is finished.
mod plain {
    use super::{c_char, c_int};

    unsafe extern "C-unwind" {
        pub safe fn geterrposition() -> c_int;
        pub safe fn getinternalerrposition() -> c_int;
        pub safe fn internalerrposition(position: c_int) -> c_int;
        pub fn internalerrquery(query: *const c_char) -> c_int;
    }
}

/// Runs `work`; returns an error that it raises with the position in the statement, in characters from 1,
/// if it has one.
pub fn located<R>(work: impl FnOnce() -> R) -> Result<R, (Caught, Option<usize>)> {
    let mut position: c_int = 0;
    // SAFETY: the callback is taken off again before `position` goes; an error that is caught has put
    // the stack back to what it was outside.
    unsafe {
        let outside = pg_sys::error_context_stack;
        let mut callback = pg_sys::ErrorContextCallback {
            previous: outside,
            callback: Some(note),
            arg: (&raw mut position).cast(),
        };
        let result = caught(|| {
            pg_sys::error_context_stack = &mut callback;
            let result = work();
            pg_sys::error_context_stack = outside;
            result
        });
        pg_sys::error_context_stack = outside;
        result.map_err(|error| (error, usize::try_from(position).ok().filter(|at| *at > 0)))
    }
}

unsafe extern "C-unwind" fn note(position: *mut c_void) {
    let at = match plain::getinternalerrposition() {
        0 => plain::geterrposition(),
        at => at,
    };
    // SAFETY: the variable of `located`, which is below on the stack.
    unsafe { *position.cast::<c_int>() = at }
}

/// An error in a text of the user that was parsed after `before` other characters, with its position in the
/// text.
pub fn with_position(error: Caught, at: Option<usize>, text: &str, before: usize) -> Raise {
    let raise = error.to_raise();
    match at.and_then(|at| at.checked_sub(before)) {
        Some(at) if at > 0 => raise.at(text, at.min(text.chars().count() + 1)),
        _ => raise,
    }
}

/// Runs `work`, which runs a query of the user's after `before` other characters. A mistake in the query
/// becomes an error with its position in the query and, unless Postgres gives one, with this hint; other
/// errors are raised.
pub fn with_users_position<R>(
    query: &str,
    before: usize,
    hint: &str,
    work: impl FnOnce() -> R,
) -> Result<R, Raise> {
    match located(work) {
        Ok(result) => Ok(result),
        Err((error, None)) => error.rethrow(),
        Err((error, at)) => {
            let raise = with_position(error, at, query, before);
            Err(raise.or_hint(|| hint.to_owned()))
        }
    }
}

/// Gives the next error that is raised a position in a query. Must be called right before the error is
/// raised.
pub fn set_position(query: &str, position: usize) {
    let query = CString::new(query).unwrap_or_default();
    // SAFETY: both live until the transaction ends, which the error brings about or a handler of the
    // error survives; the handler puts the stack back to what it was.
    unsafe {
        let position = Box::into_raw(Box::new((query, position as c_int)));
        let callback = pg_sys::MemoryContextAllocZero(
            pg_sys::TopTransactionContext,
            size_of::<pg_sys::ErrorContextCallback>(),
        )
        .cast::<pg_sys::ErrorContextCallback>();
        (*callback).previous = pg_sys::error_context_stack;
        (*callback).callback = Some(tell);
        (*callback).arg = position.cast();
        pg_sys::error_context_stack = callback;
    }
}

unsafe extern "C-unwind" fn tell(position: *mut c_void) {
    // SAFETY: boxed by `set_position` and called once: the error takes the callback off the stack.
    unsafe {
        let position = Box::from_raw(position.cast::<(CString, c_int)>());
        plain::internalerrposition(position.1);
        plain::internalerrquery(position.0.as_ptr());
    }
}
