//! What each ASCII byte is to the folding, as one table: nearly all bytes of nearly all texts are
//! ASCII, and take no other decision than this look-up. It says the same as `unicode` does of the
//! same characters, which a test holds it to.

use super::letters::Letters;
use super::unicode::Kind;

/// The kind of each byte. Bytes above 127 are not ASCII and never looked up.
pub(super) const KIND: [Kind; 256] = {
    let mut table = [Kind::Separator; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = kind(byte as u8);
        byte += 1;
    }
    table
};

const fn kind(byte: u8) -> Kind {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' => Kind::Letter,
        b'0'..=b'9' => Kind::Digit,
        b'\'' | b'`' => Kind::Apostrophe,
        b'&' => Kind::Ampersand,
        0 | 0x0C | 0x1F => Kind::Break,
        _ => Kind::Separator,
    }
}

/// Appends the letters, or the digits, that `bytes` begins with to `folded`, in lower case, and
/// returns how many they are: at least the first byte, which the caller has seen is one.
///
/// Eight bytes at a time, as one number (SWAR; Warren, Hacker's Delight, 6-1 and 7-2): a word of
/// ordinary length costs one round and no branch on its bytes, which a loop over bytes would
/// mispredict at the end of every word.
#[inline]
pub(super) fn word(kind: Kind, bytes: &[u8], folded: &mut Letters) -> usize {
    let mut length = 0;
    loop {
        let rest = &bytes[length..];
        // Behind the end of the text stands NUL, which is neither letter nor digit.
        let eight = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
            let mut eight = [0; 8];
            eight[..rest.len()].copy_from_slice(rest);
            eight
        });
        let eight = u64::from_le_bytes(eight);
        let (lower, others) = if kind == Kind::Letter {
            let lower = eight | repeat(0x20);
            (lower, outside(lower, b'a', b'z'))
        } else {
            (eight, outside(eight, b'0', b'9'))
        };
        let count = others.trailing_zeros() as usize / 8;
        folded.eight(lower, count);
        length += count;
        if count < 8 {
            return length;
        }
    }
}

/// The high bit of every byte that is not in `first..=last`, both ASCII.
#[inline]
fn outside(eight: u64, first: u8, last: u8) -> u64 {
    let low = eight & repeat(0x7F);
    let from_first = low + repeat(0x80 - first);
    let beyond_last = low + repeat(0x7F - last);
    (eight | !from_first | beyond_last) & repeat(0x80)
}

#[inline]
const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}
