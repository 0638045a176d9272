//! What each ASCII byte is to the folding, as one table: nearly all bytes of nearly all texts are
//! ASCII, and take no other decision than this look-up. It says the same as `unicode` does of the
//! same characters, which a test holds it to.

use super::unicode::Kind;

/// By byte. Bytes above 127 never get here.
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
