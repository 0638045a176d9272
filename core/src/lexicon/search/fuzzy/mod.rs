//! Misspelled mentions. By the rules, every word of such a window is a word of the term or unknown,
//! and at least one is unknown; so two kinds of windows are looked at, and no others:
//!
//! - *Unknown words only*: see `runs`.
//! - *Unknown words beside words of the lexicon*: see `mixed`.
//!
//! Terms with more edits than the rule gives them are found apart: see `wide`.

mod compare;
mod memory;
mod mixed;
mod runs;
mod scratch;
mod wide;
mod window;

pub(crate) use compare::Fuzzy;
pub(crate) use scratch::FuzzyScratch;

use crate::lexicon::rules::Candidate;
use crate::lexicon::tables::hash::Letter;
use crate::lexicon::tables::vocabulary::Vocabulary;
use window::{Role, role};

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
}
