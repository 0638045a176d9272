//! From the letters back to the original, and from bytes to characters.
//!
//! Within a token a letter is one byte of the original and follows the one before it, except where a
//! [`Cluster`] says otherwise: so a text of plain ASCII words needs no map at all.

use std::ops::Range;

use super::token::Token;

/// An original character with its marks, and the letters it became. The letters behind it follow it
/// byte by byte, up to the next cluster or the end of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) source_start: u32,
    pub(super) source_end: u32,
}

/// The bytes of the original that the letter at `at` came from; `None` outside the letters. Takes O(log n).
fn source(tokens: &[Token], clusters: &[Cluster], at: u32) -> Option<Range<u32>> {
    let token = tokens.get(tokens.partition_point(|token| token.end <= at))?;
    let before = clusters.partition_point(|cluster| cluster.start <= at);
    let cluster = clusters[..before]
        .last()
        .filter(|cluster| cluster.start >= token.start);
    let start = match cluster {
        Some(cluster) if at < cluster.end => return Some(cluster.source_start..cluster.source_end),
        Some(cluster) => cluster.source_end + (at - cluster.end),
        None => token.source_start + (at - token.start),
    };
    Some(start..start + 1)
}

/// The original characters, whole, that became the letters of `range`.
pub(super) fn source_of(
    tokens: &[Token],
    clusters: &[Cluster],
    range: Range<usize>,
) -> Range<usize> {
    let last = range.end.saturating_sub(1).max(range.start);
    let start = source(tokens, clusters, range.start as u32);
    let end = source(tokens, clusters, last as u32);
    match (start, end) {
        (Some(start), Some(end)) => start.start as usize..end.end as usize,
        _ => 0..0,
    }
}

/// The letter itself, or the first that came of the same character.
pub(super) fn border(tokens: &[Token], clusters: &[Cluster], mut letter: u32) -> u32 {
    while letter > 0 {
        let before = clusters.partition_point(|cluster| cluster.start < letter);
        let within = clusters[..before].last().filter(|one| letter < one.end);
        if let Some(cluster) = within {
            letter = cluster.start;
            continue;
        }
        let start = |at| source(tokens, clusters, at).map(|source| source.start);
        match start(letter) {
            Some(own) if start(letter - 1) == Some(own) => letter -= 1,
            _ => break,
        }
    }
    letter
}

/// Byte ranges of a text in characters. Ranges that ascend cost one walk over the text together.
pub struct Characters<'t> {
    text: &'t str,
    /// A byte that was asked for, and the characters before it.
    at: usize,
    before: usize,
}

impl<'t> Characters<'t> {
    /// Counts in `text`; bytes are best asked for in ascending order.
    pub fn of(text: &'t str) -> Characters<'t> {
        Characters {
            text,
            at: 0,
            before: 0,
        }
    }

    /// A range as `(start, length)`; `(0, 0)` for one that is not on character boundaries of the text.
    pub fn span(&mut self, range: Range<usize>) -> (usize, usize) {
        let Some(within) = self.text.get(range.clone()) else {
            return (0, 0);
        };
        if range.start < self.at {
            (self.at, self.before) = (0, 0);
        }
        let passed = self.text.get(self.at..range.start).unwrap_or("");
        self.before += passed.chars().count();
        self.at = range.start;
        (self.before, within.chars().count())
    }
}
