//! Two hashes. One of bytes, for tokens and whole terms. And a rolling one over letters, a polynomial
//! modulo 2^64 (Karp and Rabin 1987), so that the hash of any run of letters, or of one with a letter
//! left out, follows from prefix hashes in constant time.
//!
//! They only ever select; what they select is compared letter by letter, except for whole tokens in
//! the token table, where all 64 bits are compared and the builder refuses two words that share them.

/// One letter: a byte of ASCII text, or a code point of any other.
pub(crate) trait Letter: Copy + Eq {
    fn code(self) -> u32;
}

impl Letter for u8 {
    #[inline(always)]
    fn code(self) -> u32 {
        u32::from(self)
    }
}

impl Letter for u32 {
    #[inline(always)]
    fn code(self) -> u32 {
        self
    }
}

/// A term has at most this many letters: names are shorter, and windows, masks and powers stay small.
pub const MAX_LETTERS: usize = 200;

const BASE: u64 = 0x9E37_79B9_7F4A_7C15;
const SCATTER: u64 = 0xD6E8_FEB8_6659_FD93;

/// Powers of the base for every length a window can have (a term and the edits it allows).
const POWERS: [u64; 256] = {
    let mut powers = [1u64; 256];
    let mut i = 1;
    while i < 256 {
        powers[i] = powers[i - 1].wrapping_mul(BASE);
        i += 1;
    }
    powers
};

#[inline(always)]
pub(crate) fn push<L: Letter>(hash: u64, letter: L) -> u64 {
    hash.wrapping_mul(BASE)
        .wrapping_add(u64::from(letter.code()))
}

/// The hash of a whole run of letters.
#[inline(always)]
pub(crate) fn of<L: Letter>(letters: &[L]) -> u64 {
    letters.iter().fold(0, |hash, &letter| push(hash, letter))
}

/// The hash of bytes, for tokens and whole terms: their words of 8 bytes, the last two overlapping those
/// before (or filled up with zeros, if there are no more), two at a time multiplied and folded (after
/// wyhash, Wang Yi 2019). Spread over all 64 bits.
#[inline(always)]
pub(crate) fn of_bytes(bytes: &[u8]) -> u64 {
    let mut padded = [0; PAIR];
    match padded.get_mut(..bytes.len()) {
        Some(own) => {
            own.copy_from_slice(bytes);
            finished(u128::from_le_bytes(padded), bytes.len())
        }
        None => of_long(bytes),
    }
}

/// The hash of `bytes[start..end]`, behind which stand at least [`PAIR`] bytes more: that saves looking
/// how many there are.
#[inline(always)]
pub(crate) fn of_range(bytes: &[u8], start: usize, end: usize) -> u64 {
    let length = end.wrapping_sub(start);
    match (MASKS.get(length), bytes.get(start..start + PAIR)) {
        (Some(mask), Some(pair)) => {
            let pair = pair
                .first_chunk()
                .map_or(0, |pair| u128::from_le_bytes(*pair));
            finished(pair & mask, length)
        }
        _ => of_bytes(bytes.get(start..end).unwrap_or(&[])),
    }
}

/// Bytes that are hashed at once.
const PAIR: usize = 16;

/// The lowest so many bytes.
const MASKS: [u128; PAIR + 1] = {
    let mut masks = [u128::MAX; PAIR + 1];
    let mut length = 0;
    while length < PAIR {
        masks[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    masks
};

fn of_long(bytes: &[u8]) -> u64 {
    let number = |pair: Option<&[u8; PAIR]>| pair.map_or(0, |pair| u128::from_le_bytes(*pair));
    let mut hash = 0;
    for pair in bytes.chunks_exact(PAIR).take((bytes.len() - 1) / PAIR) {
        let pair = number(pair.first_chunk()) ^ u128::from(hash);
        hash = folded(pair as u64 ^ SCATTER, (pair >> 64) as u64 ^ BASE);
    }
    finished(number(bytes.last_chunk()) ^ u128::from(hash), bytes.len())
}

#[inline(always)]
fn finished(pair: u128, length: usize) -> u64 {
    let high = (pair >> 64) as u64 ^ BASE ^ (length as u64) << 48;
    folded(pair as u64 ^ SCATTER, high).wrapping_mul(SCATTER) | 1
}

#[inline(always)]
fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

/// `BASE` to the power of a window's length.
#[inline(always)]
pub(crate) fn power(length: usize) -> u64 {
    POWERS[length & 255]
}

/// The hash of `length` letters, from the prefix hashes before and after them.
#[inline(always)]
pub(crate) fn between(before: u64, after: u64, length: usize) -> u64 {
    after.wrapping_sub(before.wrapping_mul(power(length)))
}

/// Spreads a polynomial hash, whose low bits are weak, over all 64 bits; the high bits are the best.
#[inline(always)]
pub(crate) fn scatter(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(SCATTER);
    hash ^ (hash >> 29)
}

/// The slot of a scattered hash in a table of a power of two slots.
#[inline(always)]
pub(crate) fn slot(scattered: u64, slots: usize) -> usize {
    // The high half times the size, divided by 2^32: no shift by a variable that could be 64.
    (((scattered >> 32) * slots as u64) >> 32) as usize
}
