//! Chance that nobody can foresee.

use pgrx::PgSqlErrorCode;

use super::error::Raise;

/// Draws bytes by chance; an error where the operating system has none to give.
pub fn random<const N: usize>() -> Result<[u8; N], Raise> {
    let mut bytes = [0; N];
    // SAFETY: as many bytes are written as there are.
    if unsafe { pgrx::pg_sys::pg_strong_random(bytes.as_mut_ptr().cast(), N) } {
        return Ok(bytes);
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        "could not draw random bytes",
    ))
}
