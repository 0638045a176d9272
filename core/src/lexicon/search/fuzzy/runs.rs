//! Misspelled windows of unknown words only, nearly always of one between ordinary words: the anchors
//! name terms that may be near. The same unknown words recur, so what was found in a run of them is
//! remembered.

use std::ops::{Range, RangeInclusive};

use super::compare::Fuzzy;
use super::memory;
use super::scratch::{Asked, FuzzyScratch};
use super::window::{Part, Role, Window, part, role};
use crate::lexicon::rules::{Candidate, Word, may_be_changed_alone};
use crate::lexicon::settings::{MAX_DISTANCE, edits_by_length};
use crate::lexicon::tables::anchors::Anchors;
use crate::lexicon::tables::hash::{self, Letter};

/// Windows of these lengths may be near a term of one allowed edit.
const OF_ONE: RangeInclusive<usize> = 3..=8;
/// Windows shorter than this are near no term of two allowed edits.
const SHORTEST_OF_TWO: usize = 6;

/// The most pairs held at once, in 1.5 MiB.
const MOST_PAIRS: usize = 1 << 16;

impl<L: Letter> Fuzzy<'_, L> {
    /// Asks for the mentions in the unknown words alone of some words.
    pub(super) fn runs(&self, roles: &[u8], from: usize, guarded: bool, asked: &mut Vec<Asked>) {
        let mut run = from..from;
        for (at, role) in roles.iter().enumerate().skip(from) {
            if run.is_empty() {
                run = at..at;
            }
            if role & Role::UNKNOWN != 0 {
                run.end = at + 1;
            }
            if role & Role::WHOLE_UNKNOWN == 0 && !run.is_empty() {
                self.ask(run.clone(), guarded, asked);
                run = at..at;
            }
        }
        if !run.is_empty() {
            self.ask(run, guarded, asked);
        }
    }

    /// Adds one run of unknown words to the runs that are searched.
    #[inline]
    fn ask(&self, run: Range<usize>, guarded: bool, asked: &mut Vec<Asked>) {
        let words = &self.text.words[run.clone()];
        let single = match words {
            [word] if guarded && !word.possessive => Some(word),
            _ => None,
        };
        if single.is_some_and(|word| word.standing.barren()) {
            return;
        }
        if let [word] = words
            && (word.end(false) - (word.start as usize) < *OF_ONE.start()
                || ![false, true]
                    .iter()
                    .any(|&without_s| self.alone(word, without_s, guarded)))
        {
            return;
        }
        let seed = u64::from(guarded) | u64::from(self.text.brief) << 2;
        // Of a word of the dictionary it matters how brief the text is.
        let may_be_barren =
            single.is_some_and(|word| !(word.standing.in_dictionary() || word.standing.name()));
        asked.push(Asked {
            run: (run.start as u32, run.end as u32),
            key: words.iter().fold(seed, memory::key),
            may_be_barren,
        });
    }

    /// Adds what is found in the runs that were asked for, from memory if the same run was met before.
    ///
    /// The memory is larger than the cache of a processor: it is asked for all runs of a text before any
    /// answer is looked at.
    #[inline(never)]
    pub(super) fn answer(
        &self,
        guarded: bool,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let mut asked = std::mem::take(&mut scratch.asked);
        let FuzzyScratch {
            memory,
            slots,
            barren,
            ..
        } = scratch;
        slots.clear();
        slots.extend(asked.iter().map(|asked| memory.slots(asked.key)));
        let mut slots = slots.iter();
        asked.retain(|asked| {
            let (first, before) = (asked.run.0 as usize, candidates.len());
            let met = slots
                .next()
                .is_some_and(|slots| memory.recall_from(slots, asked.key, first, candidates));
            if met && asked.may_be_barren && candidates.len() == before {
                barren.push(self.text.words[first].hash);
            }
            !met
        });
        if asked.is_empty() {
            scratch.asked = asked;
            return;
        }
        let anchors = match guarded {
            true => Anchors::guarded(self.compiled),
            false => Anchors::open(self.compiled),
        };
        for asked in asked.drain(..) {
            let (first, end) = (asked.run.0 as usize, asked.run.1 as usize);
            self.interrupts.steps(end - first);
            let before = candidates.len();
            self.anchored(first..end, guarded, &anchors, scratch, candidates);
            let found = &candidates[before..];
            scratch.memory.keep(asked.key, first, found);
            if asked.may_be_barren && found.is_empty() {
                scratch.barren.push(self.text.words[first].hash);
            }
        }
        scratch.asked = asked;
    }

    /// Whether a word, or it without its s, may be a misspelling without others beside it.
    #[inline]
    fn alone(&self, word: &Word, without_s: bool, guarded: bool) -> bool {
        let role = role(word, guarded) >> (2 * u8::from(without_s));
        role & Role::WHOLE_UNKNOWN != 0
            && may_be_changed_alone(word.standing(without_s), guarded, self.text.brief)
    }

    // Apart, so that the far more frequent recall keeps the registers.
    #[inline(never)]
    fn anchored(
        &self,
        run: Range<usize>,
        guarded: bool,
        anchors: &Anchors<'_>,
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
        prefix.extend(letters.iter().map(|&letter| {
            hash = hash::push(hash, letter);
            hash
        }));
        for first in run.clone() {
            self.unknown_windows(first..run.end, guarded, windows);
            near.pairs.clear();
            let start = self.text.words[first].start as usize - base;
            let (letters, prefix) = (&letters[start..], &prefix[start..]);
            let (mut shortest, mut longest) = (usize::MAX, 0);
            for (number, window) in (0..).zip(windows.iter()) {
                let length = window.length();
                let (letters, prefix) = (&letters[..length], &prefix[..=length]);
                if OF_ONE.contains(&length) {
                    anchors.ask_window(letters, prefix, number, probes);
                }
                if length >= SHORTEST_OF_TWO {
                    anchors.ask_tail(length, prefix, number, probes);
                }
                (shortest, longest) = (shortest.min(length), longest.max(length));
            }
            if longest >= SHORTEST_OF_TWO {
                anchors.ask_head(prefix, shortest..=longest, probes);
            }
            anchors.answer(probes, self.interrupts, |posting, number| {
                if near.pairs.len() >= MOST_PAIRS {
                    self.compare(windows, edits_by_length, near, candidates);
                    near.pairs.clear();
                }
                match windows.get(number as usize) {
                    Some(window) => near.consider(posting, number, window),
                    None => {
                        for (number, window) in (0..).zip(windows.iter()) {
                            near.consider(posting, number, window);
                        }
                    }
                }
            });
            self.compare(windows, edits_by_length, near, candidates);
        }
    }

    /// Fills in the windows of unknown words that begin with the first of some words.
    #[inline(always)]
    fn unknown_windows(&self, run: Range<usize>, guarded: bool, windows: &mut Vec<Window>) {
        let longest = self.compiled.header.longest as usize + usize::from(MAX_DISTANCE);
        let first = run.start;
        let start = self.text.words[first].start as usize;
        let (mut all, mut counted) = (0, start);
        windows.clear();
        for last in run {
            let word = &self.text.words[last];
            if word.end(true) - start > longest {
                break;
            }
            for &without_s in word.readings() {
                if part(word, role(word, guarded), without_s) != Part::Unknown
                    || last == first && !self.alone(word, without_s, guarded)
                {
                    continue;
                }
                let end = word.end(without_s);
                all = self.parity(counted..end, all);
                counted = end;
                windows.push(Window {
                    first,
                    last,
                    without_s,
                    start,
                    end,
                    parity: all,
                });
            }
        }
    }
}
