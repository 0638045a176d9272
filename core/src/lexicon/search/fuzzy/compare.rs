//! Measures windows against the terms that an index names, and judges those within the edits.

use std::ops::Range;

use super::window::Window;
use crate::bounds::Interrupts;
use crate::distance::osa_of_letters;
use crate::lexicon::form::{Groups, Section, View};
use crate::lexicon::rules::{Candidate, Judge, Text};
use crate::lexicon::tables::hash::Letter;
use crate::lexicon::tables::packed::{Apart, Packed};
use crate::lexicon::tables::posting::{Posting, parity};

/// Pairs between two looks at the interrupts, and how many are a step's work.
const PAIRS_AT_ONCE: usize = 1024;
const PAIRS_A_STEP: usize = 16;

/// Terms that length and parities leave near a window.
#[derive(Default)]
pub(crate) struct Near {
    /// Pairs of a group and the number of a window.
    pub pairs: Vec<(u32, u32)>,
    /// The letters of each, all asked for before any is compared: the memory answers them together.
    packed: Vec<Packed>,
    windows: Vec<Packed>,
    codes: Codes,
}

/// The letters of a window and of a term that are compared one by one.
#[derive(Default)]
struct Codes {
    window: Vec<u32>,
    term: Vec<u32>,
}

impl Near {
    #[inline(always)]
    pub fn consider(&mut self, posting: Posting, number: u32, window: &Window) {
        if posting.near(window.length(), window.parity) {
            self.pairs.push((posting.group(), number));
        }
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
    /// The parities of the letters of a range, added to those before.
    #[inline]
    pub(crate) fn parity(&self, letters: Range<usize>, before: u32) -> u32 {
        let letters = self.letters.get(letters).unwrap_or(&[]);
        letters
            .iter()
            .fold(before, |all, &letter| all ^ parity(letter))
    }

    /// Measures and judges the pairs whose letters are near. `edits` says what a term of so many letters
    /// allows.
    #[inline(always)]
    pub(crate) fn compare(
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
            windows: packed_windows,
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
        packed_windows.clear();
        packed_windows.extend(windows.iter().map(letters));
        for (at, (&(group, number), &term)) in pairs.iter().zip(packed.iter()).enumerate() {
            if at % PAIRS_AT_ONCE == 0 {
                self.interrupts
                    .steps(PAIRS_AT_ONCE.min(pairs.len() - at) / PAIRS_A_STEP);
            }
            #[cfg(test)]
            crate::lexicon::work::add(1);
            let window = &windows[number as usize];
            let letters = term.length();
            let measured = match packed_windows[number as usize].apart(term, edits(letters)) {
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
    fn measure(&self, group: u32, window: &Window, codes: &mut Codes) -> Option<(u8, usize)> {
        let letters = &self.letters[window.start..window.end];
        let groups = Groups::of(self.compiled);
        let row = groups.row(group)?;
        let term = std::str::from_utf8(groups.letters(group)).unwrap_or("");
        let Codes { window, term: own } = codes;
        window.clear();
        window.extend(letters.iter().map(|letter| letter.code()));
        own.clear();
        own.extend(term.chars().map(u32::from));
        let distance = osa_of_letters(window, own, usize::from(row.edits))?;
        Some((distance as u8, usize::from(row.length)))
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
