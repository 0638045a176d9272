//! What became of rows, as the ledger of loads counts them.

use serde::Serialize;

/// The counts of one or more loads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub load_id: i64,
    pub read: i64,
    pub taken: i64,
    pub rejected: i64,
    /// Rows written by the stream's statement.
    pub pairs: i64,
    pub bytes: i64,
    /// The rejects by their stage, in the order of [`STAGES`].
    #[serde(skip)]
    pub stages: [i64; STAGES.len()],
}

/// The index in [`STAGES`] of the stage at which rows are parsed.
pub const PARSE: usize = 0;

/// The stages at which a row can be rejected.
pub const STAGES: [&str; 6] = [
    "parse",
    "convert",
    "check",
    "statement",
    "quality",
    "predict",
];

impl Counts {
    /// Adds the counts of another load; `load_id` stays.
    pub fn plus(self, other: Counts) -> Counts {
        Counts {
            load_id: self.load_id,
            read: self.read + other.read,
            taken: self.taken + other.taken,
            rejected: self.rejected + other.rejected,
            pairs: self.pairs + other.pairs,
            bytes: self.bytes + other.bytes,
            stages: std::array::from_fn(|stage| self.stages[stage] + other.stages[stage]),
        }
    }
}
