//! Misspelled mentions. By the rules, every word of such a window is a word of the term or unknown,
//! and at least one is unknown; so two kinds of windows are looked at, and no others:
//!
//! - *Unknown words only*: see `runs`.
//! - *Unknown words beside words of the lexicon*: see `mixed`.
//!
//! Terms with more edits than the rule gives them are found apart: see `wide`.

use std::ops::Range;

use super::anchors::Probes;
use super::compiled::{GroupRow, Section, View, span};
use super::guard::{Judge, Text, may_be_changed};
use super::hash::Letter;
use super::memory::{Memory, Slots};
use super::osa::osa;
use super::overlap::Candidate;
use super::packed::{Apart, Packed};
use super::posting::{Posting, parity};
use super::runs::Asked;
use super::tokens::Standing;
use super::vocabulary::Vocabulary;
use super::words::Word;
use crate::bounds::Interrupts;

/// Buffers of the fuzzy search, kept from text to text.
#[derive(Default)]
pub(crate) struct FuzzyScratch {
    roles: Vec<u8>,
    /// Words that were found to be misspellings of nothing where they stand alone.
    pub barren: Vec<u64>,
    pub(super) prefix: Vec<u64>,
    pub(super) windows: Vec<Window>,
    pub(super) probes: Probes,
    pub(super) near: Near,
    pub(super) memory: Memory,
    /// The runs of a text, and the slots of their keys in the memory.
    pub(super) asked: Vec<Asked>,
    pub(super) slots: Vec<Slots>,
}

/// Pairs between two looks at the interrupts, and how many are a step's work.
const PAIRS_AT_ONCE: usize = 1024;
const PAIRS_A_STEP: usize = 16;

/// Terms that length and parities leave near a window.
#[derive(Default)]
pub(super) struct Near {
    /// Pairs of a group and the number of a window.
    pub pairs: Vec<(u32, u32)>,
    /// The letters of each, all asked for before any is compared: the memory answers them together.
    packed: Vec<Packed>,
    windows: Vec<Packed>,
    codes: Vec<u32>,
}

/// Words `first..=last`, the last perhaps without its possessive s; letters `start..end`.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub first: usize,
    pub last: usize,
    pub without_s: bool,
    pub start: usize,
    pub end: usize,
    pub parity: u32,
}

impl Near {
    #[inline(always)]
    pub fn consider(&mut self, posting: Posting, number: u32, window: &Window) {
        if posting.near(window.length(), window.parity) {
            self.pairs.push((posting.group(), number));
        }
    }
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
    const BREAKS: u8 = 16;
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

/// One search, over the letters of one text.
pub(crate) struct Fuzzy<'a, L> {
    pub compiled: View<'a>,
    pub letters: &'a [L],
    pub text: Text<'a>,
    /// Steps are the questions that the memory does not answer, and what their answers cost.
    pub interrupts: &'a Interrupts,
}

impl<L: Letter> Fuzzy<'_, L> {
    pub fn search(&self, scratch: &mut FuzzyScratch, candidates: &mut Vec<Candidate>) {
        scratch.memory.reset_for(self.compiled.header.identity());
        let header = self.compiled.header;
        if header.anchors != 0 {
            self.pass(true, scratch, candidates);
        }
        if header.open_anchors != 0 {
            self.pass(false, scratch, candidates);
        }
        self.wide(scratch, candidates);
    }

    /// Finds the misspelled mentions of all terms, or (not `guarded`) of those without a guard: in each
    /// run of words that a misspelled window may have, the last perhaps only without its s.
    fn pass(&self, guarded: bool, scratch: &mut FuzzyScratch, candidates: &mut Vec<Candidate>) {
        let words = self.text.words;
        let mut roles = std::mem::take(&mut scratch.roles);
        roles.clear();
        roles.extend(words.iter().map(|word| role(word, guarded)));
        let mut vocabulary = None;
        let mut first = 0;
        while let Some(&role) = roles.get(first) {
            let (mut last, mut all, mut end) = (first, role, role);
            while end & Role::WHOLE != 0
                && let Some(&next) = roles.get(last + 1)
                && next & Role::ANY != 0
                && next & Role::BREAKS == 0
            {
                (last, all, end) = (last + 1, all | next, next);
            }
            if all & Role::UNKNOWN != 0 {
                self.runs(&roles[..=last], first, guarded, &mut scratch.asked);
                if last > first && all & Role::KNOWN != 0 {
                    let vocabulary =
                        vocabulary.get_or_insert_with(|| Vocabulary::of(self.compiled));
                    let roles = &roles[..=last];
                    self.mixed(vocabulary, roles, first, guarded, scratch, candidates);
                }
            }
            first = last + 1;
        }
        scratch.roles = roles;
        if !scratch.asked.is_empty() {
            self.answer(guarded, scratch, candidates);
        }
    }

    /// The parities of the letters of a range, added to those before.
    #[inline]
    pub(super) fn parity(&self, letters: Range<usize>, before: u32) -> u32 {
        let letters = self.letters.get(letters).unwrap_or(&[]);
        letters
            .iter()
            .fold(before, |all, &letter| all ^ parity(letter))
    }

    /// Measures and judges the pairs whose letters are near. `edits` says what a term of so many letters
    /// allows.
    #[inline(always)]
    pub(super) fn compare(
        &self,
        windows: &[Window],
        edits: impl Fn(usize) -> u8,
        near: &mut Near,
        candidates: &mut Vec<Candidate>,
    ) {
        if !near.pairs.is_empty() {
            self.compare_all(windows, edits, near, candidates);
        }
    }

    fn compare_all(
        &self,
        windows: &[Window],
        edits: impl Fn(usize) -> u8,
        near: &mut Near,
        candidates: &mut Vec<Candidate>,
    ) {
        let Near {
            pairs,
            packed,
            windows: own,
            codes,
            ..
        } = near;
        let table: &[[u64; 2]] = self.compiled.section(Section::Packed);
        let term = |&(group, _): &(u32, u32)| {
            Packed::of(table.get(group as usize).copied().unwrap_or_default())
        };
        packed.clear();
        packed.extend(pairs.iter().map(term));
        let letters = |window: &Window| Packed::window(&self.letters[window.start..window.end]);
        own.clear();
        own.extend(windows.iter().map(letters));
        for (at, (&(group, number), &term)) in pairs.iter().zip(packed.iter()).enumerate() {
            if at % PAIRS_AT_ONCE == 0 {
                self.interrupts
                    .steps(PAIRS_AT_ONCE.min(pairs.len() - at) / PAIRS_A_STEP);
            }
            #[cfg(test)]
            super::work::add(1);
            let window = &windows[number as usize];
            let letters = term.length();
            let measured = match own[number as usize].apart(term, edits(letters)) {
                Apart::Far => None,
                Apart::Edits(distance) => Some((distance, letters)),
                Apart::Unknown => self.measure(group, window, codes),
            };
            if let Some((distance, letters)) = measured.filter(|measured| measured.0 > 0) {
                self.judge(group, window, distance, letters as u16, candidates);
            }
        }
    }

    /// The distance of a window from a group of terms, if it is within their edits, and their letters.
    fn measure(&self, group: u32, window: &Window, codes: &mut Vec<u32>) -> Option<(u8, usize)> {
        let letters = &self.letters[window.start..window.end];
        let rows: &[GroupRow] = self.compiled.section(Section::Groups);
        let row = rows.get(group as usize)?;
        let next = rows.get(group as usize + 1)?;
        let all: &[u8] = self.compiled.section(Section::Letters);
        let own = &all[span(row.letters, next.letters, all.len())];
        let distance = if own.len() == usize::from(row.length) {
            osa(letters, own, row.edits)
        } else {
            codes.clear();
            codes.extend(
                std::str::from_utf8(own)
                    .unwrap_or("")
                    .chars()
                    .map(u32::from),
            );
            osa(letters, codes, row.edits)
        };
        Some((distance?, usize::from(row.length)))
    }

    fn judge(
        &self,
        group: u32,
        window: &Window,
        distance: u8,
        letters: u16,
        candidates: &mut Vec<Candidate>,
    ) {
        let candidate = Candidate {
            first: window.first as u32,
            last: window.last as u32,
            without_s: window.without_s,
            group,
            distance,
            letters,
            window_letters: window.length() as u16,
        };
        let known = candidates
            .iter()
            .rev()
            .take(8)
            .any(|other| *other == candidate);
        if !known
            && Judge::of(self.compiled, self.text)
                .accepted(candidate)
                .next()
                .is_some()
        {
            candidates.push(candidate);
        }
    }
}
