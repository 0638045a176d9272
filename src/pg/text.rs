//! Long texts: those that come, checked piece by piece, and those that a function returns, written where
//! Postgres keeps them, without a copy, and with an error of the statement where there is no memory.

use pgrx::pg_sys;

use super::rows::Returned;

const HEADER: usize = size_of::<u32>();
/// The longest text that Postgres makes: `MaxAllocSize`, with the header.
pub const MAX_BYTES: usize = 0x3fff_ffff - HEADER;

/// Bytes that are checked between two questions whether to go on: less than a millisecond's work.
const PIECE: usize = 1 << 20;

/// The bytes as a text, or the place where they stop being UTF-8.
pub fn checked(bytes: &[u8]) -> Result<&str, usize> {
    let mut done = 0;
    while done < bytes.len() {
        if done > 0 {
            pgrx::check_for_interrupts!();
        }
        let end = bytes.len().min(done + PIECE);
        done = match std::str::from_utf8(&bytes[done..end]) {
            Ok(_) => end,
            Err(error) => {
                let valid = done + error.valid_up_to();
                let is_cut = error.error_len().is_none() && end < bytes.len();
                if !is_cut {
                    return Err(valid);
                }
                valid
            }
        };
    }
    // SAFETY: each piece was found valid from where the one before it has ended.
    Ok(unsafe { std::str::from_utf8_unchecked(bytes) })
}

/// A text of a known length, as far as it is written.
pub struct NewText {
    start: *mut u8,
    written: usize,
    length: usize,
}

impl NewText {
    /// At most [`MAX_BYTES`] long.
    pub fn of(length: usize) -> NewText {
        // SAFETY: palloc returns that many bytes or raises an error, which it also does for more than it
        // may give.
        let start = unsafe { pg_sys::palloc(length + HEADER) }.cast();
        NewText {
            start,
            written: 0,
            length,
        }
    }

    /// Writes on; what is more than the length is left out.
    pub fn push(&mut self, text: &str) {
        let count = text.len().min(self.length - self.written);
        // SAFETY: between the header and the end of the allocation are `length` bytes, of which
        // `written` are used and `count` more are there. A text that is read here is another allocation.
        unsafe {
            let to = self.start.add(HEADER + self.written);
            std::ptr::copy_nonoverlapping(text.as_ptr(), to, count);
        }
        self.written += count;
    }

    /// The text as far as it was written.
    pub fn finish(self) -> Returned {
        // SAFETY: the header of the allocation; SET_VARSIZE of a little-endian machine, and a text is
        // shorter than a GiB.
        unsafe {
            let header = (self.written + HEADER) as u32;
            self.start.cast::<u32>().write(header << 2);
        }
        Returned(Some(pg_sys::Datum::from(self.start)))
    }
}
