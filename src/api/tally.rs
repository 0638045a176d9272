//! How often each id was counted, in memory that grows with the ids and not with what is counted.

use termstream_core::bounds::{Grow, OutOfMemory};

/// So many ids are counted before those of one number are put together.
const LEAST: usize = 4096;

#[derive(Default)]
pub(super) struct Tally {
    counts: Vec<(i64, i64)>,
    /// Different ids when they were last put together.
    different: usize,
}

impl Tally {
    pub fn clear(&mut self) {
        self.counts.clear();
        self.counts.shrink_to(LEAST);
        self.different = 0;
    }

    pub fn count(&mut self, id: i64) -> Result<(), OutOfMemory> {
        if self.counts.len() >= LEAST.max(2 * self.different) {
            self.put_together();
        }
        self.counts.try_push((id, 1))
    }

    /// Each id, in order, and how often it was counted.
    pub fn counts(&mut self) -> &[(i64, i64)] {
        self.put_together();
        &self.counts
    }

    fn put_together(&mut self) {
        self.counts.sort_unstable();
        self.counts.dedup_by(|next, first| {
            let same = next.0 == first.0;
            first.1 += if same { next.1 } else { 0 };
            same
        });
        self.different = self.counts.len();
    }
}
