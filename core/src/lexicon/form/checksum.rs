//! The checksum of a compiled form, which tells it from a damaged one and from others.

use crate::bounds::{EVERY, Interrupts};

/// Bytes that are copied or summed up between two checks of the interrupts; a multiple of 32.
pub(super) const PIECE: usize = 1 << 20;

/// Four independent lanes of multiply and rotate over every word but the checksum itself.
pub(super) fn checksum(words: &[u64], interrupts: &Interrupts) -> u64 {
    const PRIME: u64 = 0x9FB2_1C65_1E98_DF25;
    let mut lanes = [1u64, 2, 3, 4];
    let fold = |lane: u64, word: u64| (lane ^ word).wrapping_mul(PRIME).rotate_left(29);
    let (rows, rest) = words.as_chunks::<4>();
    let (first, rows) = rows.split_at(rows.len().min(1));
    let mut add = |row: &[u64; 4]| {
        for (lane, &word) in lanes.iter_mut().zip(row) {
            *lane = fold(*lane, word);
        }
    };
    first
        .iter()
        .for_each(|&[magic, _, c, d]| add(&[magic, 0, c, d]));
    for piece in rows.chunks(PIECE / 32) {
        interrupts.steps(EVERY as usize);
        piece.iter().for_each(&mut add);
    }
    let rest = rest
        .iter()
        .fold(words.len() as u64, |lane, &word| fold(lane, word));
    lanes.iter().fold(rest, |sum, &lane| fold(sum, lane))
}
