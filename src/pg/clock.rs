//! The clock, which `termstream_core` does not have.

use pgrx::pg_sys;
use pgrx::prelude::*;

/// The current time, not that of the beginning of the transaction.
pub fn now() -> TimestampWithTimeZone {
    // SAFETY: reads the clock.
    let now = unsafe { pg_sys::GetCurrentTimestamp() };
    TimestampWithTimeZone::try_from(now).unwrap_or(TimestampWithTimeZone::positive_infinity())
}
