//! Why a text is found to mention what it does: every window within the edits of a term, and the rule
//! that accepted or refused it. Compares every window with every term, without any index: slow (a
//! text of 15 words takes about a second with a million terms), obvious, and for people.

use super::compiled::{GroupRow, Section, span};
use super::guard::{Judge, Rule};
use super::osa::osa;
use super::overlap::Candidate;
use super::recent::Recent;
use super::words::{self, Tables};
use super::{Lexicon, Scratch};
use crate::text::Folded;

/// A window near a term, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explained {
    pub term: u32,
    /// Bytes of the original text.
    pub start: usize,
    pub end: usize,
    pub distance: u8,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is a mention.
    Accepted,
    /// It passes every rule, but a better mention has some of its words, or the id is there already.
    Overlapped,
    Refused(Rule),
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Overlapped => "overlapped by a better mention",
            Verdict::Refused(rule) => rule.as_str(),
        }
    }
}

impl Lexicon {
    /// Every window of a text that is within the edits of a term, in the order of their start. Empty
    /// for a lexicon without word boundaries, which has no rules to explain.
    pub fn explain(&self, text: &str) -> Vec<Explained> {
        let mut explained = Vec::new();
        if !self.settings().whole_words {
            return explained;
        }
        let mut scratch = Scratch::new();
        let mentions = self.search(text, &mut scratch).to_vec();
        let mut folded = Folded::new();
        folded.fold(text);
        let (bytes, tokens) = (folded.letters(), folded.tokens());
        let codes = codes_of(bytes);
        let place = |to: u32| codes_of(bytes.get(..to as usize).unwrap_or(&[])).len() as u32;
        let mut found = [Vec::new(), Vec::new()];
        let tables = Tables::of(self.compiled.view());
        let mut recent = Recent::default();
        words::fill(&tables, &mut recent, bytes, tokens, place, &mut found[0]);
        self.amend(&folded, &mut found);
        self.for_near(&found, &codes, |number, part, candidate| {
            let judge = Judge::of(part.compiled.view(), self.text(&folded, &found[number]));
            let (first, last) = (
                tokens[candidate.first as usize],
                tokens[candidate.last as usize],
            );
            let start = first.source_start as usize;
            let end = if candidate.stem {
                last.stem_source_end
            } else {
                last.source_end
            } as usize;
            for (term, verdict) in judge.verdicts(candidate) {
                let Some(term) = self.whole_number(number, term) else {
                    continue;
                };
                let reported = mentions
                    .iter()
                    .any(|m| (m.start, m.end, m.term) == (start, end, term));
                let verdict = match verdict {
                    Err(rule) => Verdict::Refused(rule),
                    Ok(()) if reported => Verdict::Accepted,
                    Ok(()) => Verdict::Overlapped,
                };
                explained.push(Explained {
                    term,
                    start,
                    end,
                    distance: candidate.distance,
                    verdict,
                });
            }
        });
        explained.sort_by_key(|one| (one.start, one.end, one.distance, one.term));
        explained
    }

    /// Gives every window and group of terms that are within the group's edits.
    fn for_near(
        &self,
        words: &[Vec<words::Word>; 2],
        codes: &[u32],
        mut found: impl FnMut(usize, &Lexicon, Candidate),
    ) {
        for (number, part) in self.parts().enumerate() {
            part.for_near_of_part(&words[number], codes, |candidate| {
                found(number, part, candidate);
            });
        }
    }

    fn for_near_of_part(
        &self,
        words: &[words::Word],
        codes: &[u32],
        mut found: impl FnMut(Candidate),
    ) {
        let rows: &[GroupRow] = self.compiled.section(Section::Groups);
        let letters: &[u8] = self.compiled.section(Section::Letters);
        let longest = self.compiled.header.longest as usize + usize::from(super::MAX_DISTANCE);
        for (group, pair) in rows.windows(2).enumerate() {
            let own = codes_of(&letters[span(pair[0].letters, pair[1].letters, letters.len())]);
            for (first, from) in words.iter().enumerate() {
                for (last, to) in words.iter().enumerate().skip(first) {
                    let start = from.start as usize;
                    if last > first && to.breaks || to.end(true) > start + longest {
                        break;
                    }
                    for stem in [false, true] {
                        let window = codes.get(start..to.end(stem)).unwrap_or(&[]);
                        if stem && !to.possessive {
                            continue;
                        }
                        if let Some(distance) = osa(window, &own, pair[0].edits) {
                            found(Candidate {
                                first: first as u32,
                                last: last as u32,
                                stem,
                                group: group as u32,
                                distance,
                                letters: pair[0].length,
                                window_letters: window.len() as u16,
                            });
                        }
                    }
                }
            }
        }
    }
}

fn codes_of(letters: &[u8]) -> Vec<u32> {
    std::str::from_utf8(letters)
        .unwrap_or("")
        .chars()
        .map(u32::from)
        .collect()
}
