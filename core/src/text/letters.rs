//! The letters as they grow: bytes that are written eight at a time, whether as many are wanted or not,
//! which costs no branch on how many they are. So behind the letters stand bytes that mean nothing.

use crate::bounds::{Grow, OutOfMemory};

/// Bytes behind the letters that may be read by whoever reads more than he uses.
pub(super) const PADDING: usize = 16;

/// `bytes` is at least [`PADDING`] longer than `end`.
pub(super) struct Letters {
    bytes: Vec<u8>,
    end: usize,
}

impl Letters {
    pub fn new() -> Letters {
        Letters {
            bytes: vec![0; PADDING],
            end: 0,
        }
    }

    /// Forgets the letters, and makes room for as many.
    pub fn clear(&mut self, room: usize) {
        self.end = 0;
        if self.bytes.len() < room + PADDING {
            self.bytes.resize(room + PADDING, 0);
        }
    }

    /// Makes room for so many letters more.
    pub fn reserve(&mut self, more: usize) -> Result<(), OutOfMemory> {
        let wanted = self.end + more + PADDING;
        let missing = wanted.saturating_sub(self.bytes.len());
        if missing > 0 {
            self.bytes.try_grow(missing)?;
            self.bytes.resize(wanted, 0);
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.end
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.end]
    }

    /// The letters and what stands behind them.
    pub fn padded(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends the first `count` of eight bytes.
    #[inline(always)]
    pub fn eight(&mut self, eight: u64, count: usize) {
        if let Some(place) = self.bytes.get_mut(self.end..self.end + 8) {
            place.copy_from_slice(&eight.to_le_bytes());
        }
        self.end += count;
        if self.end + PADDING > self.bytes.len() {
            self.grow();
        }
    }

    pub fn extend(&mut self, letters: &[u8]) {
        for &letter in letters {
            self.eight(u64::from(letter), 1);
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.bytes.resize(2 * self.end + PADDING, 0);
    }
}
