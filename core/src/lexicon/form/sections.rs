//! The sections of a compiled form, and the rows of those that have columns.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};

/// The sections of the compiled form.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(crate) enum Section {
    /// `i64` per term.
    Ids,
    /// [`TermRow`] per term, and one more that ends the last.
    Terms,
    /// The terms as written, one after the other.
    Texts,
    /// `u32` per token of each term: its number in the vocabulary.
    TermTokens,
    /// [`GroupRow`] per group (terms of the same letters), and one more that ends the last.
    Groups,
    /// The folded letters of each group, one after the other.
    Letters,
    /// `u32` per term: the terms of each group.
    GroupTerms,
    /// Open addressing: [`TokenSlot`](crate::lexicon::tables::tokens::TokenSlot).
    Tokens,
    /// `u64` per slot: see `tables::dictionary`.
    Dictionary,
    /// `u32` per vocabulary number: in how many learned documents the token stood.
    Frequencies,
    /// `u32` per vocabulary number: how often the token stands in the terms of the groups.
    Uses,
    /// A term given more than once and how often, two `u32` each, in the order of the terms.
    Repeated,
    /// `i64` per skipped term, of the first of them.
    SkippedIds,
    /// `u64` twice per group: see `tables::packed`.
    Packed,
    /// For each vocabulary number where its terms begin and which lengths they have; where those of a
    /// length begin; the terms; a Bloom filter of pairs of words: see `tables::vocabulary`.
    WordRows,
    WordStarts,
    WordPostings,
    WordPairs,
    /// `u16` per slot: which lengths of terms begin with the letters that hash there.
    Prefixes,
    /// Bloom filter of the first letters of longer terms, too few of them for the prefix table.
    Starts,
    /// Bloom filter of the terms too short for the prefix table.
    Shorts,
    /// `u64` per slot: half a hash and a group.
    Exact,
    Bloom,
    Buckets,
    Postings,
    /// Bloom filter, buckets and postings of the terms without the common-word guard only.
    OpenBloom,
    OpenBuckets,
    OpenPostings,
    /// `u64` keys, ascending, and a Bloom filter of them: see `tables::wide`.
    Wide,
    WideBloom,
}

pub(super) const SECTIONS: usize = Section::WideBloom as usize + 1;

#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct TermRow {
    /// Where its text begins in `Texts`, and its tokens in `TermTokens`.
    pub text: u32,
    pub tokens: u32,
    /// The part of the text from the first letter to the last, outer punctuation left off.
    pub core_start: u16,
    pub core_end: u16,
    pub edits: u8,
    pub guarded: u8,
    /// The number of edits is its own, of whatever kind.
    pub own_edits: u8,
    /// Fills the row up to a multiple of four bytes.
    pub unused: u8,
}

#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct GroupRow {
    /// Where its letters begin in `Letters`, and its terms in `GroupTerms`.
    pub letters: u32,
    pub terms: u32,
    /// Letters counted as characters, the most edits any of its terms allows.
    pub length: u16,
    pub edits: u8,
    pub unused: u8,
}

/// The range that row `i` of a table begins and row `i + 1` ends, cut to what there is.
#[inline]
pub(crate) fn span(start: u32, end: u32, length: usize) -> Range<usize> {
    let end = (end as usize).min(length);
    (start as usize).min(end)..end
}
