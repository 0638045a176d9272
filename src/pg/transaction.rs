//! The ends of transactions and subtransactions, told to whoever keeps state beside them.

use pgrx::pg_sys;
use std::ffi::c_void;

/// What to do before a transaction is committed, which may refuse it, when one has ended, and when a
/// subtransaction is rolled back.
#[derive(Clone, Copy)]
pub struct Callbacks {
    pub transaction_ends: fn(),
    pub transaction_ended: fn(),
    /// Given the subtransaction that is undone.
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

/// The subtransaction that runs now.
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
