//! The error of the metrics: they refuse texts that are too long, and nothing else.

/// Why two texts are not compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A text is longer than the metric allows; both lengths are in characters.
    #[error("text of {length} characters is longer than {max}")]
    TooLong {
        /// The length of the text.
        length: usize,
        /// The longest that is allowed.
        max: usize,
    },
}
