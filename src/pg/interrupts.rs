//! Cancels, timeouts and terminations, in the form in which `termstream_core` checks for them.

use termstream_core::bounds::Interrupts;

/// Raises the error of a query that was cancelled or a session that was ended, from wherever it is asked.
pub fn interrupts() -> Interrupts {
    Interrupts::new(|| {
        pgrx::check_for_interrupts!();
    })
}
