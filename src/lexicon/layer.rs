//! A delta as the search sees it: a small lexicon of the added terms beside the base, and the terms
//! of the base that were removed.
//!
//! Both are searched with the same rules, and what they find is one list, because all numbers are of
//! one space: terms, groups and vocabulary of the delta are numbered after those of the base, a group
//! whose letters the base has too goes by the number of the base's, and so does a token. What differs
//! for a token from what the base says of it (a word of an added term, or no longer a word of any)
//! stands in the token table of the delta, which is asked first.

use super::Lexicon;
use super::compiled::{Compiled, Section};
use super::delta::Changes;
use super::fuzzy::accepted;
use super::hash;
use super::overlap::Candidate;
use super::tokens::{Frequencies, TokenSlot, find};
use super::words::Word;
use crate::text::Folded;

pub(crate) struct Layer {
    /// The added terms that the base does not have.
    pub added: Lexicon,
    /// Terms of the base, ascending.
    pub removed: Vec<u32>,
    /// The number of each group of `added`.
    pub groups: Vec<u32>,
    /// Groups of the base and of `added` that have the same letters, ascending.
    pub twins: Vec<(u32, u32)>,
    pub first_term: u32,
    pub first_group: u32,
    pub identity: u64,
    /// Of base and delta together.
    pub terms: usize,
    pub skipped: u64,
    pub skipped_ids: Vec<i64>,
    pub changes: Changes,
}

impl Layer {
    pub fn heap_bytes(&self) -> usize {
        self.added.heap_bytes()
            + (self.removed.capacity() + self.groups.capacity()) * size_of::<u32>()
            + self.twins.capacity() * size_of::<(u32, u32)>()
            + self.skipped_ids.capacity() * size_of::<i64>()
            + self.changes.heap_bytes()
    }

    /// The number that `added` has for a group.
    fn own_group(&self, group: u32) -> Option<u32> {
        if group >= self.first_group {
            return Some(group - self.first_group);
        }
        let at = self
            .twins
            .binary_search_by_key(&group, |twin| twin.0)
            .ok()?;
        Some(self.twins[at].1)
    }
}

impl Lexicon {
    /// The delta's part of the lexicon and the number it has for this term, if it is one of its own.
    #[inline]
    pub(crate) fn added(&self, term: u32) -> Option<(&Lexicon, u32)> {
        let layer = self.delta.as_deref()?;
        Some((&layer.added, term.checked_sub(layer.first_term)?))
    }

    /// Tells this lexicon from others in buffers that outlive it.
    pub(crate) fn identity(&self) -> u64 {
        match &self.delta {
            Some(layer) => layer.identity,
            None => self.compiled.identity(),
        }
    }

    pub(crate) fn frequencies(&self) -> Frequencies<'_> {
        Frequencies {
            base: self.compiled.section(Section::Frequencies),
            delta: match &self.delta {
                Some(layer) => layer.added.compiled.section(Section::Frequencies),
                None => &[],
            },
        }
    }

    /// Puts right what the base said of the words of a text.
    #[inline]
    pub(crate) fn amend(&self, words: &mut [Word]) {
        let Some(layer) = &self.delta else { return };
        let slots: &[TokenSlot] = layer.added.compiled.section(Section::Tokens);
        for word in words.iter_mut().filter(|word| !word.endless) {
            let length = (word.end - word.start) as usize;
            let own = hash::between(word.before, word.after, length);
            word.standing = find(slots, own).unwrap_or(word.standing);
            if word.possessive {
                let stem = hash::between(word.before, word.after_stem, length - 1);
                word.stem_standing = find(slots, stem).unwrap_or(word.stem_standing);
            }
        }
    }

    /// Lets `fill` add the candidates of the base, keeps those that are `live` without the removed
    /// terms, and lets it add those of the delta.
    #[inline]
    pub(crate) fn each_part(
        &self,
        candidates: &mut Vec<Candidate>,
        mut fill: impl FnMut(&Lexicon, &mut Vec<Candidate>),
        live: impl Fn(Candidate) -> bool,
    ) {
        fill(self, candidates);
        let Some(layer) = &self.delta else { return };
        if !layer.removed.is_empty() {
            candidates.retain(|&candidate| live(candidate));
        }
        if layer.groups.is_empty() {
            return;
        }
        // A list apart, as long as the groups of the two are numbered alike. It costs an allocation
        // where the delta finds something, and nothing elsewhere.
        let mut added = Vec::new();
        fill(&layer.added, &mut added);
        for candidate in added {
            if let Some(&group) = layer.groups.get(candidate.group as usize) {
                candidates.push(Candidate { group, ..candidate });
            }
        }
    }

    /// The terms of a candidate that accept it, of the base and of the delta.
    #[inline]
    pub(crate) fn accepted<'a>(
        &'a self,
        words: &'a [Word],
        folded: &'a Folded,
        candidate: Candidate,
    ) -> impl Iterator<Item = u32> + 'a {
        let layer = self.delta.as_deref();
        let of = |compiled: &'a Compiled, candidate: Candidate| {
            let (tokens, bytes) = (folded.tokens(), folded.letters());
            accepted(
                compiled,
                self.frequencies(),
                words,
                tokens,
                bytes,
                candidate,
            )
        };
        let removed: &[u32] = layer.map_or(&[], |layer| &layer.removed);
        let base = of(&self.compiled, candidate)
            .filter(|term| removed.is_empty() || removed.binary_search(term).is_err());
        let added = layer.and_then(|layer| {
            let group = layer.own_group(candidate.group)?;
            let terms = of(&layer.added.compiled, Candidate { group, ..candidate });
            Some(terms.map(|term| term + layer.first_term))
        });
        base.chain(added.into_iter().flatten())
    }
}
