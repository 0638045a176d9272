//! What a metric refuses.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Lengths in characters.
    #[error("text of {length} characters is longer than {max}")]
    TooLong { length: usize, max: usize },
}
