//! Arguments read where they lie, for functions that are called for each row of a large table.

use pgrx::pg_sys;
use pgrx::varlena;

/// The bytes of an argument of type text or bytea, without a copy unless it is toasted.
///
/// The function is STRICT, so that no argument is NULL, and declares that type at this place, from 0.
pub fn bytes<'a>(fcinfo: pg_sys::FunctionCallInfo, place: usize) -> &'a [u8] {
    // SAFETY: by the function's declaration the argument is there and a varlena. It lives at least
    // as long as the call, and so does a detoasted copy.
    unsafe {
        let arguments = (*fcinfo).args.as_slice((*fcinfo).nargs as usize);
        let mut value = arguments[place].value.cast_mut_ptr::<pg_sys::varlena>();
        let is_short = varlena::varatt_is_1b(value) && !varlena::varatt_is_1b_e(value);
        if !is_short && !varlena::varatt_is_4b_u(value) {
            value = pg_sys::pg_detoast_datum_packed(value);
        }
        varlena::varlena_to_byte_slice(value)
    }
}
