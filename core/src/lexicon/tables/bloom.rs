//! Bloom filters (Bloom 1970) over scattered hashes. A key sets two bits of one 64-bit word; with 12 bits
//! per key, one absent key in 25 passes.

use super::hash;
use crate::bounds::{Interrupts, OutOfMemory, filled};

/// An empty filter sized for `keys` keys, 12 bits each, rounded up to a power of two of words.
pub(crate) fn for_keys(keys: usize, interrupts: &Interrupts) -> Result<Vec<u64>, OutOfMemory> {
    filled(0, (keys * 12).div_ceil(64).next_power_of_two(), interrupts)
}

#[inline(always)]
pub(crate) fn has(filter: &[u64], scattered: u64) -> bool {
    let bits = bits(scattered);
    let word = filter.get(hash::slot(scattered, filter.len()));
    word.is_some_and(|word| word & bits == bits)
}

pub(crate) fn mark(filter: &mut [u64], scattered: u64) {
    let word = hash::slot(scattered, filter.len());
    filter[word] |= bits(scattered);
}

#[inline(always)]
fn bits(scattered: u64) -> u64 {
    1 << (scattered & 63) | 1 << (scattered >> 6 & 63)
}
