//! Callbacks at the ends of transactions and subtransactions, for modules that keep state beside them.

use pgrx::pg_sys;
use std::ffi::c_void;

/// The callbacks of a module: before a commit, which it may refuse by an error; after the end of a
/// transaction; and after the rollback of a subtransaction.
#[derive(Clone, Copy)]
pub struct Callbacks {
    pub transaction_ends: fn(),
    pub transaction_ended: fn(),
    /// Is given the number of the subtransaction.
    pub subtransaction_aborted: fn(u32),
}

static mut CALLBACKS: &[Callbacks] = &[];

/// Registers the callbacks, once for the life of the backend.
pub fn register(callbacks: &'static [Callbacks]) {
    // SAFETY: called by _PG_init, once, before any transaction of ours; backends have one thread.
    unsafe {
        CALLBACKS = callbacks;
        pg_sys::RegisterXactCallback(Some(transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(subtransaction), std::ptr::null_mut());
    }
}

/// The number of the current subtransaction.
pub fn current_subtransaction() -> u32 {
    // SAFETY: a plain read of backend-local state.
    unsafe { pg_sys::GetCurrentSubTransactionId() }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn transaction(event: pg_sys::XactEvent::Type, _arg: *mut c_void) {
    use pg_sys::XactEvent::*;
    // SAFETY: written once, before it is read.
    for callbacks in unsafe { CALLBACKS } {
        match event {
            XACT_EVENT_PRE_COMMIT | XACT_EVENT_PRE_PREPARE => (callbacks.transaction_ends)(),
            XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE => {
                (callbacks.transaction_ended)();
            }
            _ => {}
        }
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn subtransaction(
    event: pg_sys::SubXactEvent::Type,
    subtransaction: pg_sys::SubTransactionId,
    _parent: pg_sys::SubTransactionId,
    _arg: *mut c_void,
) {
    if event == pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB {
        // SAFETY: written once, before it is read.
        for callbacks in unsafe { CALLBACKS } {
            (callbacks.subtransaction_aborted)(subtransaction);
        }
    }
}
