//! The work of searches, counted in tests: words looked up, windows hashed, questions that an index
//! answered, terms compared, candidates settled and reported. One of each is a few instructions to some
//! hundreds.

use std::cell::Cell;

thread_local! {
    static DONE: Cell<usize> = const { Cell::new(0) };
}

pub(super) fn add(work: usize) {
    DONE.set(DONE.get() + work);
}

/// All work of this thread so far.
pub(super) fn done() -> usize {
    DONE.get()
}
