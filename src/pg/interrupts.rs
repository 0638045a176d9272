//! Cancels, timeouts and terminations, as the rooms without Postgres ask for them.

use termstream_core::bounds::Interrupts;

/// Raises the error of a query that was cancelled or a session that was ended, from wherever it is asked.
pub fn interrupts() -> Interrupts {
    Interrupts::new(|| {
        pgrx::check_for_interrupts!();
    })
}
