//! Why a text is found to mention what it does: every window within the edits of a term, and the rule
//! that accepted or refused it. Compares every window with every term, without any index: slow (a
//! text of 15 words takes about a second with a million terms), obvious, and for people.

use std::ops::{ControlFlow, Range};

use super::form::Groups;
use super::parts::{Both, Lexicon, Part};
use super::rules::{Candidate, Judge, Rule, Text, Word};
use super::search::{Mention, Recent, Scratch, fill, is_brief, source_of};
use super::settings::MAX_DISTANCE;
use super::tables::words::WordTables;
use crate::bounds::{Grow, Interrupts, OutOfMemory};
use crate::distance::osa_of_letters;
use crate::text::{Folded, Piece, Pieces, Room};

/// A window near a term, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explained {
    /// The number of the term.
    pub term: u32,
    /// The first byte of the window in the original text.
    pub start: usize,
    /// The byte after the window's last.
    pub end: usize,
    /// How many edits the window is away from the term.
    pub distance: u8,
    /// What became of the window.
    pub verdict: Verdict,
}

/// What became of a window near a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The window is a mention, and is reported.
    Accepted,
    /// The window passes every rule, but a better mention has some of its words, or already reports its
    /// id.
    Overlapped,
    /// A rule refuses the window.
    Refused(Rule),
}

impl Verdict {
    /// The verdict in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Overlapped => "overlapped by a better mention",
            Verdict::Refused(rule) => rule.as_str(),
        }
    }
}

/// Words explained at a time; each is compared with all terms.
const WORDS: usize = 256;
/// Words whose windows are put in order together: of nested terms, each may have thousands.
const TOGETHER: usize = 8;

impl Lexicon {
    /// Gives every window of a text that is within the edits of a term, in the order of their start; none
    /// for a lexicon without word boundaries, which has no rules to explain. Memory is bounded, as it is
    /// for [`Lexicon::each_mention`].
    pub fn each_explained(
        &self,
        text: &str,
        interrupts: &Interrupts,
        mut visit: impl FnMut(&Explained),
    ) -> Result<(), OutOfMemory> {
        let settings = self.settings();
        if !settings.whole_words {
            return Ok(());
        }
        let mut explainer = Explainer::of(self, text, interrupts)?;
        let mut failed = None;
        let mut scratch = Scratch::new();
        self.each_mention(
            text,
            settings.overlap,
            interrupts,
            &mut scratch,
            |mention| {
                while explainer.ends_before(mention.start) {
                    if let Err(error) = explainer.explain(&mut visit) {
                        failed = Some(error);
                        return ControlFlow::Break(());
                    }
                }
                explainer.mentions.push(*mention);
                ControlFlow::Continue(())
            },
        )?;
        if let Some(error) = failed {
            return Err(error);
        }
        while explainer.piece.is_some() {
            explainer.explain(&mut visit)?;
        }
        Ok(())
    }

    /// Collects what [`Lexicon::each_explained`] gives.
    #[cfg(test)]
    pub(crate) fn explain(&self, text: &str) -> Vec<Explained> {
        let mut explained = Vec::new();
        self.each_explained(text, &Interrupts::default(), |one| explained.push(*one))
            .unwrap();
        explained
    }
}

/// A text on the way from explained piece to explained piece.
struct Explainer<'a> {
    lexicon: &'a Lexicon,
    interrupts: &'a Interrupts,
    pieces: Pieces<'a>,
    folded: Folded,
    /// The piece that is explained next.
    piece: Option<Piece>,
    brief: bool,
    recent: Recent,
    words: Both<Vec<Word>>,
    codes: Vec<u32>,
    explained: Vec<Explained>,
    /// The mentions in the piece and, as far as they are known, behind it; in the order of the text.
    mentions: Vec<Mention>,
}

impl<'a> Explainer<'a> {
    fn of(
        lexicon: &'a Lexicon,
        text: &'a str,
        interrupts: &'a Interrupts,
    ) -> Result<Explainer<'a>, OutOfMemory> {
        let mut folded = Folded::new();
        let brief = is_brief(text, &mut folded, interrupts)?;
        let mut explainer = Explainer {
            lexicon,
            interrupts,
            pieces: Pieces::of(text),
            folded,
            piece: None,
            brief,
            recent: Recent::default(),
            words: Both::default(),
            codes: Vec::new(),
            explained: Vec::new(),
            mentions: Vec::new(),
        };
        explainer.fold()?;
        Ok(explainer)
    }

    fn fold(&mut self) -> Result<(), OutOfMemory> {
        let (room, reach) = (Room::of(WORDS), self.lexicon.reach());
        let folded = &mut self.folded;
        self.piece = Some(self.pieces.fold(folded, room, reach, self.interrupts)?);
        Ok(())
    }

    /// Whether what is explained next ends before a byte of the text.
    fn ends_before(&self, at: usize) -> bool {
        self.piece.as_ref().is_some_and(|piece| {
            let next = self.folded.tokens().get(piece.own.end);
            next.is_some_and(|next| next.source_start as usize <= at)
        })
    }

    /// Explains the piece, all mentions of which are known, and goes on to the next.
    fn explain(&mut self, visit: &mut impl FnMut(&Explained)) -> Result<(), OutOfMemory> {
        let Some(piece) = self.piece.take() else {
            return Ok(());
        };
        let letters = self.folded.letters();
        self.codes.clear();
        self.codes.try_grow(letters.len())?;
        self.codes.extend(letters_of(letters));
        let tables = WordTables::of(self.lexicon.base.compiled.view());
        let words = &mut self.words;
        fill(&tables, &mut self.recent, &self.folded, &mut words.base);
        if let Some(layer) = &self.lexicon.delta {
            layer.amend(&self.folded, words);
        }
        let mut from = piece.own.start;
        while from < piece.own.end {
            // Words of one character stay together.
            let next = piece.own.end.min(from + TOGETHER);
            let border = Some(self.folded.border(next)).filter(|&border| border > from);
            let to = border.unwrap_or(next);
            self.explain_words(&(from..to), visit);
            from = to;
        }
        if !piece.is_last {
            let next = self.folded.tokens().get(piece.own.end);
            let end = next.map_or(usize::MAX, |next| next.source_start as usize);
            self.mentions.retain(|mention| mention.start >= end);
            self.pieces.go_on(&self.folded, piece.own.end);
            self.fold()?;
        }
        Ok(())
    }

    /// Explains the windows that begin with some words of the piece.
    fn explain_words(&mut self, firsts: &Range<usize>, visit: &mut impl FnMut(&Explained)) {
        let mut explained = std::mem::take(&mut self.explained);
        explained.clear();
        for (side, part) in self.lexicon.parts() {
            let text = Text::of(&self.folded, self.brief, &self.words[side]);
            let judge = Judge::of(part.compiled.view(), text);
            let (codes, interrupts) = (&self.codes, self.interrupts);
            for_near(part, text.words, firsts, codes, interrupts, |candidate| {
                let Some(source) = source_of(&self.folded, &candidate, true) else {
                    return;
                };
                for (term, verdict) in judge.verdicts(candidate) {
                    let Some(term) = self.lexicon.whole_number(side, term) else {
                        continue;
                    };
                    let verdict = match verdict {
                        Err(rule) => Verdict::Refused(rule),
                        Ok(()) if self.is_reported(&source, term) => Verdict::Accepted,
                        Ok(()) => Verdict::Overlapped,
                    };
                    explained.push(Explained {
                        term,
                        start: source.start,
                        end: source.end,
                        distance: candidate.distance,
                        verdict,
                    });
                }
            });
        }
        explained.sort_by_key(|one| (one.start, one.end, one.distance, one.term));
        explained.iter().for_each(visit);
        self.explained = explained;
    }

    fn is_reported(&self, source: &Range<usize>, term: u32) -> bool {
        let place = (source.start, source.end);
        let from = self.mentions.partition_point(|m| (m.start, m.end) < place);
        let same = self.mentions[from..].iter();
        let mut same = same.take_while(|m| (m.start, m.end) == place);
        same.any(|mention| mention.term == term)
    }
}

/// Gives the windows near the terms of a part that begin with one of the words `firsts`.
fn for_near(
    part: &Part,
    words: &[Word],
    firsts: &Range<usize>,
    codes: &[u32],
    interrupts: &Interrupts,
    mut found: impl FnMut(Candidate),
) {
    let groups = Groups::of(part.compiled.view());
    let longest = part.compiled.header.longest as usize + usize::from(MAX_DISTANCE);
    let mut term = Vec::new();
    for group in 0..groups.len() as u32 {
        let Some(row) = groups.row(group) else {
            continue;
        };
        term.clear();
        term.extend(letters_of(groups.letters(group)));
        for (first, from) in words.iter().enumerate().take(firsts.end).skip(firsts.start) {
            interrupts.step();
            let start = from.start as usize;
            for (last, to) in words.iter().enumerate().skip(first) {
                if last > first && to.breaks || to.end(true) > start + longest {
                    break;
                }
                for without_s in [false, true] {
                    #[cfg(test)]
                    super::work::add(1);
                    let window = codes.get(start..to.end(without_s)).unwrap_or(&[]);
                    if without_s && !to.possessive {
                        continue;
                    }
                    let edits = usize::from(row.edits);
                    if let Some(distance) = osa_of_letters(window, &term, edits) {
                        found(Candidate {
                            first: first as u32,
                            last: last as u32,
                            without_s,
                            group,
                            distance: distance as u8,
                            letters: row.length,
                            window_letters: window.len() as u16,
                        });
                    }
                }
            }
        }
    }
}

fn letters_of(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let letters = std::str::from_utf8(bytes).unwrap_or("");
    letters.chars().map(u32::from)
}
