//! Counts the work of searches, in tests only: words looked up, windows hashed, index lookups, terms
//! compared, candidates settled and reported. Each costs from a few to some hundreds of instructions, so a
//! test can bound the cost of a search without a clock.

use std::cell::Cell;

thread_local! {
    static DONE: Cell<usize> = const { Cell::new(0) };
}

pub(crate) fn add(work: usize) {
    DONE.set(DONE.get() + work);
}

/// The work this thread has done so far.
pub(crate) fn done() -> usize {
    DONE.get()
}
