//! The prefix of the extension's settings.

use pgrx::pg_sys;

/// Makes Postgres refuse undefined settings with the prefix `termstream`, since they are misspelled.
pub fn reserve_prefix() {
    // SAFETY: called by _PG_init, after the settings are defined.
    unsafe { pg_sys::MarkGUCPrefixReserved(c"termstream".as_ptr()) }
}
