//! From candidates to mentions: which of overlapping ones stay, where in the original they stand, how
//! they are written, and in which order they are told.

use std::ops::{ControlFlow, Range};

use super::mention::{Kind, Mention};
use super::overlap::{self, Places, Settled};
use super::scratch::Scratch;
use crate::bounds::Interrupts;
use crate::lexicon::parts::Lexicon;
use crate::lexicon::rules::Candidate;
use crate::lexicon::settings::Overlap;
use crate::text::Folded;

/// Mentions that are put in order together, if the text can be parted there (40 KiB).
const TOGETHER: usize = 1024;
/// Candidates that are settled in about the time that another step takes.
const SETTLED_A_STEP: usize = 16;
/// The mentions of so few candidates are, however many they are.
const FEW: usize = 64;

impl Lexicon {
    /// Keeps the candidates of a stretch that are settled as mentions.
    pub(super) fn settle(
        &self,
        overlap: Overlap,
        places: Places,
        interrupts: &Interrupts,
        scratch: &mut Scratch,
    ) -> Settled {
        let Scratch {
            folded,
            words,
            candidates,
            states,
            brief,
            ..
        } = scratch;
        interrupts.steps(candidates.len() / SETTLED_A_STEP);
        if self.settings().whole_words {
            let term = |one: &Candidate| self.least(self.accepted(folded, *brief, words, *one));
            let border = |word: u32| folded.border(word as usize) as u32;
            overlap::settle(overlap, candidates, states, places, term, border)
        } else {
            let term = |one: &Candidate| self.least(self.members(one.group));
            let border = |letter: u32| folded.letter_border(letter as usize) as u32;
            overlap::settle(overlap, candidates, states, places, term, border)
        }
    }

    /// Gives the mentions of candidates, in order.
    pub(super) fn report(
        &self,
        text: &str,
        interrupts: &Interrupts,
        scratch: &mut Scratch,
        visit: &mut impl FnMut(&Mention) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Scratch {
            folded,
            words,
            candidates,
            mentions,
            brief,
            ..
        } = scratch;
        let whole_words = self.settings().whole_words;
        mentions.clear();
        let is_parted = candidates.len() > FEW;
        if is_parted {
            candidates.sort_unstable_by_key(|candidate| candidate.first);
        }
        for candidate in candidates.iter() {
            interrupts.step();
            #[cfg(test)]
            crate::lexicon::work::add(1);
            let Some(source) = source_of(folded, candidate, whole_words) else {
                continue;
            };
            if is_parted
                && mentions.len() >= TOGETHER
                && mentions
                    .last()
                    .is_some_and(|last| last.start < source.start)
            {
                self.tell(mentions, visit)?;
            }
            if whole_words {
                let terms = self.accepted(folded, *brief, words, *candidate);
                self.mentions(text, source, candidate, terms, mentions);
            } else {
                let terms = self.members(candidate.group);
                self.mentions(text, source, candidate, terms, mentions);
            }
        }
        self.tell(mentions, visit)
    }

    /// Gives mentions, and forgets them.
    fn tell(
        &self,
        mentions: &mut Vec<Mention>,
        visit: &mut impl FnMut(&Mention) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.order(mentions);
        mentions.iter().try_for_each(visit)?;
        mentions.clear();
        ControlFlow::Continue(())
    }

    /// Orders mentions by place; of several for one span and id, the nearest stays.
    fn order(&self, mentions: &mut Vec<Mention>) {
        if mentions.len() < 2 {
            return;
        }
        let place = |m: &Mention| (m.start, m.end, self.term_id(m.term));
        let rank = |m: &Mention| (m.distance, m.kind, self.term_text(m.term));
        // Two windows of one span differ where a character is several words.
        let nearer = |a: &Mention, b: &Mention| {
            let by_similarity = b.similarity.total_cmp(&a.similarity);
            by_similarity.then(a.term.cmp(&b.term))
        };
        mentions.sort_unstable_by(|a, b| {
            let by_rank = || rank(a).cmp(&rank(b)).then_with(|| nearer(a, b));
            place(a).cmp(&place(b)).then_with(by_rank)
        });
        mentions.dedup_by_key(|m| place(m));
    }

    /// The first by id and text of some terms: what decides where all else is equal.
    fn least(&self, terms: impl Iterator<Item = u32>) -> Option<(i64, &str)> {
        terms
            .map(|term| (self.term_id(term), self.term_text(term)))
            .min()
    }

    /// Adds a mention for each of the terms; those of one id are one when they are put in order.
    fn mentions(
        &self,
        text: &str,
        Range { start, end }: Range<usize>,
        candidate: &Candidate,
        terms: impl Iterator<Item = u32>,
        mentions: &mut Vec<Mention>,
    ) {
        let written = text.get(start..end).unwrap_or("");
        let letters = candidate.letters.max(candidate.window_letters);
        let similarity = 1.0 - f32::from(candidate.distance) / f32::from(letters.max(1));
        for term in terms {
            let kind = match candidate.distance {
                0 if self.core_text(term) == written => Kind::Exact,
                0 => Kind::Folded,
                _ => Kind::Fuzzy,
            };
            mentions.push(Mention {
                term,
                start,
                end,
                distance: candidate.distance,
                similarity,
                kind,
            });
        }
    }

    /// A term as written, without the punctuation around it.
    fn core_text(&self, term: u32) -> &str {
        self.term_text(term).get(self.core_of(term)).unwrap_or("")
    }
}

/// Where a candidate stands in the original.
pub(crate) fn source_of(
    folded: &Folded,
    candidate: &Candidate,
    whole_words: bool,
) -> Option<Range<usize>> {
    let (first, last) = (candidate.first as usize, candidate.last as usize);
    if !whole_words {
        return Some(folded.source_of(first..last + 1));
    }
    let tokens = folded.tokens();
    let (first, last) = (tokens.get(first)?, tokens.get(last)?);
    let end = match candidate.without_s {
        true => last.source_end_without_s,
        false => last.source_end,
    };
    Some(first.source_start as usize..end as usize)
}
