//! Arguments that pgrx would copy for each row of a large table, or could not read whole.

use pgrx::pg_sys;
use pgrx::varlena;
use std::ffi::CStr;

/// The bytes of an argument of type text or bytea, without a copy unless it is toasted.
///
/// The function is STRICT, so that no argument is NULL, and declares that type at this place, from 0.
pub fn bytes<'a>(fcinfo: pg_sys::FunctionCallInfo, place: usize) -> &'a [u8] {
    // SAFETY: by the function's declaration the argument is there and a varlena. It lives at least
    // as long as the call, and so does a detoasted copy.
    unsafe {
        let arguments = (*fcinfo).args.as_slice((*fcinfo).nargs as usize);
        bytes_of(arguments[place].value)
    }
}

/// The elements of an argument of type text[] that are not NULL.
///
/// The function is STRICT, so that no argument is NULL, and declares that type at this place, from 0.
pub fn texts<'a>(fcinfo: pg_sys::FunctionCallInfo, place: usize) -> impl Iterator<Item = &'a [u8]> {
    let mut elements = std::ptr::null_mut();
    let mut nulls = std::ptr::null_mut();
    let mut count = 0;
    // SAFETY: by the function's declaration the argument is there and an array of text, whose
    // elements are laid out as given here. They and both lists live as long as the call.
    unsafe {
        let arguments = (*fcinfo).args.as_slice((*fcinfo).nargs as usize);
        let array = pg_sys::pg_detoast_datum(arguments[place].value.cast_mut_ptr());
        pg_sys::deconstruct_array(
            array.cast(),
            pg_sys::TEXTOID,
            -1,
            false,
            pg_sys::TYPALIGN_INT as std::ffi::c_char,
            &mut elements,
            &mut nulls,
            &mut count,
        );
        (0..count as usize)
            .filter(move |element| !*nulls.add(*element))
            .map(move |element| bytes_of(*elements.add(element)))
    }
}

/// The bytes of a value of type text, without a copy unless it is toasted.
///
/// # Safety
/// The datum is a varlena that lives as long as what is returned.
pub(super) unsafe fn bytes_of<'a>(value: pg_sys::Datum) -> &'a [u8] {
    // SAFETY: by contract.
    unsafe {
        let mut value = value.cast_mut_ptr::<pg_sys::varlena>();
        let is_short = varlena::varatt_is_1b(value) && !varlena::varatt_is_1b_e(value);
        if !is_short && !varlena::varatt_is_4b_u(value) {
            value = pg_sys::pg_detoast_datum_packed(value);
        }
        varlena::varlena_to_byte_slice(value)
    }
}

/// The elements of a `jsonb[]`, each as JSON text.
pub fn json_texts(array: pg_sys::Datum) -> Vec<Option<String>> {
    let mut elements = std::ptr::null_mut();
    let mut nulls = std::ptr::null_mut();
    let mut count = 0;
    // SAFETY: the array's element type is `jsonb`, by the function's signature; its properties are
    // fixed by the system catalog: a varlena, aligned like int.
    unsafe {
        let array = pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
        pg_sys::deconstruct_array(
            array,
            pg_sys::JSONBOID,
            -1,
            false,
            b'i' as i8,
            &mut elements,
            &mut nulls,
            &mut count,
        );
        (0..count as usize)
            .map(|n| (!*nulls.add(n)).then(|| json_text(*elements.add(n))))
            .collect()
    }
}

/// A `jsonb` as JSON text, as deep and as exact as it is: a parser in Rust would have limits of its own.
pub fn json_text(value: pg_sys::Datum) -> String {
    // SAFETY: the value is a `jsonb`, by the function's signature.
    unsafe {
        let text = pg_sys::OidOutputFunctionCall(pg_sys::Oid::from(pg_sys::F_JSONB_OUT), value);
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}
