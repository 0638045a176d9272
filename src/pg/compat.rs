//! Differences between the Postgres versions 15-18, and nothing else.

use pgrx::pg_sys;

/// The flags of `SPI_connect_ext`, which is an `int` everywhere but typed differently by bindgen.
pub const SPI_NONATOMIC: std::ffi::c_int = pg_sys::SPI_OPT_NONATOMIC as std::ffi::c_int;
