//! How long texts may be. A metric cannot be interrupted, so its longest run must stay short; the
//! limits keep it below a tenth of a second.

use super::error::Error;

/// The longest text of a metric that takes quadratic time. (`levenshtein` of Postgres's fuzzystrmatch
/// allows 255 bytes.) Two random texts of twice this length, ASCII / Greek, take four times as long:
/// Levenshtein 95 / 88 ms, OSA 116 / 115 ms, Damerau-Levenshtein 225 / 331 ms, Jaro 32 / 49 ms.
pub const MAX_LENGTH: usize = 4_096;

/// The longest text of a metric that sorts bigrams. Two random texts of this length:
/// 37 / 45 ms, 8 bytes per character.
pub const MAX_LENGTH_BIGRAMS: usize = 1 << 20;

/// The lengths of both texts in characters.
pub(super) fn check_lengths(a: &str, b: &str, max: usize) -> Result<(usize, usize), Error> {
    let length = |text: &str| match text.chars().count() {
        length if length > max => Err(Error::TooLong { length, max }),
        length => Ok(length),
    };
    Ok((length(a)?, length(b)?))
}
