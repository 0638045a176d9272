//! Running statements that change rows, from their first BEFORE trigger to their end.
//!
//! No trigger is certain to fire at the end of a statement: a row that a BEFORE trigger skips fires no
//! AFTER trigger, and a change through a parent table fires no statement trigger. But the memory of the
//! execution is always freed when the statement ends, and that is noticed.

use pgrx::pg_sys;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;

use super::trigger::TriggerCall;

struct Running {
    /// The memory context of the execution.
    memory: usize,
    number: u64,
    what: String,
}

thread_local! {
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Marks that the statement which fired the BEFORE trigger of this call changes `what`, until it ends.
pub fn begin(call: &TriggerCall, what: &str) {
    let memory = call.execution_memory();
    if has_begun(call, what) {
        return;
    }
    let is_new =
        RUNNING.with_borrow(|running| !running.iter().any(|it| it.memory == memory as usize));
    if is_new {
        // SAFETY: the callback lies in the memory that it tells of, and runs once, before that goes.
        unsafe {
            let callback =
                pg_sys::MemoryContextAllocZero(memory, size_of::<pg_sys::MemoryContextCallback>())
                    .cast::<pg_sys::MemoryContextCallback>();
            (*callback).func = Some(end);
            (*callback).arg = memory.cast();
            pg_sys::MemoryContextRegisterResetCallback(memory, callback);
        }
    }
    LAST.set(LAST.get() + 1);
    RUNNING.with_borrow_mut(|running| {
        running.push(Running {
            memory: memory as usize,
            number: LAST.get(),
            what: what.to_owned(),
        });
    });
}

/// Whether [`begin`] was called with `what` for the statement which fired the BEFORE trigger of this call.
pub fn has_begun(call: &TriggerCall, what: &str) -> bool {
    let memory = call.execution_memory() as usize;
    RUNNING.with_borrow(|running| {
        let mut of_this = running.iter().filter(|it| it.memory == memory);
        of_this.any(|it| it.what == what)
    })
}

/// The number of the outermost running statement that changes `what`, if there is one.
pub fn statement(what: &str) -> Option<u64> {
    RUNNING.with_borrow(|running| {
        let first = running.iter().find(|it| it.what == what);
        first.map(|it| it.number)
    })
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn end(memory: *mut c_void) {
    RUNNING.with_borrow_mut(|running| running.retain(|it| it.memory != memory as usize));
}
