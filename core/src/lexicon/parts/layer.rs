//! A delta as the search sees it: a small compiled form of the added terms beside the base, and the terms
//! of the base that were removed.
//!
//! Both are searched with the same rules, and what they find is one list: terms and groups of the
//! delta are numbered after those of the base, and a group whose letters the base has too goes by the
//! number of the base's. Words are seen twice, with the vocabulary numbers of the one and the other; a
//! word of either is a word of the lexicon for both. What a delta changes for a word stands in its own
//! token table: the words of its terms, and words that no term has any more.

use super::changes::Changes;
use super::part::{Both, Part};
use crate::lexicon::form::Section;
use crate::lexicon::rules::Word;
use crate::lexicon::tables::hash;
use crate::lexicon::tables::standing::Standing;
use crate::lexicon::tables::tokens::{TokenSlot, find};
use crate::text::Folded;

/// A compiled delta: the added terms, and what is removed from the base.
pub(crate) struct Layer {
    /// The added terms that the base does not have.
    pub added: Part,
    /// Terms of the base, ascending.
    pub removed: Vec<u32>,
    /// For each group of `added`, its number in the whole lexicon.
    pub groups: Vec<u32>,
    /// Groups of the base and of `added` that have the same letters, ascending.
    pub twins: Vec<(u32, u32)>,
    /// The numbers that the first term and the first group of `added` have in the whole lexicon.
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
    pub fn added_group(&self, group: u32) -> Option<u32> {
        if group >= self.first_group {
            return Some(group - self.first_group);
        }
        let at = self
            .twins
            .binary_search_by_key(&group, |twin| twin.0)
            .ok()?;
        Some(self.twins[at].1)
    }

    /// Corrects the words of a text as the base sees them by what the delta changes, and fills in the words
    /// as the delta sees them.
    pub fn amend(&self, folded: &Folded, words: &mut Both<Vec<Word>>) {
        let slots: &[TokenSlot] = self.added.compiled.section(Section::Tokens);
        // The delta has no dictionary of its own: the base's applies.
        let found = |base: Standing, word: u64| {
            let added = find(slots, word)?;
            Some(added.with_dictionary(base.in_dictionary(), base.name()))
        };
        let amended = |base: Standing, word: u64| match found(base, word) {
            None if base.in_lexicon() => (base, base.elsewhere()),
            None => (base, base),
            Some(added) if !added.in_lexicon() => (base.nowhere(), added),
            Some(added) if base.in_lexicon() => (base, added),
            Some(added) => (base.elsewhere(), added),
        };
        let Both { base, delta } = words;
        delta.clear();
        delta.extend_from_slice(base);
        for ((base, delta), token) in base.iter_mut().zip(delta).zip(folded.tokens()) {
            if base.endless {
                continue;
            }
            let letters = folded.padded();
            let (start, end) = (token.start as usize, token.end as usize);
            // What searches of the base alone found out may not hold with the delta.
            (base.standing, delta.standing) = amended(base.standing.plain(), base.hash);
            if base.possessive {
                let without_s = hash::of_range(letters, start, end - 1);
                (base.standing_without_s, delta.standing_without_s) =
                    amended(base.standing_without_s.plain(), without_s);
            }
        }
    }
}
