//! A text that a function returns, written where Postgres keeps it: without a copy, and with an error of the
//! statement where there is no memory for it.

use pgrx::pg_sys;

use super::rows::Returned;

const HEADER: usize = size_of::<u32>();
/// The longest text that Postgres makes: `MaxAllocSize`, with the header.
pub const MAX_BYTES: usize = 0x3fff_ffff - HEADER;

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
