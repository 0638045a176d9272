//! Arguments of SQL functions that pgrx would copy for each row of a large table, or could not read whole.

use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::varlena;
use std::ffi::CStr;

use super::error::Raise;
use termstream_core::bounds::{OutOfMemory, room_for};

/// The value of an argument that must not be NULL.
pub fn given<T>(name: &str, value: Option<T>) -> Result<T, Raise> {
    value.ok_or_else(|| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
            format!("argument \"{name}\" must not be NULL"),
        )
    })
}

/// The bytes of argument `index`, counted from 0, without a copy unless it is toasted.
///
/// The function must be STRICT, so that no argument is NULL, and declare the argument as text or bytea.
pub fn bytes<'a>(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> &'a [u8] {
    // SAFETY: by the function's declaration the argument is there and a varlena. It lives at least
    // as long as the call, and so does a detoasted copy.
    unsafe {
        let arguments = (*fcinfo).args.as_slice((*fcinfo).nargs as usize);
        bytes_of(arguments[index].value)
    }
}

/// A call with more bytes of arguments than this is checked for memory.
const LARGE: usize = 1 << 20;

/// The copies of the arguments that a call may make, as in error messages.
const GROWTH: usize = 8;

/// Checks that there is memory for copies of the arguments of a call: not every later allocation can fail
/// with an error, and one that cannot would end the server. Functions that are not called row by row call
/// this before they use their arguments.
pub fn check_memory(fcinfo: pg_sys::FunctionCallInfo) -> Result<(), OutOfMemory> {
    let mut bytes = 0;
    // SAFETY: a running call; the types are those that the function declares, as many as there are
    // arguments; the size of a varlena is asked without unpacking it.
    unsafe {
        let (mut types, mut count) = (std::ptr::null_mut(), 0);
        pg_sys::get_func_signature((*(*fcinfo).flinfo).fn_oid, &mut types, &mut count);
        let arguments = (*fcinfo).args.as_slice((*fcinfo).nargs as usize);
        for (number, argument) in arguments.iter().enumerate().take(count as usize) {
            if !argument.isnull && pg_sys::get_typlen(*types.add(number)) == -1 {
                bytes += pg_sys::toast_raw_datum_size(argument.value);
            }
        }
    }
    match bytes > LARGE {
        true => room_for(GROWTH * bytes),
        false => Ok(()),
    }
}

/// The elements of argument `index`, counted from 0, that are not NULL.
///
/// The function must be STRICT, so that no argument is NULL, and declare the argument as text[].
pub fn texts<'a>(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> impl Iterator<Item = &'a [u8]> {
    // SAFETY: by the function's declaration the argument is there and an array of text, which lives as
    // long as the call, as do its elements.
    unsafe {
        let arguments = (*fcinfo).args.as_slice((*fcinfo).nargs as usize);
        elements(arguments[index].value, Type::TEXT)
            .flatten()
            .map(|element| bytes_of(element))
    }
}

/// The type of an array's elements. Its properties are constants of Postgres, so they need no look-up for
/// each row.
struct Type {
    oid: pg_sys::Oid,
    length: i32,
    align: u8,
}

impl Type {
    const TEXT: Type = Type {
        oid: pg_sys::TEXTOID,
        length: -1,
        align: pg_sys::TYPALIGN_INT,
    };
    const JSONB: Type = Type {
        oid: pg_sys::JSONBOID,
        ..Type::TEXT
    };
    const NAME: Type = Type {
        oid: pg_sys::NAMEOID,
        length: pg_sys::NAMEDATALEN as i32,
        align: pg_sys::TYPALIGN_CHAR,
    };
}

/// The elements of an array; `None` for NULL.
///
/// # Safety
/// The value must be an array of `element_type`, and outlive what is returned.
unsafe fn elements(
    array: pg_sys::Datum,
    element_type: Type,
) -> impl ExactSizeIterator<Item = Option<pg_sys::Datum>> {
    let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: by contract; both lists are as long as is said, and live as long as the current memory
    // context, in which the array is detoasted.
    unsafe {
        let array = pg_sys::pg_detoast_datum(array.cast_mut_ptr());
        pg_sys::deconstruct_array(
            array.cast(),
            element_type.oid,
            element_type.length,
            false,
            element_type.align as std::ffi::c_char,
            &mut values,
            &mut nulls,
            &mut count,
        );
        (0..count as usize).map(move |n| (!*nulls.add(n)).then(|| *values.add(n)))
    }
}

/// The bytes of a value of type text, without a copy unless it is toasted.
///
/// # Safety
/// The datum must be a varlena that lives as long as what is returned.
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
    // SAFETY: an array of `jsonb`, by the function's signature.
    let elements = unsafe { elements(array, Type::JSONB) };
    elements.map(|element| element.map(json_text)).collect()
}

/// The elements of a `name[]`.
pub fn names(array: pg_sys::Datum) -> Vec<Option<String>> {
    // SAFETY: an array of `name`, by the function's signature: each is a string that ends in a NUL.
    unsafe {
        let text = |name: pg_sys::Datum| {
            CStr::from_ptr(name.cast_mut_ptr())
                .to_string_lossy()
                .into_owned()
        };
        elements(array, Type::NAME)
            .map(|element| element.map(text))
            .collect()
    }
}

/// A `jsonb` as JSON text, without the limits on depth and numbers that a parser in Rust would have.
pub fn json_text(value: pg_sys::Datum) -> String {
    // SAFETY: the value is a `jsonb`, by the function's signature.
    unsafe {
        let text = pg_sys::OidOutputFunctionCall(pg_sys::Oid::from(pg_sys::F_JSONB_OUT), value);
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}
