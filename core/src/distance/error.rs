//! The error of the metrics: they refuse texts that are too long, and nothing else.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A text is longer than the metric allows; both lengths are in characters.
    #[error("text of {length} characters is longer than {max}")]
    TooLong { length: usize, max: usize },
}
