//! Compares a header line with the expected columns, as COPY's `HEADER MATCH` does: same names, same
//! order, same number. The first difference is named.

use super::error::Error;

/// `found` may stop at the first field that is too many.
pub(super) fn match_header<'a>(
    columns: &[String],
    found: impl Iterator<Item = Option<&'a [u8]>>,
) -> Result<(), Error> {
    // A null string has no place in a header: an empty name is shown as it is.
    let mut found = found.map(|name| shown(name.unwrap_or_default()));
    for (index, expected) in columns.iter().enumerate() {
        let Some(found) = found.next() else {
            return Err(Error::HeaderTooShort {
                expected: expected.clone(),
            });
        };
        if found != *expected {
            return Err(Error::HeaderName {
                position: index + 1,
                found,
                expected: expected.clone(),
            });
        }
    }
    match found.next() {
        Some(found) => Err(Error::HeaderTooLong { found }),
        None => Ok(()),
    }
}

/// A name as it is compared and shown. No column has a longer one than this, so that one field, of however
/// many bytes, makes no longer message.
fn shown(name: &[u8]) -> String {
    const LONGEST: usize = 256;
    String::from_utf8_lossy(name.get(..LONGEST).unwrap_or(name)).into_owned()
}
