//! How often each id was counted, in memory that grows with the number of different ids, not of counts.

use termstream_core::bounds::{Grow, OutOfMemory};

/// At least this many entries are collected before those of equal ids are merged.
const LEAST: usize = 4096;

/// Counts by id. Entries are appended, and merged when they have doubled since the last merge.
#[derive(Default)]
pub struct Tally {
    counts: Vec<(i64, i64)>,
    /// Number of different ids at the last merge.
    different: usize,
}

impl Tally {
    /// Forgets all counts.
    pub fn clear(&mut self) {
        self.counts.clear();
        self.counts.shrink_to(LEAST);
        self.different = 0;
    }

    /// Counts an id once more.
    pub fn count(&mut self, id: i64) -> Result<(), OutOfMemory> {
        if self.counts.len() >= LEAST.max(2 * self.different) {
            self.merge();
        }
        self.counts.try_push((id, 1))
    }

    /// Each id once, in ascending order, with how often it was counted.
    pub fn counts(&mut self) -> &[(i64, i64)] {
        self.merge();
        &self.counts
    }

    fn merge(&mut self) {
        self.counts.sort_unstable();
        self.counts.dedup_by(|next, first| {
            let same = next.0 == first.0;
            first.1 += if same { next.1 } else { 0 };
            same
        });
        self.different = self.counts.len();
    }
}
