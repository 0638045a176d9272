//! State of a call site, kept in `fn_extra` from one row to the next and dropped with the query.

use pgrx::pg_sys;
use std::ffi::c_void;

/// Runs `work` with the state of type `T` that belongs to this call site, made by `T::default` at its first
/// call; with a new state where the caller gave no call site (a direct function call).
///
/// A function must use one type of state only: the slot has no room for a tag.
pub fn with_state<T: Default + 'static, R>(
    fcinfo: pg_sys::FunctionCallInfo,
    work: impl FnOnce(&mut T) -> R,
) -> R {
    match state(fcinfo) {
        Some(state) => work(state),
        None => work(&mut T::default()),
    }
}

/// The state of a call site; `None` where there is nowhere to keep it.
fn state<'a, T: Default + 'static>(fcinfo: pg_sys::FunctionCallInfo) -> Option<&'a mut T> {
    // SAFETY: fn_extra is this function's own slot and holds what we put there: a boxed T, dropped
    // by the reset callback of fn_mcxt, the context that lives as long as the slot. The reference
    // is used within one call, and a function does not call itself through the same call site.
    unsafe {
        let flinfo = (*fcinfo).flinfo;
        if flinfo.is_null() {
            return None;
        }
        if (*flinfo).fn_extra.is_null() {
            let state = Box::into_raw(Box::<T>::default());
            let callback = pg_sys::MemoryContextAllocZero(
                (*flinfo).fn_mcxt,
                size_of::<pg_sys::MemoryContextCallback>(),
            )
            .cast::<pg_sys::MemoryContextCallback>();
            (*callback).func = Some(drop_state::<T>);
            (*callback).arg = state.cast();
            pg_sys::MemoryContextRegisterResetCallback((*flinfo).fn_mcxt, callback);
            (*flinfo).fn_extra = state.cast();
        }
        Some(&mut *(*flinfo).fn_extra.cast::<T>())
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn drop_state<T>(state: *mut c_void) {
    // SAFETY: registered once for each box, by `state` above.
    drop(unsafe { Box::from_raw(state.cast::<T>()) });
}
