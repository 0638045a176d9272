//! What a load has done so far. Plain values: a caller keeps a copy to go back to when a transaction
//! is rolled back.

use serde::Serialize;

use super::error::Error;
use super::reject::Stage;

/// Rejected rows by the stage that rejected them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RejectedByStage {
    /// Rows that could not be split into fields.
    pub parse: u64,
    /// Rows with a value that is none of its column's type.
    pub convert: u64,
    /// Rows that fail a check or NOT NULL.
    pub check: u64,
    /// Rows that the statement fails on.
    pub statement: u64,
    /// Rows of batches that fail a check as a whole.
    pub quality: u64,
    /// Rows that a service could not answer.
    pub predict: u64,
}

impl RejectedByStage {
    /// The rows rejected at a stage.
    pub fn get(&self, stage: Stage) -> u64 {
        match stage {
            Stage::Parse => self.parse,
            Stage::Convert => self.convert,
            Stage::Check => self.check,
            Stage::Statement => self.statement,
            Stage::Quality => self.quality,
            Stage::Predict => self.predict,
        }
    }

    fn get_mut(&mut self, stage: Stage) -> &mut u64 {
        match stage {
            Stage::Parse => &mut self.parse,
            Stage::Convert => &mut self.convert,
            Stage::Check => &mut self.check,
            Stage::Statement => &mut self.statement,
            Stage::Quality => &mut self.quality,
            Stage::Predict => &mut self.predict,
        }
    }

    fn total(&self) -> u64 {
        Stage::ALL.into_iter().map(|stage| self.get(stage)).sum()
    }
}

/// What a load has read, taken, rejected and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Rows read, malformed ones included. Between batches, `taken + rejected`.
    pub read: u64,
    /// Rows that the statement has taken.
    pub taken: u64,
    /// Rows that were rejected, at whatever stage.
    pub rejected: u64,
    /// The rejected rows by stage.
    pub rejected_by_stage: RejectedByStage,
    /// Rows that the statement has written.
    pub pairs: u64,
    /// Bytes of input read.
    pub bytes: u64,
    /// Batches that were flushed.
    pub batches: u64,
}

impl Counts {
    /// Counts one row read from `bytes` bytes of input.
    pub fn add_read(&mut self, bytes: u64) {
        self.read += 1;
        self.bytes += bytes;
    }

    /// Counts one row rejected at `stage`.
    pub fn add_rejected(&mut self, stage: Stage) {
        self.rejected += 1;
        *self.rejected_by_stage.get_mut(stage) += 1;
    }

    /// Counts `rows` rows that the statement has taken, and the `pairs` rows it has written.
    pub fn add_taken(&mut self, rows: u64, pairs: u64) {
        self.taken += rows;
        self.pairs += pairs;
    }

    /// Counts one finished batch.
    pub fn add_batch(&mut self) {
        self.batches += 1;
    }

    /// Rows read and neither taken nor rejected: those of the batch that is being filled.
    pub fn pending(&self) -> u64 {
        self.read
            .saturating_sub(self.taken)
            .saturating_sub(self.rejected)
    }

    /// Checks that every row read was taken or rejected, and every rejected row at exactly one stage. True
    /// whenever no batch is being filled; otherwise the error holds the counts.
    pub fn check_balance(&self) -> Result<(), Error> {
        if self.read == self.taken + self.rejected
            && self.rejected == self.rejected_by_stage.total()
        {
            Ok(())
        } else {
            Err(Error::Unbalanced(*self))
        }
    }
}

/// How far an input has been read and committed: where to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Position {
    /// Bytes consumed; the next record starts there.
    pub bytes: u64,
    /// Physical lines consumed.
    pub lines: u64,
}
