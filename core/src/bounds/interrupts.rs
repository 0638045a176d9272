//! The question whether work should go on, asked often enough and not too often.
//!
//! The pure rooms count steps and know nothing of who may stop them. A server gives a function that raises
//! its error when a query was cancelled: it unwinds through the work, whose buffers must then be fit to be
//! dropped, or cleared and used again.

use std::cell::Cell;

/// The number of steps between two calls of the check. A step is the work on a word or a term, some
/// microseconds at most, so that the check is called every few milliseconds.
pub const EVERY: u32 = 1024;

const SORTED_AT_ONCE: usize = 1 << 20;

/// Counts steps of work, and calls a check every [`EVERY`] steps, which may stop the work by unwinding.
#[derive(Debug)]
pub struct Interrupts {
    check: fn(),
    left: Cell<u32>,
}

impl Interrupts {
    /// Makes a counter that calls `check` every [`EVERY`] steps. `check` returns to go on, or unwinds.
    pub const fn new(check: fn()) -> Interrupts {
        Interrupts {
            check,
            left: Cell::new(EVERY),
        }
    }

    /// Counts one step.
    #[inline(always)]
    pub fn step(&self) {
        self.steps(1);
    }

    /// Counts several steps at once, for work that grows with a length: a long word may count one step per
    /// 16 letters. Calls the check at most once.
    #[inline(always)]
    pub fn steps(&self, steps: usize) {
        match (self.left.get() as usize).checked_sub(steps) {
            Some(left @ 1..) => self.left.set(left as u32),
            _ => self.ask(),
        }
    }

    /// Sorts items, unstably. Comparisons are counted as steps only beyond a million items: fewer are
    /// sorted in less than a tenth of a second.
    pub fn sort<T: Ord>(&self, items: &mut [T]) {
        if items.len() <= SORTED_AT_ONCE {
            return items.sort_unstable();
        }
        items.sort_unstable_by(|a, b| {
            self.step();
            a.cmp(b)
        });
    }

    #[cold]
    #[inline(never)]
    fn ask(&self) {
        self.left.set(EVERY);
        (self.check)();
    }
}

impl Default for Interrupts {
    /// Makes a counter whose check does nothing, for work that need not be stopped.
    fn default() -> Interrupts {
        Interrupts::new(|| {})
    }
}

impl Clone for Interrupts {
    /// Copies the check; the copy counts its steps from zero.
    fn clone(&self) -> Interrupts {
        Interrupts::new(self.check)
    }
}

#[cfg(test)]
mod tests {
    use super::{EVERY, Interrupts, SORTED_AT_ONCE};
    use std::cell::Cell;

    thread_local! {
        static ASKED: Cell<u32> = const { Cell::new(0) };
    }

    fn asked(steps: impl FnOnce(&Interrupts)) -> u32 {
        ASKED.set(0);
        steps(&Interrupts::new(|| ASKED.set(ASKED.get() + 1)));
        ASKED.get()
    }

    #[test]
    fn it_is_asked_once_for_so_many_steps() {
        let single =
            |count: u32| move |interrupts: &Interrupts| (0..count).for_each(|_| interrupts.step());
        assert_eq!(asked(single(EVERY - 1)), 0);
        assert_eq!(asked(single(EVERY)), 1);
        assert_eq!(asked(single(10 * EVERY)), 10);
    }

    #[test]
    fn a_long_sort_is_asked_about_too() {
        let mut many: Vec<u32> = (0..SORTED_AT_ONCE as u32 + 1).map(|n| n ^ 0x55).collect();
        assert!(asked(|interrupts| interrupts.sort(&mut many)) > many.len() as u32 / EVERY / 2);
        assert!(many.is_sorted());
    }

    #[test]
    fn a_long_step_is_many() {
        assert_eq!(asked(|interrupts| interrupts.steps(usize::MAX)), 1);
        assert_eq!(
            asked(|interrupts| (0..8).for_each(|_| interrupts.steps(EVERY as usize / 4))),
            2
        );
    }
}
