//! How much a feeder has committed since it started, for its last line in the log.

use std::ops::AddAssign;

use crate::counts::Counts;

/// Sums over committed batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub batches: u64,
    /// Records of the source, whatever became of them.
    pub records: u64,
    /// Records that the feeder itself could not make a row of.
    pub refused: u64,
    /// Rows that the stream has taken.
    pub rows: u64,
    /// Records in the rejects table, refused by the feeder or by the stream.
    pub rejected: u64,
}

impl Totals {
    /// Adds what the ledger of loads says of a batch that is now committed.
    pub fn commit(&mut self, counts: &Counts) {
        self.batches += 1;
        self.rows += counts.taken.max(0) as u64;
        self.rejected += counts.rejected.max(0) as u64;
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Totals) {
        self.batches += other.batches;
        self.records += other.records;
        self.refused += other.refused;
        self.rows += other.rows;
        self.rejected += other.rejected;
    }
}
