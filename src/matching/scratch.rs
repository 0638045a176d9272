//! Search buffers that a backend keeps for the next statement: what was remembered of a lexicon's words is
//! reused, and their 2 MiB are not allocated anew for each statement.

use std::cell::RefCell;

use termstream_core::lexicon::Scratch;

/// Number of idle buffers that a backend keeps; each holds up to 7 MiB.
const IDLE: usize = 2;

thread_local! {
    /// Idle buffers, each with the name of the lexicon it was used for; the last used last.
    static IDLE_BUFFERS: RefCell<Vec<(String, Scratch)>> = const { RefCell::new(Vec::new()) };
}

/// Search buffers lent to a call site, which become idle again when they are dropped.
#[derive(Default)]
pub struct Lent {
    lexicon: String,
    scratch: Scratch,
}

impl Lent {
    /// Buffers for searches in this lexicon: idle ones that were used for it, else new ones.
    pub fn of(lexicon: &str) -> Lent {
        let idle = IDLE_BUFFERS.with_borrow_mut(|idle| {
            let index = idle.iter().rposition(|(name, _)| name == lexicon)?;
            Some(idle.remove(index))
        });
        let (lexicon, scratch) = idle.unwrap_or_else(|| (lexicon.to_owned(), Scratch::new()));
        Lent { lexicon, scratch }
    }

    /// The buffers, to search with.
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
