//! The search: fold, look up each token, find exact windows, find misspelled ones, settle overlaps,
//! and say where in the original each mention stands.

use super::compiled::{GroupRow, Section, TermRow, span};
use super::exact;
use super::fuzzy::{Fuzzy, FuzzyScratch};
use super::guard::{Judge, Text};
use super::overlap::{Candidate, longest};
use super::settings::Overlap;
use super::words::{self, Word};
use super::{Kind, Lexicon, Mention, substring};
use crate::text::Folded;

/// Buffers of a search, to be kept and used again: a search then allocates nothing.
#[derive(Default)]
pub struct Scratch {
    folded: Folded,
    codes: Vec<u32>,
    words: Vec<Word>,
    fuzzy: FuzzyScratch,
    candidates: Vec<Candidate>,
    taken: Vec<bool>,
    mentions: Vec<Mention>,
}

impl Scratch {
    pub fn new() -> Scratch {
        Scratch::default()
    }
}

impl Lexicon {
    /// The mentions of the lexicon's terms in a text, in the order of their start.
    pub fn search<'s>(&self, text: &str, scratch: &'s mut Scratch) -> &'s [Mention] {
        scratch.mentions.clear();
        scratch.folded.fold(text);
        if self.compiled.settings().whole_words {
            self.candidates(scratch);
            if !scratch.candidates.is_empty() {
                self.settle(text, scratch);
            }
        } else {
            let overlap = self.compiled.settings().overlap;
            substring::candidates(
                &self.compiled,
                self.automaton(),
                &scratch.folded,
                &mut scratch.candidates,
            );
            if overlap == Overlap::Longest {
                longest(
                    &mut scratch.candidates,
                    &mut scratch.taken,
                    scratch.folded.letters().len(),
                );
            }
            let Scratch {
                folded,
                candidates,
                mentions,
                ..
            } = scratch;
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
        let Scratch {
            folded,
            codes,
            words,
            fuzzy,
            candidates,
            ..
        } = scratch;
        candidates.clear();
        let (tokens, bytes) = (folded.tokens(), folded.letters());
        if folded.is_ascii() {
            words::fill(&self.compiled, bytes, tokens, |at| at, words);
            let text = Text {
                words,
                tokens,
                bytes,
            };
            exact::windows(&self.compiled, text, candidates);
            Fuzzy {
                compiled: &self.compiled,
                letters: bytes,
                text,
            }
            .search(fuzzy, candidates);
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
            words::fill(&self.compiled, bytes, tokens, place, words);
            let text = Text {
                words,
                tokens,
                bytes,
            };
            exact::windows(&self.compiled, text, candidates);
            Fuzzy {
                compiled: &self.compiled,
                letters: codes.as_slice(),
                text,
            }
            .search(fuzzy, candidates);
        }
    }

    /// Turns candidates into mentions.
    fn settle(&self, text: &str, scratch: &mut Scratch) {
        let Scratch {
            folded,
            words,
            candidates,
            taken,
            mentions,
            ..
        } = scratch;
        if self.compiled.settings().overlap == Overlap::Longest {
            longest(candidates, taken, words.len());
        }
        let (tokens, bytes) = (folded.tokens(), folded.letters());
        let judge = Judge::of(
            &self.compiled,
            Text {
                words,
                tokens,
                bytes,
            },
        );
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
            let terms = judge.accepted(*candidate);
            self.report(text, start, end, candidate, terms, mentions);
        }
    }

    /// Orders mentions by place; of several for one span and id, the nearest stays.
    fn order(&self, mentions: &mut Vec<Mention>) {
        if mentions.len() < 2 {
            return;
        }
        let id = |mention: &Mention| self.term_id(mention.term);
        mentions.sort_unstable_by_key(|m| (m.start, m.end, id(m), m.distance, m.kind, m.term));
        mentions.dedup_by_key(|m| (m.start, m.end, id(m)));
        mentions.sort_unstable_by_key(|mention| (mention.start, mention.end, mention.term));
    }

    fn members(&self, group: u32) -> impl Iterator<Item = u32> + '_ {
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
                Some(other) if other.kind != Kind::Exact && kind == Kind::Exact => *other = mention,
                Some(_) => {}
                None => mentions.push(mention),
            }
        }
    }

    /// A term as written, without the punctuation around it.
    fn core_text(&self, term: u32) -> &str {
        let rows: &[TermRow] = self.compiled.section(Section::Terms);
        let Some(row) = rows.get(term as usize) else {
            return "";
        };
        self.term_text(term)
            .get(usize::from(row.core_start)..usize::from(row.core_end))
            .unwrap_or("")
    }
}
