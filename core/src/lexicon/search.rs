//! The search: fold, look up each token, find exact windows, find misspelled ones, settle overlaps,
//! and say where in the original each mention stands; all of it stretch by stretch (see `reading`).

use std::ops::{ControlFlow, Range};

use super::exact::{self, Exact};
use super::fuzzy::{Fuzzy, FuzzyScratch};
use super::guard::Text;
use super::hash::Letter;
use super::overlap::{Candidate, State};
use super::reading::{Reading, Size};
use super::recent::Recent;
use super::settings::Overlap;
use super::words::{self, Tables, Word};
use super::{Lexicon, Mention};
use crate::bounds::{Grow, Interrupts, OutOfMemory};
use crate::text::Folded;

/// Buffers of a search, to be kept and used again: a search then allocates nothing.
#[derive(Default)]
pub struct Scratch {
    pub(super) folded: Folded,
    codes: Vec<u32>,
    /// The words of the text, as the lexicon knows them and as its delta does.
    pub(super) words: [Vec<Word>; 2],
    recent: Recent,
    fuzzy: [FuzzyScratch; 2],
    /// The delta that `fuzzy` is about.
    delta: u64,
    /// Whether the text has few words; see [`super::guard::is_brief`].
    pub(super) brief: bool,
    pub(super) candidates: Vec<Candidate>,
    pub(super) states: Vec<State>,
    pub(super) mentions: Vec<Mention>,
    pub(super) size: Size,
    /// The mentions that [`Lexicon::search`] returns.
    found: Vec<Mention>,
    /// Whether a search has begun and not ended, perhaps because an interrupt unwound it.
    is_busy: bool,
}

/// Buffers for more letters than this are freed after a search; only a text with one huge word needs them.
const KEPT_LETTERS: usize = 1 << 18;

impl Scratch {
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// Prepares the buffers for a search, and discards what an interrupted one left half done.
    fn begin(&mut self) -> &mut Scratch {
        if self.is_busy {
            *self = Scratch {
                size: self.size,
                ..Scratch::default()
            };
        }
        self.is_busy = true;
        self
    }

    fn end(&mut self) {
        self.is_busy = false;
        if self.folded.padded().len() > KEPT_LETTERS {
            self.folded = Folded::new();
            self.codes = Vec::new();
        }
    }
}

/// A piece of a text, folded, and how it is to be searched.
#[derive(Clone, Copy)]
struct Piece<'a> {
    folded: &'a Folded,
    brief: bool,
    /// Its own words, and how many candidates it may have.
    own: &'a Range<usize>,
    most: usize,
    interrupts: &'a Interrupts,
}

impl<'a> Piece<'a> {
    fn text(self, words: &'a [Word]) -> Text<'a> {
        Text::of(self.folded, self.brief, words)
    }
}

impl Lexicon {
    /// Gives the mentions of the lexicon's terms in a text one by one, in the order of their start, end
    /// and id, until it is told to stop. Memory is bounded, whatever the text and how many they are,
    /// but for a single word without an end.
    pub fn each_mention(
        &self,
        text: &str,
        overlap: Overlap,
        interrupts: &Interrupts,
        scratch: &mut Scratch,
        mut visit: impl FnMut(&Mention) -> ControlFlow<()>,
    ) -> Result<(), OutOfMemory> {
        let scratch = scratch.begin();
        let mut reading = Reading::of(self, text, scratch.size, interrupts);
        loop {
            let stretch = reading.next(scratch)?;
            let settled = self.settle(overlap, stretch.places(&reading), interrupts, scratch);
            if !scratch.candidates.is_empty()
                && self
                    .report(text, interrupts, scratch, &mut visit)
                    .is_break()
                || !reading.go_on(scratch, &stretch, settled)
            {
                break;
            }
        }
        scratch.end();
        Ok(())
    }

    /// Whether a text mentions any term. Reads no further than the first stretch that does.
    pub fn is_match(
        &self,
        text: &str,
        interrupts: &Interrupts,
        scratch: &mut Scratch,
    ) -> Result<bool, OutOfMemory> {
        let scratch = scratch.begin();
        let mut reading = Reading::of(self, text, scratch.size, interrupts);
        let found = loop {
            let stretch = reading.next(scratch)?;
            // Of any candidates, the best one is a mention.
            if !scratch.candidates.is_empty() {
                break true;
            }
            let settled = self.settle(Overlap::All, stretch.places(&reading), interrupts, scratch);
            if !reading.go_on(scratch, &stretch, settled) {
                break false;
            }
        };
        scratch.end();
        Ok(found)
    }

    /// All mentions of a text at once, with the overlap that the lexicon's settings name: for texts of
    /// which they can be kept. Like any `Vec`, they end the process where memory does not suffice.
    pub fn search<'s>(&self, text: &str, scratch: &'s mut Scratch) -> &'s [Mention] {
        self.search_overlapping(text, self.compiled.settings().overlap, scratch)
    }

    /// All mentions of a text at once, with this choice among overlapping ones.
    pub fn search_overlapping<'s>(
        &self,
        text: &str,
        overlap: Overlap,
        scratch: &'s mut Scratch,
    ) -> &'s [Mention] {
        let mut found = std::mem::take(&mut scratch.found);
        found.clear();
        let kept = self.each_mention(text, overlap, &Interrupts::default(), scratch, |mention| {
            found.push(*mention);
            ControlFlow::Continue(())
        });
        if kept.is_err() {
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<Mention>());
        }
        scratch.found = found;
        &scratch.found
    }

    /// Fills the candidates of the folded text that begin with one of the words `own`, and others,
    /// overlapping ones included. False if it ended early, with more than `most`. `brief` says whether
    /// the text that it is a piece of has few words.
    pub(super) fn candidates(
        &self,
        scratch: &mut Scratch,
        brief: bool,
        (own, most): (&Range<usize>, usize),
        interrupts: &Interrupts,
    ) -> Result<bool, OutOfMemory> {
        scratch.candidates.clear();
        scratch.brief = brief;
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
        for words in words.iter_mut() {
            words.try_grow(tokens.len().saturating_sub(words.len()))?;
        }
        let compiled = self.compiled.view();
        let tables = Tables::of(compiled);
        recent.reset_for(compiled.header.identity());
        let piece = Piece {
            folded,
            brief,
            own,
            most,
            interrupts,
        };
        let is_all = if folded.is_ascii() {
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
                piece,
                words,
                recent,
                fuzzy,
                candidates,
            )
        } else {
            codes.clear();
            codes.try_grow(bytes.len())?;
            codes.extend(
                std::str::from_utf8(bytes)
                    .unwrap_or("")
                    .chars()
                    .map(u32::from),
            );
            words::fill(
                &tables,
                recent,
                folded.padded(),
                tokens,
                words::places(bytes),
                &mut words[0],
            );
            self.amend(folded, words);
            self.scan(
                codes,
                &tables.exact,
                piece,
                words,
                recent,
                fuzzy,
                candidates,
            )
        };
        Ok(is_all)
    }

    #[allow(clippy::too_many_arguments)] // The parts of a scratch, borrowed one by one.
    fn scan<L: Letter>(
        &self,
        letters: &[L],
        exact: &Exact<'_>,
        piece: Piece<'_>,
        words: &[Vec<Word>; 2],
        recent: &mut Recent,
        fuzzy: &mut [FuzzyScratch; 2],
        candidates: &mut Vec<Candidate>,
    ) -> bool {
        let mut is_all = true;
        self.each_part(
            candidates,
            |number, part, found| {
                let text = piece.text(&words[number]);
                let compiled = part.compiled.view();
                let bounds = (piece.own.clone(), piece.most);
                let interrupts = piece.interrupts;
                is_all &= match number {
                    0 => exact::windows(exact, compiled, text, bounds, interrupts, found),
                    _ => {
                        let exact = Exact::of(compiled);
                        exact::windows(&exact, compiled, text, bounds, interrupts, found)
                    }
                };
                if !is_all {
                    return;
                }
                Fuzzy {
                    compiled,
                    letters,
                    text,
                    interrupts,
                }
                .search(&mut fuzzy[number], found);
                let barren = fuzzy[number].barren.drain(..);
                if self.delta.is_none() {
                    barren.for_each(|word| recent.mark_barren(word));
                }
            },
            |candidate| {
                self.accepted(piece.folded, piece.brief, words, candidate)
                    .next()
                    .is_some()
            },
        );
        is_all
    }
}
