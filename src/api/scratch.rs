//! Buffers of searches, lent to call sites: what one statement has remembered of a lexicon serves the
//! next one, and the 2 MiB of it are not made anew for each.

use std::cell::RefCell;

use termstream_core::lexicon::Scratch;

/// Buffers that lie idle in a backend; each holds up to 7 MiB.
const IDLE: usize = 2;

thread_local! {
    /// By the name of the lexicon that they know; the last used last.
    static IDLE_BUFFERS: RefCell<Vec<(String, Scratch)>> = const { RefCell::new(Vec::new()) };
}

/// Buffers that go back when they are dropped.
#[derive(Default)]
pub struct Lent {
    lexicon: String,
    scratch: Scratch,
}

impl Lent {
    /// Buffers for searches in this lexicon: those that know it, else new ones.
    pub fn of(lexicon: &str) -> Lent {
        let known = IDLE_BUFFERS.with_borrow_mut(|idle| {
            let place = idle.iter().rposition(|(name, _)| name == lexicon)?;
            Some(idle.remove(place))
        });
        let (lexicon, scratch) = known.unwrap_or_else(|| (lexicon.to_owned(), Scratch::new()));
        Lent { lexicon, scratch }
    }

    pub fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.lexicon.is_empty() {
            return;
        }
        let back = (
            std::mem::take(&mut self.lexicon),
            std::mem::take(&mut self.scratch),
        );
        IDLE_BUFFERS.with_borrow_mut(|idle| {
            if idle.len() == IDLE {
                idle.remove(0);
            }
            idle.push(back);
        });
    }
}
