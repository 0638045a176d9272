//! Misspelled mentions. By the rules, every word of such a window is a word of the term or unknown,
//! and at least one is unknown; so two kinds of windows are looked at, and no others:
//!
//! - *Unknown words only*, nearly always one of them between ordinary words: the anchors name terms
//!   that may be near. The same unknown words recur, so what was found in a run of them is
//!   remembered.
//! - *Unknown words beside words of the lexicon*: see `mixed`.
//!
//! Terms with more edits than the rule gives them are found apart: see `wide`.

use super::anchors::{Anchors, Probes};
use super::compiled::{Compiled, GroupRow, Section, span};
use super::guard::{Judge, Text, may_be_changed};
use super::hash::{self, Letter};
use super::memory::{self, Memory};
use super::osa::osa;
use super::overlap::Candidate;
use super::packed::Packed;
use super::posting::{Posting, parity};
use super::settings::MAX_DISTANCE;
use super::vocabulary::Vocabulary;

/// Windows of these lengths may be near a term of one allowed edit.
const OF_ONE: std::ops::RangeInclusive<usize> = 3..=8;
/// Windows shorter than this are near no term of two allowed edits.
const SHORTEST_OF_TWO: usize = 6;

/// Buffers of the fuzzy search, kept from text to text.
#[derive(Default)]
pub(crate) struct FuzzyScratch {
    prefix: Vec<u64>,
    windows: Vec<Window>,
    probes: Probes,
    pub(super) near: Near,
    pub(super) memory: Memory,
}

/// Terms that length and parities leave near a window.
#[derive(Default)]
pub(super) struct Near {
    /// The group, and which window.
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
    pub stem: bool,
    pub start: usize,
    pub end: usize,
    pub parity: u32,
}

impl Near {
    #[inline(always)]
    fn consider(&mut self, posting: Posting, number: u32, window: &Window) {
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
    /// It may be a misspelling.
    Unknown,
    /// A word of a term of several words: it must be one of the term's.
    Known(u32),
    /// No misspelled window has it.
    Foreign,
}

/// One search, over the letters of one text.
pub(crate) struct Fuzzy<'a, L> {
    pub compiled: &'a Compiled,
    pub letters: &'a [L],
    pub text: Text<'a>,
}

impl<L: Letter> Fuzzy<'_, L> {
    pub fn search(&self, scratch: &mut FuzzyScratch, candidates: &mut Vec<Candidate>) {
        scratch.memory.of(self.compiled.identity());
        let header = &self.compiled.header;
        if header.anchors != 0 {
            self.pass(&Anchors::guarded(self.compiled), true, scratch, candidates);
        }
        if header.open_anchors != 0 {
            self.pass(&Anchors::open(self.compiled), false, scratch, candidates);
        }
        self.wide(scratch, candidates);
    }

    /// Finds the misspelled mentions of all terms, or (not `guarded`) of those without a guard.
    fn pass(
        &self,
        anchors: &Anchors<'_>,
        guarded: bool,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let words = self.text.words;
        let vocabulary = Vocabulary::of(self.compiled);
        let mut run = 0..0;
        for (at, word) in words.iter().enumerate() {
            let part = self.part(at, false, guarded);
            let stem = word.possessive && self.part(at, true, guarded) == Part::Unknown;
            if word.breaks && !run.is_empty() {
                self.run(anchors, run.clone(), guarded, scratch, candidates);
                run = 0..0;
            }
            if part == Part::Unknown || stem {
                run = if run.is_empty() {
                    at..at + 1
                } else {
                    run.start..at + 1
                };
            }
            if part != Part::Unknown && !run.is_empty() {
                self.run(anchors, run.clone(), guarded, scratch, candidates);
                run = 0..0;
            }
            if part != Part::Foreign {
                self.mixed(&vocabulary, at, part, guarded, scratch, candidates);
            }
        }
        if !run.is_empty() {
            self.run(anchors, run, guarded, scratch, candidates);
        }
    }

    #[inline]
    pub(super) fn part(&self, at: usize, stem: bool, guarded: bool) -> Part {
        let word = &self.text.words[at];
        let standing = word.standing(stem);
        if word.endless {
            Part::Foreign
        } else if standing.in_lexicon() {
            if standing.shared() {
                Part::Known(standing.vocabulary)
            } else {
                Part::Foreign
            }
        } else if may_be_changed(standing, word.code, guarded) {
            Part::Unknown
        } else {
            Part::Foreign
        }
    }

    /// The parities of the letters of a range, added to those before.
    #[inline]
    pub(super) fn parity(&self, letters: std::ops::Range<usize>, before: u32) -> u32 {
        let letters = self.letters.get(letters).unwrap_or(&[]);
        letters
            .iter()
            .fold(before, |all, &letter| all ^ parity(letter))
    }

    /// What is found in a run of unknown words, from memory if the same run was met before.
    fn run(
        &self,
        anchors: &Anchors<'_>,
        run: std::ops::Range<usize>,
        guarded: bool,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let words = &self.text.words[run.clone()];
        if words.len() == 1 && words[0].end(false) - (words[0].start as usize) < *OF_ONE.start() {
            return;
        }
        let seed = u64::from(guarded) | u64::from(self.text.brief) << 2;
        let key = words.iter().fold(seed, memory::key);
        if scratch.memory.recall(key, run.start, candidates) {
            return;
        }
        let (first, before) = (run.start, candidates.len());
        self.anchored(anchors, run, guarded, scratch, candidates);
        scratch.memory.keep(key, first, &candidates[before..]);
    }

    fn anchored(
        &self,
        anchors: &Anchors<'_>,
        run: std::ops::Range<usize>,
        guarded: bool,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let FuzzyScratch {
            prefix,
            windows,
            probes,
            near,
            ..
        } = scratch;
        let (Some(from), Some(to)) = (
            self.text.words.get(run.start),
            self.text.words.get(run.end - 1),
        ) else {
            return;
        };
        let base = from.start as usize;
        let letters = &self.letters[base..to.end as usize];
        prefix.clear();
        prefix.push(0);
        let mut hash = 0;
        for &letter in letters {
            hash = hash::push(hash, letter);
            prefix.push(hash);
        }
        let longest = self.compiled.header.longest as usize + usize::from(MAX_DISTANCE);
        for first in run.clone() {
            let start = self.text.words[first].start as usize;
            let (mut all, mut counted) = (0, start);
            windows.clear();
            for last in first..run.end {
                let word = &self.text.words[last];
                if word.end(true) - start > longest {
                    break;
                }
                for stem in [true, false] {
                    if stem && !word.possessive || self.part(last, stem, guarded) != Part::Unknown {
                        continue;
                    }
                    let end = word.end(stem);
                    all = self.parity(counted..end, all);
                    counted = end;
                    windows.push(Window {
                        first,
                        last,
                        stem,
                        start,
                        end,
                        parity: all,
                    });
                }
            }
            near.pairs.clear();
            for (number, window) in (0..)
                .zip(windows.iter())
                .filter(|(_, window)| OF_ONE.contains(&window.length()))
            {
                let (start, end) = (window.start - base, window.end - base);
                anchors.ask_window(&letters[start..end], &prefix[start..=end], number, probes);
            }
            if windows
                .iter()
                .any(|window| window.length() >= SHORTEST_OF_TWO)
            {
                let (shortest, longest) = (windows.first(), windows.last());
                let lengths =
                    shortest.map_or(0, Window::length)..=longest.map_or(0, Window::length);
                let (letters, prefix) = (&letters[start - base..], &prefix[start - base..]);
                anchors.ask_head(letters, prefix, lengths, probes);
            }
            for (number, window) in (0..)
                .zip(windows.iter())
                .filter(|(_, window)| window.length() >= SHORTEST_OF_TWO)
            {
                let (start, end) = (window.start - base, window.end - base);
                anchors.ask_tail(&letters[start..end], &prefix[start..=end], number, probes);
            }
            anchors.answer(probes, |posting, number| {
                match windows.get(number as usize) {
                    Some(window) => near.consider(posting, number, window),
                    None => {
                        for (number, window) in (0..).zip(windows.iter()) {
                            near.consider(posting, number, window);
                        }
                    }
                }
            });
            self.compare(windows, near, candidates);
        }
    }

    /// Measures and judges the pairs whose letters are near.
    #[inline]
    pub(super) fn compare(
        &self,
        windows: &[Window],
        near: &mut Near,
        candidates: &mut Vec<Candidate>,
    ) {
        if near.pairs.is_empty() {
            return;
        }
        let Near {
            pairs,
            packed,
            windows: own,
            codes,
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
        for (&(group, number), &term) in pairs.iter().zip(packed.iter()) {
            let number = number as usize;
            if own[number].near(term) {
                self.measure(group, &windows[number], codes, candidates);
            }
        }
    }

    fn measure(
        &self,
        group: u32,
        window: &Window,
        codes: &mut Vec<u32>,
        candidates: &mut Vec<Candidate>,
    ) {
        let letters = &self.letters[window.start..window.end];
        let rows: &[GroupRow] = self.compiled.section(Section::Groups);
        let (Some(row), Some(next)) = (rows.get(group as usize), rows.get(group as usize + 1))
        else {
            return;
        };
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
        let Some(distance) = distance.filter(|&distance| distance > 0) else {
            return;
        };
        let candidate = Candidate {
            first: window.first as u32,
            last: window.last as u32,
            stem: window.stem,
            group,
            distance,
            letters: row.length,
            window_letters: letters.len() as u16,
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
