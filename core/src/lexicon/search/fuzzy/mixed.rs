//! Misspelled windows that have both unknown words and words of the lexicon. The term must have all of
//! the latter, so only the terms of the rarest of them are compared; two that no term has together
//! end the window.
//!
//! A word that a great many terms share costs a scan of the parities of those of about the window's
//! length, and a window of many letters a measurement of each, so what came of it is remembered.

use super::compare::Fuzzy;
use super::memory;
use super::scratch::FuzzyScratch;
use super::window::{Part, Role, Window, part};
use crate::lexicon::rules::Candidate;
use crate::lexicon::settings::{MAX_DISTANCE, edits_by_length};
use crate::lexicon::tables::hash::{self, Letter};
use crate::lexicon::tables::packed::MOST;
use crate::lexicon::tables::vocabulary::Vocabulary;

/// The windows of a word with as many terms are remembered, and those of more letters than are packed.
const LARGE: usize = 32;
/// Terms whose parities are compared in about the time that another step takes.
const SCANNED_A_STEP: usize = 1024;

impl<L: Letter> Fuzzy<'_, L> {
    /// Finds the mentions in windows that have both unknown words and words of the lexicon, among the
    /// words from `from` to the last that has a role here.
    pub(super) fn mixed(
        &self,
        vocabulary: &Vocabulary<'_>,
        roles: &[u8],
        from: usize,
        guarded: bool,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let last_of = |role: u8| {
            roles
                .iter()
                .rposition(|other| other & role != 0)
                .unwrap_or(0)
        };
        let last = last_of(Role::UNKNOWN).min(last_of(Role::KNOWN));
        for first in from..=last {
            self.mixed_from(vocabulary, roles, first, guarded, scratch, candidates);
        }
    }

    /// Finds the misspelled mentions of a run that begin with its word `first`.
    fn mixed_from(
        &self,
        vocabulary: &Vocabulary<'_>,
        roles: &[u8],
        first: usize,
        guarded: bool,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let words = &self.text.words[..roles.len()];
        let start = words[first].start as usize;
        let longest = self.compiled.header.longest as usize + usize::from(MAX_DISTANCE);
        let (mut rarest, mut unknown) = match part(&words[first], roles[first], false) {
            Part::Known(number) => (Some(number), false),
            Part::Unknown => (None, true),
            Part::Foreign => return,
        };
        let (mut all, mut counted) = (0, start);
        // Other keys than those of runs: a word may be unknown without its s alone.
        let (mut key, mut keyed) = (2 + u64::from(guarded), first);
        let others = words[first + 1..].iter().zip(&roles[first + 1..]);
        for (last, (word, &role)) in (first + 1..).zip(others) {
            if word.end(true) - start > longest {
                return;
            }
            for &without_s in word.readings() {
                let part = part(word, role, without_s);
                let (mut rarest_here, mut unknown_here) = (rarest, unknown);
                match part {
                    Part::Unknown => unknown_here = true,
                    Part::Known(number) => match rarest {
                        Some(other) if !vocabulary.together(number, other) => rarest_here = None,
                        Some(other) if vocabulary.terms(other) <= vocabulary.terms(number) => {}
                        _ => rarest_here = Some(number),
                    },
                    Part::Foreign => rarest_here = None,
                }
                if let Some(number) = rarest_here
                    && unknown_here
                    && vocabulary.near_length(number, word.end(without_s) - start)
                {
                    let end = word.end(without_s);
                    all = self.parity(counted..end, all);
                    counted = end;
                    let window = Window {
                        first,
                        last,
                        without_s,
                        start,
                        end,
                        parity: all,
                    };
                    let costly = vocabulary.terms(number) >= LARGE || window.length() > MOST;
                    let known = costly.then(|| {
                        key = words[keyed..=last].iter().fold(key, memory::key);
                        keyed = last + 1;
                        hash::scatter(key ^ u64::from(without_s))
                    });
                    self.beside(vocabulary, number, window, known, scratch, candidates);
                }
                if !without_s {
                    let possible = match rarest_here {
                        // A window with more words is longer.
                        Some(number) => !vocabulary.beyond_length(number, word.end(true) - start),
                        None => part == Part::Unknown,
                    };
                    if !possible {
                        return;
                    }
                    (rarest, unknown) = (rarest_here, unknown_here);
                }
            }
        }
    }

    /// The terms that have the word `number` against a window, which is remembered by a key if it has one.
    fn beside(
        &self,
        vocabulary: &Vocabulary<'_>,
        number: u32,
        window: Window,
        key: Option<u64>,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        if let Some(key) = key
            && scratch.memory.recall(key, window.first, candidates)
        {
            return;
        }
        let before = candidates.len();
        let near = &mut scratch.near;
        near.pairs.clear();
        vocabulary.near(number, window.length(), window.parity, |group| {
            near.pairs.push((group, 0));
        });
        let scanned = vocabulary.terms(number) / SCANNED_A_STEP;
        self.interrupts.steps(1 + scanned);
        self.compare(&[window], edits_by_length, near, candidates);
        if let Some(key) = key {
            scratch
                .memory
                .keep(key, window.first, &candidates[before..]);
        }
    }
}
