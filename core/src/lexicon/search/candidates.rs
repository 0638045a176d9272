//! The candidates of a folded piece of text: the windows that are written like a term or misspelled, of base
//! and delta, overlapping ones included.

use super::bounds::Bounds;
use super::exact;
use super::fuzzy::{Fuzzy, FuzzyScratch};
use super::recent::Recent;
use super::scratch::Scratch;
use super::words;
use crate::bounds::OutOfMemory;
use crate::lexicon::parts::{Both, Lexicon, Side};
use crate::lexicon::rules::{Candidate, Text, Word};
use crate::lexicon::tables::exact::Exact;
use crate::lexicon::tables::hash::Letter;
use crate::lexicon::tables::words::WordTables;
use crate::text::Folded;

/// A folded piece of text and its words.
#[derive(Clone, Copy)]
struct Piece<'a> {
    folded: &'a Folded,
    words: &'a Both<Vec<Word>>,
    /// Whether the whole text has few words.
    brief: bool,
    bounds: Bounds<'a>,
}

impl Lexicon {
    /// Fills in the candidates of the folded text. Returns false if it ended early, with more candidates
    /// than the bounds allow.
    pub(super) fn candidates(
        &self,
        bounds: Bounds<'_>,
        scratch: &mut Scratch,
    ) -> Result<bool, OutOfMemory> {
        scratch.prepare_for(self)?;
        let Scratch {
            folded,
            codes,
            words,
            recent,
            fuzzy,
            brief,
            candidates,
            ..
        } = scratch;
        let tables = WordTables::of(self.base.compiled.view());
        words::fill(&tables, recent, folded, &mut words.base);
        if let Some(layer) = &self.delta {
            layer.amend(folded, words);
        }
        let piece = Piece {
            folded,
            words,
            brief: *brief,
            bounds,
        };
        let exact = &tables.exact;
        Ok(if folded.is_ascii() {
            self.scan(piece, folded.letters(), exact, recent, fuzzy, candidates)
        } else {
            self.scan(piece, codes, exact, recent, fuzzy, candidates)
        })
    }

    fn scan<L: Letter>(
        &self,
        piece: Piece<'_>,
        letters: &[L],
        exact: &Exact<'_>,
        recent: &mut Recent,
        fuzzy: &mut Both<FuzzyScratch>,
        candidates: &mut Vec<Candidate>,
    ) -> bool {
        let Piece {
            folded,
            words,
            brief,
            bounds,
        } = piece;
        let mut is_all = true;
        self.each_part(
            candidates,
            |side, part, found| {
                let text = Text::of(folded, brief, &words[side]);
                let compiled = part.compiled.view();
                is_all &= match side {
                    Side::Base => exact::windows(exact, compiled, text, bounds, found),
                    Side::Delta => {
                        let exact = Exact::of(compiled);
                        exact::windows(&exact, compiled, text, bounds, found)
                    }
                };
                if !is_all {
                    return;
                }
                Fuzzy {
                    compiled,
                    letters,
                    text,
                    interrupts: bounds.interrupts,
                }
                .search(&mut fuzzy[side], found);
                let barren = fuzzy[side].barren.drain(..);
                if self.delta.is_none() {
                    barren.for_each(|word| recent.mark_barren(word));
                }
            },
            |candidate| {
                self.accepted(folded, brief, words, candidate)
                    .next()
                    .is_some()
            },
        );
        is_all
    }
}
