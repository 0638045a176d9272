//! The search: fold, look up each token, find exact windows, find misspelled ones, settle overlaps,
//! and say where in the original each mention stands.

use super::compiled::{GroupRow, Section, span};
use super::exact::{self, Exact};
use super::fuzzy::{Fuzzy, FuzzyScratch};
use super::guard::{Text, is_brief};
use super::hash::Letter;
use super::overlap::{self, Candidate};
use super::recent::Recent;
use super::settings::Overlap;
use super::words::{self, Tables, Word};
use super::{Kind, Lexicon, Mention, substring};
use crate::text::Folded;

/// Buffers of a search, to be kept and used again: a search then allocates nothing.
#[derive(Default)]
pub struct Scratch {
    folded: Folded,
    codes: Vec<u32>,
    /// As the lexicon and a delta beside it see them; so are what they remember.
    words: [Vec<Word>; 2],
    recent: Recent,
    fuzzy: [FuzzyScratch; 2],
    /// The delta that `fuzzy` is about.
    delta: u64,
    candidates: Vec<Candidate>,
    taken: Vec<bool>,
    mentions: Vec<Mention>,
}

impl Scratch {
    pub fn new() -> Scratch {
        Scratch::default()
    }

    #[cfg(test)]
    pub(super) fn work(&self) -> usize {
        let work = |fuzzy: &FuzzyScratch| fuzzy.probes.work + fuzzy.near.work;
        self.fuzzy.iter().map(work).sum()
    }
}

impl Lexicon {
    /// The mentions of the lexicon's terms in a text, in the order of their start, end and id.
    pub fn search<'s>(&self, text: &str, scratch: &'s mut Scratch) -> &'s [Mention] {
        self.search_overlapping(text, self.compiled.settings().overlap, scratch)
    }

    /// The same, with another choice among overlapping mentions than the lexicon's own.
    pub fn search_overlapping<'s>(
        &self,
        text: &str,
        overlap: Overlap,
        scratch: &'s mut Scratch,
    ) -> &'s [Mention] {
        scratch.mentions.clear();
        scratch.folded.fold(text);
        if self.compiled.settings().whole_words {
            self.candidates(scratch);
            if !scratch.candidates.is_empty() {
                self.settle(text, overlap, scratch);
            }
        } else {
            let Scratch {
                folded,
                candidates,
                taken,
                mentions,
                ..
            } = scratch;
            candidates.clear();
            self.each_part(
                candidates,
                |_, part, found| {
                    substring::candidates(&part.compiled, part.automaton(), folded, found);
                },
                |candidate| self.members(candidate.group).next().is_some(),
            );
            let places = folded.letters().len();
            overlap::settle(overlap, candidates, taken, places, |candidate| {
                self.least(self.members(candidate.group))
            });
            for candidate in candidates.iter() {
                let source =
                    folded.source_of(candidate.first as usize..candidate.last as usize + 1);
                self.report(
                    text,
                    source.start,
                    source.end,
                    candidate,
                    self.members(candidate.group),
                    mentions,
                );
            }
        }
        self.order(&mut scratch.mentions);
        &scratch.mentions
    }

    /// Whether a text mentions any term.
    pub fn is_match(&self, text: &str, scratch: &mut Scratch) -> bool {
        !self.search(text, scratch).is_empty()
    }

    /// Fills the candidates of the folded text, overlapping ones included.
    fn candidates(&self, scratch: &mut Scratch) {
        scratch.candidates.clear();
        let delta = self.delta.as_ref().map_or(0, |layer| layer.identity);
        if scratch.delta != delta {
            scratch.fuzzy = Default::default();
            scratch.delta = delta;
        }
        let Scratch {
            folded,
            codes,
            words,
            recent,
            fuzzy,
            candidates,
            ..
        } = scratch;
        let (tokens, bytes) = (folded.tokens(), folded.letters());
        let compiled = self.compiled.view();
        let tables = Tables::of(compiled);
        recent.of(compiled.header.identity());
        if folded.is_ascii() {
            words::fill(
                &tables,
                recent,
                folded.padded(),
                tokens,
                |at| at,
                &mut words[0],
            );
            self.amend(folded, words);
            self.scan(
                bytes,
                &tables.exact,
                folded,
                words,
                recent,
                fuzzy,
                candidates,
            );
        } else {
            codes.clear();
            codes.extend(
                std::str::from_utf8(bytes)
                    .unwrap_or("")
                    .chars()
                    .map(u32::from),
            );
            let (mut at, mut letters) = (0u32, 0u32);
            let place = |to: u32| {
                // Tokens ask for rising places; letters before a place are counted once.
                let passed = bytes.get(at as usize..to as usize).unwrap_or(&[]);
                letters += passed.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32;
                at = to;
                letters
            };
            words::fill(
                &tables,
                recent,
                folded.padded(),
                tokens,
                place,
                &mut words[0],
            );
            self.amend(folded, words);
            self.scan(
                codes,
                &tables.exact,
                folded,
                words,
                recent,
                fuzzy,
                candidates,
            );
        }
    }

    #[allow(clippy::too_many_arguments)] // The parts of a scratch, borrowed one by one.
    fn scan<L: Letter>(
        &self,
        letters: &[L],
        exact: &Exact<'_>,
        folded: &Folded,
        words: &[Vec<Word>; 2],
        recent: &mut Recent,
        fuzzy: &mut [FuzzyScratch; 2],
        candidates: &mut Vec<Candidate>,
    ) {
        self.each_part(
            candidates,
            |number, part, found| {
                let text = self.text(folded, &words[number]);
                let compiled = part.compiled.view();
                match number {
                    0 => exact::windows(exact, compiled, text, found),
                    _ => exact::windows(&Exact::of(compiled), compiled, text, found),
                }
                Fuzzy {
                    compiled,
                    letters,
                    text,
                }
                .search(&mut fuzzy[number], found);
                let barren = fuzzy[number].barren.drain(..);
                if self.delta.is_none() {
                    barren.for_each(|word| recent.mark_barren(word));
                }
            },
            |candidate| self.accepted(folded, words, candidate).next().is_some(),
        );
    }

    /// A folded text as the rules see it.
    pub(crate) fn text<'a>(&'a self, folded: &'a Folded, words: &'a [Word]) -> Text<'a> {
        Text {
            words,
            tokens: folded.tokens(),
            bytes: folded.padded(),
            brief: is_brief(folded.tokens()),
        }
    }

    /// Turns candidates into mentions.
    fn settle(&self, text: &str, overlap: Overlap, scratch: &mut Scratch) {
        let Scratch {
            folded,
            words,
            candidates,
            taken,
            mentions,
            ..
        } = scratch;
        let places = words[0].len();
        overlap::settle(overlap, candidates, taken, places, |candidate| {
            self.least(self.accepted(folded, words, *candidate))
        });
        let tokens = folded.tokens();
        for candidate in candidates.iter() {
            let (Some(first), Some(last)) = (
                tokens.get(candidate.first as usize),
                tokens.get(candidate.last as usize),
            ) else {
                continue;
            };
            let start = first.source_start as usize;
            let end = if candidate.stem {
                last.stem_source_end
            } else {
                last.source_end
            } as usize;
            let terms = self.accepted(folded, words, *candidate);
            self.report(text, start, end, candidate, terms, mentions);
        }
    }

    /// Orders mentions by place; of several for one span and id, the nearest stays.
    fn order(&self, mentions: &mut Vec<Mention>) {
        if mentions.len() < 2 {
            return;
        }
        let place = |m: &Mention| (m.start, m.end, self.term_id(m.term));
        let rank = |m: &Mention| (m.distance, m.kind, self.term_text(m.term), m.term);
        mentions
            .sort_unstable_by(|a, b| place(a).cmp(&place(b)).then_with(|| rank(a).cmp(&rank(b))));
        mentions.dedup_by_key(|m| place(m));
    }

    /// The first by id and text of some terms: what decides where all else is equal.
    fn least(&self, terms: impl Iterator<Item = u32>) -> Option<(i64, &str)> {
        terms
            .map(|term| (self.term_id(term), self.term_text(term)))
            .min()
    }

    /// The terms of a group as it was compiled.
    pub(crate) fn compiled_members(&self, group: u32) -> impl Iterator<Item = u32> + '_ {
        let groups: &[GroupRow] = self.compiled.section(Section::Groups);
        let members: &[u32] = self.compiled.section(Section::GroupTerms);
        let range = match (groups.get(group as usize), groups.get(group as usize + 1)) {
            (Some(row), Some(next)) => span(row.terms, next.terms, members.len()),
            _ => 0..0,
        };
        members[range].iter().copied()
    }

    /// Adds a mention for each distinct id among the terms.
    fn report(
        &self,
        text: &str,
        start: usize,
        end: usize,
        candidate: &Candidate,
        terms: impl Iterator<Item = u32>,
        mentions: &mut Vec<Mention>,
    ) {
        let written = text.get(start..end).unwrap_or("");
        let from = mentions.len();
        for term in terms {
            let kind = match candidate.distance {
                0 if self.core_text(term) == written => Kind::Exact,
                0 => Kind::Folded,
                _ => Kind::Fuzzy,
            };
            let letters = candidate.letters.max(candidate.window_letters);
            let similarity = 1.0 - f32::from(candidate.distance) / f32::from(letters.max(1));
            let mention = Mention {
                term,
                start,
                end,
                distance: candidate.distance,
                similarity,
                kind,
            };
            let id = self.term_id(term);
            match mentions[from..]
                .iter_mut()
                .find(|other| self.term_id(other.term) == id)
            {
                Some(other) => {
                    let rank = |m: &Mention| (m.kind, self.term_text(m.term));
                    if rank(&mention) < rank(other) {
                        *other = mention;
                    }
                }
                None => mentions.push(mention),
            }
        }
    }

    /// A term as written, without the punctuation around it.
    fn core_text(&self, term: u32) -> &str {
        self.term_text(term).get(self.core(term)).unwrap_or("")
    }
}
