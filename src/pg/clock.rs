//! The time of day, which the pure rooms do not have.

use pgrx::pg_sys;
use pgrx::prelude::*;

/// Now, also where the transaction began long ago.
pub fn now() -> TimestampWithTimeZone {
    // SAFETY: reads the clock.
    let now = unsafe { pg_sys::GetCurrentTimestamp() };
    TimestampWithTimeZone::try_from(now).unwrap_or(TimestampWithTimeZone::positive_infinity())
}
