//! Settings of the extension in postgresql.conf and SET.

use pgrx::pg_sys;

/// Refuses settings of our prefix that nobody has defined: they are misspelled.
pub fn reserve_prefix() {
    // SAFETY: called by _PG_init, after the settings are defined.
    unsafe { pg_sys::MarkGUCPrefixReserved(c"termstream".as_ptr()) }
}
