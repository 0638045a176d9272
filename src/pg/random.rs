//! Random numbers that cannot be predicted.

use pgrx::PgSqlErrorCode;

use super::error::Raise;

/// Random bytes; an error if the operating system cannot provide them.
pub fn random<const N: usize>() -> Result<[u8; N], Raise> {
    let mut bytes = [0; N];
    // SAFETY: exactly the given number of bytes is written.
    if unsafe { pgrx::pg_sys::pg_strong_random(bytes.as_mut_ptr().cast(), N) } {
        return Ok(bytes);
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        "could not generate random bytes",
    ))
}
