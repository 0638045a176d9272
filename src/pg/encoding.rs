//! Text in other encodings than the database's UTF-8, by Postgres' own conversions.

use pgrx::pg_sys;
use std::ffi::CStr;

use super::user::on_safe_path;

/// No conversion makes more of one byte than this (`MAX_CONVERSION_GROWTH`), and a NUL ends the text.
const GROWTH: usize = 4;

/// The conversion from one encoding to UTF-8.
#[derive(Clone, Copy)]
pub struct Conversion {
    function: pg_sys::Oid,
    from: i32,
}

impl Conversion {
    /// From the encoding of this number; `None` if Postgres has no conversion.
    pub fn find(from: i32) -> Option<Conversion> {
        let to = pg_sys::pg_enc::PG_UTF8 as i32;
        // SAFETY: catalog look-ups by value.
        let function = on_safe_path(|| unsafe { pg_sys::FindDefaultConversionProc(from, to) });
        (function != pg_sys::InvalidOid).then_some(Conversion { function, from })
    }

    /// Appends the bytes as UTF-8, or says how many of them could be converted.
    pub fn append(&self, bytes: &[u8], text: &mut Vec<u8>) -> Result<(), usize> {
        let before = text.len();
        text.resize(before + bytes.len() * GROWTH + 1, 0);
        let room = &mut text[before..];
        // SAFETY: reads and writes no more than the lengths given; raises nothing about the bytes
        // (`noError`); a record has at most 16 MiB.
        let converted = unsafe {
            pg_sys::pg_do_encoding_conversion_buf(
                self.function,
                self.from,
                pg_sys::pg_enc::PG_UTF8 as i32,
                bytes.as_ptr().cast_mut(),
                bytes.len() as i32,
                room.as_mut_ptr(),
                room.len() as i32,
                true,
            )
        };
        let length = CStr::from_bytes_until_nul(room).map_or(0, CStr::count_bytes);
        text.truncate(before + length);
        match usize::try_from(converted) {
            Ok(all) if all >= bytes.len() => Ok(()),
            Ok(some) => Err(some),
            Err(_) => Err(0),
        }
    }
}
