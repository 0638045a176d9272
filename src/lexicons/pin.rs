//! A pin: several statements that see the terms of the first. The attempts to run a stream's statement over
//! parts of a batch then find what one statement over the whole batch would have found, and the lexicon is
//! looked up once, not for each attempt (a query of about 80 µs, and 5 attempts for each bad row).
//!
//! A change of terms by this transaction ends the pin, so that the transaction sees its own changes at
//! once.

use std::cell::Cell;

thread_local! {
    static PIN: Cell<Option<u64>> = const { Cell::new(None) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Restores the outer pin when it is dropped, also while an error unwinds.
struct Pinned {
    before: Option<u64>,
}

/// Runs `work` with a pin: all its statements see the terms that the first of them has seen.
pub fn pinned<R>(work: impl FnOnce() -> R) -> R {
    LAST.set(LAST.get() + 1);
    let _pinned = Pinned {
        before: PIN.replace(Some(LAST.get())),
    };
    work()
}

/// The pin that holds now.
pub(super) fn pin() -> Option<u64> {
    PIN.get()
}

/// Ends the pin, because terms have changed.
pub(super) fn lift() {
    PIN.set(None);
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // A pin that was lifted inside is lifted outside too.
        if PIN.get().is_some() {
            PIN.set(self.before);
        }
    }
}
