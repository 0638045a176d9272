//! A window that may be misspelled, and what its words are to it.

use crate::lexicon::rules::{Word, may_be_changed};
use crate::lexicon::tables::standing::Standing;

/// Words `first..=last`, the last perhaps without its possessive s; letters `start..end`.
#[derive(Clone, Copy)]
pub(in crate::lexicon::search) struct Window {
    pub first: usize,
    pub last: usize,
    pub without_s: bool,
    pub start: usize,
    pub end: usize,
    pub parity: u32,
}

impl Window {
    pub fn length(&self) -> usize {
        self.end - self.start
    }
}

/// What a word, read with or without its possessive s, is to a misspelled window.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The word may be a misspelling.
    Unknown,
    /// A word of a term of several words, by vocabulary number: the window's term must have it, too.
    Known(u32),
    /// No misspelled window may have the word.
    Foreign,
}

/// Bits that say all parts a word may have: unknown or known, as a whole, and without its possessive s.
pub(super) struct Role;

impl Role {
    pub const WHOLE_UNKNOWN: u8 = 1;
    pub const WHOLE_KNOWN: u8 = 2;
    pub const WHOLE: u8 = 3;
    pub const UNKNOWN: u8 = 1 | 4;
    pub const KNOWN: u8 = 2 | 8;
    pub const ANY: u8 = 15;
    /// No window has both this word and the one before it.
    pub const BREAKS: u8 = 16;
}

#[inline(always)]
pub(super) fn role(word: &Word, guarded: bool) -> u8 {
    let of = |standing: Standing| {
        let known = standing.in_lexicon() & standing.shared();
        u8::from(may_be_changed(standing, word.code, guarded)) | u8::from(known) << 1
    };
    let mut role = of(word.standing);
    if word.possessive {
        role |= of(word.standing_without_s) << 2;
    }
    if word.endless {
        role = 0;
    }
    role | u8::from(word.breaks) << 4
}

/// The part of a word of this role.
#[inline(always)]
pub(super) fn part(word: &Word, role: u8, without_s: bool) -> Part {
    let role = role >> (2 * u8::from(without_s));
    if role & Role::WHOLE_UNKNOWN != 0 {
        Part::Unknown
    } else if role & Role::WHOLE_KNOWN != 0 {
        Part::Known(word.standing(without_s).vocabulary)
    } else {
        Part::Foreign
    }
}
