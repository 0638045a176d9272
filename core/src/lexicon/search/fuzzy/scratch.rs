//! The buffers of the fuzzy search.

use super::compare::Near;
use super::memory::{Memory, Slots};
use super::window::Window;
use crate::lexicon::tables::anchors::Probes;

/// Buffers of the fuzzy search, kept from text to text.
#[derive(Default)]
pub(crate) struct FuzzyScratch {
    pub roles: Vec<u8>,
    /// Words that were found to be misspellings of nothing where they stand alone.
    pub barren: Vec<u64>,
    pub prefix: Vec<u64>,
    pub windows: Vec<Window>,
    pub probes: Probes,
    pub near: Near,
    pub memory: Memory,
    /// The runs of a text, and the slots of their keys in the memory.
    pub asked: Vec<Asked>,
    pub slots: Vec<Slots>,
}

/// A run of unknown words that may hold a mention.
pub(crate) struct Asked {
    /// The first word of the run, and the one after its last, by number.
    pub run: (u32, u32),
    pub key: u64,
    /// Whether the run is a word that becomes barren if nothing is found in it; see `recent`.
    pub may_be_barren: bool,
}
