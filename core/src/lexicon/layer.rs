//! A delta as the search sees it: a small lexicon of the added terms beside the base, and the terms
//! of the base that were removed.
//!
//! Both are searched with the same rules, and what they find is one list: terms and groups of the
//! delta are numbered after those of the base, and a group whose letters the base has too goes by the
//! number of the base's. Words are seen twice, with the vocabulary numbers of the one and the other; a
//! word of either is a word of the lexicon for both. What a delta changes for a word stands in its own
//! token table: the words of its terms, and words that no term has any more.

use super::Lexicon;
use super::compiled::Section;
use super::delta::Changes;
use super::guard::{Judge, Text};
use super::hash;
use super::overlap::Candidate;
use super::tokens::{Standing, TokenSlot, find};
use super::words::Word;
use crate::text::Folded;

/// A compiled delta: the added terms as a lexicon of their own, and what is removed from the base.
pub(crate) struct Layer {
    /// The added terms that the base does not have.
    pub added: Lexicon,
    /// Terms of the base, ascending.
    pub removed: Vec<u32>,
    /// For each group of `added`, its number in the whole lexicon.
    pub groups: Vec<u32>,
    /// Groups of the base and of `added` that have the same letters, ascending.
    pub twins: Vec<(u32, u32)>,
    pub first_term: u32,
    pub first_group: u32,
    /// Tells this delta to this base from any other.
    pub identity: u64,
    /// How many terms base and delta have together.
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

    /// The number that `added` gives to a group of the whole lexicon, if it has the group.
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

    /// Corrects the words of a text as the base sees them (the first list) by what the delta changes, and
    /// fills the second list with the words as the delta sees them. Does nothing without a delta.
    #[inline]
    pub(crate) fn amend(&self, folded: &Folded, [words, own]: &mut [Vec<Word>; 2]) {
        let Some(layer) = &self.delta else { return };
        let slots: &[TokenSlot] = layer.added.compiled.section(Section::Tokens);
        // The delta has no dictionary of its own: the base's applies.
        let found = |base: Standing, word: u64| {
            let own = find(slots, word)?;
            Some(own.with_dictionary(base.in_dictionary(), base.name()))
        };
        let amended = |base: Standing, word: u64| match found(base, word) {
            None if base.in_lexicon() => (base, base.elsewhere()),
            None => (base, base),
            Some(own) if !own.in_lexicon() => (base.nowhere(), own),
            Some(own) if base.in_lexicon() => (base, own),
            Some(own) => (base.elsewhere(), own),
        };
        own.clear();
        own.extend_from_slice(words);
        for ((word, own), token) in words.iter_mut().zip(own).zip(folded.tokens()) {
            if word.endless {
                continue;
            }
            let letters = folded.padded();
            let (start, end) = (token.start as usize, token.end as usize);
            // What searches of the base alone found out may not hold with the delta.
            (word.standing, own.standing) = amended(word.standing.plain(), word.hash);
            if word.possessive {
                let without_s = hash::of_range(letters, start, end - 1);
                (word.standing_without_s, own.standing_without_s) =
                    amended(word.standing_without_s.plain(), without_s);
            }
        }
    }

    /// Lets `fill` add the candidates of the base, keeps those that are `live` without the removed
    /// terms, and lets it add those of the delta.
    #[inline]
    pub(crate) fn each_part(
        &self,
        candidates: &mut Vec<Candidate>,
        mut fill: impl FnMut(usize, &Lexicon, &mut Vec<Candidate>),
        live: impl Fn(Candidate) -> bool,
    ) {
        fill(0, self, candidates);
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
        fill(1, &layer.added, &mut added);
        for candidate in added {
            if let Some(&group) = layer.groups.get(candidate.group as usize) {
                candidates.push(Candidate { group, ..candidate });
            }
        }
    }

    /// The terms that a candidate is a mention of, by the rules; removed terms are left out.
    #[inline]
    pub(crate) fn accepted<'a>(
        &'a self,
        folded: &'a Folded,
        brief: bool,
        words: &'a [Vec<Word>; 2],
        candidate: Candidate,
    ) -> impl Iterator<Item = u32> + 'a {
        self.terms_of(candidate.group, move |number, part, group| {
            Judge::of(
                part.compiled.view(),
                Text::of(folded, brief, &words[number]),
            )
            .accepted(Candidate { group, ..candidate })
        })
    }

    /// The terms of a group.
    pub(crate) fn members(&self, group: u32) -> impl Iterator<Item = u32> + '_ {
        self.terms_of(group, |_, part, group| part.compiled_members(group))
    }

    /// The terms of a group, as `of` gives them for the base and for the delta, without the removed ones.
    #[inline]
    fn terms_of<'a, I: Iterator<Item = u32> + 'a>(
        &'a self,
        group: u32,
        of: impl Fn(usize, &'a Lexicon, u32) -> I,
    ) -> impl Iterator<Item = u32> + 'a {
        let base = of(0, self, group).filter_map(|term| self.whole_number(0, term));
        let added = self.delta.as_deref().and_then(|layer| {
            let terms = of(1, &layer.added, layer.own_group(group)?);
            Some(terms.filter_map(|term| self.whole_number(1, term)))
        });
        base.chain(added.into_iter().flatten())
    }

    /// The number that a term of a part has in the whole; none if it was removed.
    #[inline]
    pub(crate) fn whole_number(&self, part: usize, term: u32) -> Option<u32> {
        match &self.delta {
            None => Some(term),
            Some(layer) if part > 0 => Some(term + layer.first_term),
            Some(layer) => layer.removed.binary_search(&term).is_err().then_some(term),
        }
    }

    /// The base and the delta.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Lexicon> {
        std::iter::once(self).chain(self.delta.as_deref().map(|layer| &layer.added))
    }
}
