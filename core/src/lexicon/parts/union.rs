//! What base and delta find, as one: their candidates, and the terms of a group.

use super::lexicon::Lexicon;
use super::part::{Both, Part, Side};
use crate::lexicon::form::Groups;
use crate::lexicon::rules::{Candidate, Judge, Text, Word};
use crate::text::Folded;

impl Lexicon {
    /// Lets `fill` add the candidates of the base, keeps those that are `live` without the removed
    /// terms, and lets it add those of the delta.
    #[inline]
    pub(crate) fn each_part(
        &self,
        candidates: &mut Vec<Candidate>,
        mut fill: impl FnMut(Side, &Part, &mut Vec<Candidate>),
        live: impl Fn(Candidate) -> bool,
    ) {
        fill(Side::Base, &self.base, candidates);
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
        fill(Side::Delta, &layer.added, &mut added);
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
        words: &'a Both<Vec<Word>>,
        candidate: Candidate,
    ) -> impl Iterator<Item = u32> + 'a {
        self.terms_of(candidate.group, move |side, part, group| {
            let text = Text::of(folded, brief, &words[side]);
            Judge::of(part.compiled.view(), text).accepted(Candidate { group, ..candidate })
        })
    }

    /// The terms of a group.
    pub(crate) fn members(&self, group: u32) -> impl Iterator<Item = u32> + '_ {
        self.terms_of(group, |_, part, group| {
            let members = Groups::of(part.compiled.view()).members(group);
            members.iter().copied()
        })
    }

    /// The terms of a group, as `of` gives them for the base and for the delta, without the removed ones.
    #[inline]
    fn terms_of<'a, I: Iterator<Item = u32> + 'a>(
        &'a self,
        group: u32,
        of: impl Fn(Side, &'a Part, u32) -> I,
    ) -> impl Iterator<Item = u32> + 'a {
        let whole = move |side| move |term| self.whole_number(side, term);
        let base = of(Side::Base, &self.base, group).filter_map(whole(Side::Base));
        let added = self.delta.as_deref().and_then(|layer| {
            let terms = of(Side::Delta, &layer.added, layer.added_group(group)?);
            Some(terms.filter_map(whole(Side::Delta)))
        });
        base.chain(added.into_iter().flatten())
    }

    /// The number that a term of a part has in the whole; none if it was removed.
    #[inline]
    pub(crate) fn whole_number(&self, side: Side, term: u32) -> Option<u32> {
        match (&self.delta, side) {
            (None, _) => Some(term),
            (Some(layer), Side::Delta) => Some(term + layer.first_term),
            (Some(layer), Side::Base) => {
                layer.removed.binary_search(&term).is_err().then_some(term)
            }
        }
    }
}
