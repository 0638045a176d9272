//! Terms whose own number of edits is beyond what the rule gives their length: each short window that may be
//! one is looked up in the index that is made for them.

use super::compare::Fuzzy;
use super::scratch::FuzzyScratch;
use super::window::Window;
use crate::lexicon::rules::{Candidate, may_be_changed};
use crate::lexicon::settings::MAX_DISTANCE;
use crate::lexicon::tables::hash::Letter;
use crate::lexicon::tables::wide::{LONGEST, Wide};

impl<L: Letter> Fuzzy<'_, L> {
    /// Finds the mentions of terms that allow more edits than their length does, in each short window.
    pub(super) fn wide(&self, scratch: &mut FuzzyScratch, candidates: &mut Vec<Candidate>) {
        let Some(wide) = Wide::of(self.compiled) else {
            return;
        };
        let words = self.text.words;
        for (first, from) in words.iter().enumerate() {
            let start = from.start as usize;
            let mut changed = false;
            for (last, word) in words.iter().enumerate().skip(first) {
                let beyond = word.end(word.possessive) > start + LONGEST;
                if last > first && word.breaks || word.endless || beyond {
                    break;
                }
                for without_s in [true, false] {
                    let end = word.end(without_s);
                    if without_s && !word.possessive || end > start + LONGEST {
                        continue;
                    }
                    let standing = word.standing(without_s);
                    if changed || may_be_changed(standing, word.code, false) {
                        let window = Window {
                            first,
                            last,
                            without_s,
                            start,
                            end,
                            parity: 0,
                        };
                        self.compare_wide(wide, window, scratch, candidates);
                    }
                }
                changed |= may_be_changed(word.standing, word.code, false);
            }
        }
    }

    /// Measures and judges one window against the terms that may be near it.
    fn compare_wide(
        &self,
        wide: Wide<'_>,
        window: Window,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let pairs = &mut scratch.near.pairs;
        pairs.clear();
        wide.near(&self.letters[window.start..window.end], |group| {
            pairs.push((group, 0));
        });
        pairs.sort_unstable();
        pairs.dedup();
        self.compare(&[window], |_| MAX_DISTANCE, &mut scratch.near, candidates);
    }
}
