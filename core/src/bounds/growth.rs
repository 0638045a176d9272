//! Growth that can be refused. A failed allocation of the standard library ends the process, and inside a
//! server that of everybody: what grows with input is grown by these.

use super::interrupts::{EVERY, Interrupts};

/// The error of memory that the machine does not have, or the limit of the process does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out of memory")]
pub struct OutOfMemory;

/// Growth of a buffer that fails with [`OutOfMemory`] where the standard library would abort.
pub trait Grow {
    /// What the buffer holds.
    type Item;

    /// Makes room for `more` more items, and for some beyond, so that many small growths cost linear time.
    fn try_grow(&mut self, more: usize) -> Result<(), OutOfMemory>;

    /// Makes room for exactly `more` more items.
    fn try_grow_exact(&mut self, more: usize) -> Result<(), OutOfMemory>;

    /// Adds an item.
    fn try_push(&mut self, item: Self::Item) -> Result<(), OutOfMemory>;
}

/// Lists, grown by what they are to hold.
impl<T> Grow for Vec<T> {
    type Item = T;

    #[inline]
    fn try_grow(&mut self, more: usize) -> Result<(), OutOfMemory> {
        self.try_reserve(more).map_err(|_| OutOfMemory)
    }

    #[inline]
    fn try_grow_exact(&mut self, more: usize) -> Result<(), OutOfMemory> {
        self.try_reserve_exact(more).map_err(|_| OutOfMemory)
    }

    #[inline]
    fn try_push(&mut self, item: T) -> Result<(), OutOfMemory> {
        if self.len() == self.capacity() {
            self.try_grow(1)?;
        }
        self.push(item);
        Ok(())
    }
}

impl Grow for String {
    type Item = char;

    #[inline]
    fn try_grow(&mut self, more: usize) -> Result<(), OutOfMemory> {
        self.try_reserve(more).map_err(|_| OutOfMemory)
    }

    #[inline]
    fn try_grow_exact(&mut self, more: usize) -> Result<(), OutOfMemory> {
        self.try_reserve_exact(more).map_err(|_| OutOfMemory)
    }

    #[inline]
    fn try_push(&mut self, item: char) -> Result<(), OutOfMemory> {
        self.try_grow(item.len_utf8())?;
        self.push(item);
        Ok(())
    }
}

/// Items that are written between two questions whether to go on.
const PIECE: usize = 1 << 20;

/// A list of `length` copies of `value`; fails if there is no room for it.
pub fn filled<T: Copy>(
    value: T,
    length: usize,
    interrupts: &Interrupts,
) -> Result<Vec<T>, OutOfMemory> {
    let mut list = Vec::new();
    list.try_grow_exact(length)?;
    while list.len() < length {
        interrupts.steps(EVERY as usize);
        list.resize(length.min(list.len() + PIECE), value);
    }
    Ok(list)
}

/// The items of an iterator that knows how many there are, if there is room for them; each is a step.
pub fn collected<T>(
    items: impl ExactSizeIterator<Item = T>,
    interrupts: &Interrupts,
) -> Result<Vec<T>, OutOfMemory> {
    let mut list = Vec::new();
    list.try_grow_exact(items.len())?;
    list.extend(items.inspect(|_| interrupts.step()));
    Ok(list)
}

/// Extends a list by copies of some items, if there is room for them.
#[inline]
pub fn extend<T: Copy>(list: &mut Vec<T>, items: &[T]) -> Result<(), OutOfMemory> {
    list.try_grow(items.len())?;
    list.extend_from_slice(items);
    Ok(())
}

/// Fails if `bytes` bytes cannot be allocated now. For use before work that allocates by itself and aborts
/// where memory is short; the memory is freed again, so that success is likely and not certain.
pub fn room_for(bytes: usize) -> Result<(), OutOfMemory> {
    let mut room: Vec<u8> = Vec::new();
    let outcome = room.try_grow_exact(bytes);
    std::hint::black_box(&room);
    outcome
}

#[cfg(test)]
mod tests {
    use super::{Grow, OutOfMemory, PIECE, collected, extend, filled, room_for};
    use crate::bounds::Interrupts;

    #[test]
    fn what_no_machine_has_is_refused() {
        let mut bytes = vec![1u8];
        assert_eq!(bytes.try_grow(isize::MAX as usize), Err(OutOfMemory));
        let interrupts = Interrupts::default();
        assert_eq!(filled(0u64, usize::MAX / 16, &interrupts), Err(OutOfMemory));
        assert_eq!(filled(7u8, PIECE + 1, &interrupts), Ok(vec![7; PIECE + 1]));
        assert_eq!(room_for(isize::MAX as usize), Err(OutOfMemory));
        assert_eq!(room_for(1 << 20), Ok(()));
        assert_eq!(collected(0..3, &interrupts), Ok(vec![0, 1, 2]));
        assert_eq!(
            String::new().try_grow(isize::MAX as usize),
            Err(OutOfMemory)
        );
        extend(&mut bytes, b"23").unwrap();
        bytes.try_push(b'4').unwrap();
        assert_eq!(bytes, b"\x0123\x34");
    }
}
