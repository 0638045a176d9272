//! Long texts: validating them piece by piece, and building one that a function returns directly in
//! Postgres' memory, without a copy, and with an ordinary error if there is not enough of it.

use pgrx::pg_sys;

use super::rows::Returned;

const HEADER: usize = size_of::<u32>();
/// The longest text that Postgres can hold: `MaxAllocSize` without the header.
pub const MAX_BYTES: usize = 0x3fff_ffff - HEADER;

/// Bytes that are validated between two checks for interrupts, in less than a millisecond.
const PIECE: usize = 1 << 20;

/// The bytes as a text; the error is how many bytes are valid UTF-8.
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

/// A text of a known length that is being built.
pub struct NewText {
    start: *mut u8,
    written: usize,
    length: usize,
}

impl NewText {
    /// An empty text that will have this length, at most [`MAX_BYTES`].
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

    /// Appends a text; what exceeds the length is dropped.
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

    /// The finished text.
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
