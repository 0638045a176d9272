//! Conversion of text from other encodings to UTF-8, by Postgres' own conversions.

use pgrx::pg_sys;
use std::ffi::CStr;

use super::error::Raise;
use super::user::on_safe_path;
use termstream_core::bounds::Grow;

/// The most bytes that a conversion makes of one byte (`MAX_CONVERSION_GROWTH`). A NUL ends the result.
const GROWTH: usize = 4;
/// Bytes that are converted at once, and bytes of the longest character, inside of which a piece may end.
const PIECE: usize = 1 << 20;
const LONGEST: usize = 8;

/// The conversion from one encoding to UTF-8.
#[derive(Clone, Copy)]
pub struct Conversion {
    function: pg_sys::Oid,
    from: i32,
}

impl Conversion {
    /// The conversion from the encoding of this number; `None` if Postgres has none.
    pub fn find(from: i32) -> Option<Conversion> {
        let to = pg_sys::pg_enc::PG_UTF8 as i32;
        // SAFETY: catalog look-ups by value.
        let function = on_safe_path(|| unsafe { pg_sys::FindDefaultConversionProc(from, to) });
        (function != pg_sys::InvalidOid).then_some(Conversion { function, from })
    }

    /// Appends the bytes as UTF-8; the error is how many of them could be converted. They are converted
    /// piece by piece, so that the largest possible result need not be allocated.
    pub fn append(&self, bytes: &[u8], text: &mut Vec<u8>) -> Result<(), usize> {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            pgrx::check_for_interrupts!();
            let piece = rest.get(..PIECE).unwrap_or(rest);
            let converted = self.append_piece(piece, text);
            done += converted;
            let is_cut = rest.len() > piece.len() && piece.len() - converted < LONGEST;
            if converted < piece.len() && !is_cut {
                return Err(done);
            }
        }
        Ok(())
    }

    /// Appends as much of a piece as can be converted; returns how many bytes that was.
    fn append_piece(&self, piece: &[u8], text: &mut Vec<u8>) -> usize {
        let before = text.len();
        let room = piece.len() * GROWTH + 1;
        if let Err(error) = text.try_grow(room) {
            Raise::from(error).raise();
        }
        text.resize(before + room, 0);
        let room = &mut text[before..];
        // SAFETY: reads and writes no more than the lengths given, which are far below those of an `i32`;
        // raises nothing about the bytes (`noError`).
        let converted = unsafe {
            pg_sys::pg_do_encoding_conversion_buf(
                self.function,
                self.from,
                pg_sys::pg_enc::PG_UTF8 as i32,
                piece.as_ptr().cast_mut(),
                piece.len() as i32,
                room.as_mut_ptr(),
                room.len() as i32,
                true,
            )
        };
        let length = CStr::from_bytes_until_nul(room).map_or(0, CStr::count_bytes);
        text.truncate(before + length);
        usize::try_from(converted).unwrap_or(0).min(piece.len())
    }
}
