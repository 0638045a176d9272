//! Differences between Postgres 15, 16, 17 and 18.

use pgrx::pg_sys;

/// The flags of `SPI_connect_ext`, which is an `int` everywhere but typed differently by bindgen.
pub const SPI_NONATOMIC: std::ffi::c_int = pg_sys::SPI_OPT_NONATOMIC as std::ffi::c_int;

/// Installs a signal handler in this process.
///
/// # Safety
/// `handler` must do only what a signal handler may do.
pub unsafe fn handle_signal(signal: i32, handler: unsafe extern "C-unwind" fn(i32)) {
    // SAFETY: by contract.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::pqsignal(signal, Some(handler));
        #[cfg(feature = "pg18")]
        pg_sys::pqsignal_be(signal, Some(handler));
    }
}
