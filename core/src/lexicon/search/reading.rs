//! A text read stretch by stretch: as much of it at a time as has a bounded number of candidates, so
//! that a search of any text takes bounded memory beside what it returns, and can be interrupted.
//!
//! A stretch is a range of *places*: words, or in substring mode letters. All candidates that begin in
//! it are found with the letters behind it that the longest term may reach. What `overlap` leaves in
//! doubt belongs to the next stretch.

use std::ops::Range;

use super::bounds::Bounds;
use super::overlap::{Places, Settled};
use super::scratch::{Scratch, Size};
use super::substring;
use crate::bounds::{EVERY, Interrupts, OutOfMemory};
use crate::lexicon::parts::{Lexicon, Part};
use crate::lexicon::rules::{self, BRIEF, MAX_WINDOW};
use crate::lexicon::settings::MAX_DISTANCE;
use crate::text::{Folded, Piece, Pieces, Room};

pub(super) struct Reading<'a> {
    lexicon: &'a Lexicon,
    text: &'a str,
    interrupts: &'a Interrupts,
    pieces: Pieces<'a>,
    /// In substring mode, the folded piece whose end has not been reached.
    piece: Option<Piece>,
    /// The most letters of a term, or of a window near it.
    reach: usize,
    size: Size,
    /// The fewest words, and letters, to read: shorter stretches were too short to settle anything.
    fewest: (usize, usize),
    brief: Option<bool>,
    /// In substring mode, how many letters of the piece's own tokens have been read.
    read: u32,
    /// How many places of the next stretch, from its beginning on, belong to an earlier mention.
    held: u32,
}

/// A range of places whose candidates were found.
pub(super) struct Stretch {
    start: u32,
    end: u32,
    is_last: bool,
}

impl Stretch {
    pub fn places(&self, reading: &Reading<'_>) -> Places {
        Places {
            start: self.start,
            held: reading.held,
            end: (!self.is_last).then_some(self.end),
        }
    }
}

impl<'a> Reading<'a> {
    pub fn of(
        lexicon: &'a Lexicon,
        text: &'a str,
        size: Size,
        interrupts: &'a Interrupts,
    ) -> Reading<'a> {
        let reach = lexicon.reach();
        Reading {
            lexicon,
            text,
            interrupts,
            pieces: Pieces::of(text),
            piece: None,
            reach,
            size,
            fewest: (1, 1),
            brief: None,
            read: 0,
            held: 0,
        }
    }

    /// Finds the candidates of the next stretch, overlapping ones included.
    pub fn next(&mut self, scratch: &mut Scratch) -> Result<Stretch, OutOfMemory> {
        if !self.lexicon.settings().whole_words {
            return self.next_letters(scratch);
        }
        loop {
            let piece = self.fold(&mut scratch.folded)?;
            scratch.brief = self.is_brief(&piece, &mut scratch.folded)?;
            let most = self.most(self.size.words, self.fewest.0);
            let own = piece.own.start as u32..piece.own.end as u32;
            let all = piece.is_last && own.start == 0;
            let bounds = Bounds {
                firsts: &piece.own,
                most,
                interrupts: self.interrupts,
            };
            let is_all = self.lexicon.candidates(bounds, scratch)?;
            if !all {
                let is_own = |first: u32| own.contains(&first);
                scratch
                    .candidates
                    .retain(|candidate| is_own(candidate.first));
            }
            if !is_all || scratch.candidates.len() > most {
                self.size.words = (self.size.words / 2).max(self.fewest.0);
                continue;
            }
            return Ok(Stretch {
                start: own.start,
                end: own.end,
                is_last: piece.is_last,
            });
        }
    }

    /// Goes on behind what was settled of a stretch. False if it was the last one.
    pub fn go_on(&mut self, scratch: &Scratch, stretch: &Stretch, settled: Settled) -> bool {
        let Some(until) = settled.until else {
            return false;
        };
        self.held = settled.held;
        let folded = &scratch.folded;
        if self.lexicon.settings().whole_words {
            if until == stretch.start {
                self.grow();
            } else {
                self.pieces.go_on(folded, until as usize);
            }
            return true;
        }
        let Some(piece) = self.piece.take() else {
            return false;
        };
        let end = place_of(folded, piece.own.end);
        if stretch.end < end {
            if until == stretch.start {
                self.size.letters = self.size.letters.saturating_mul(2);
                self.fewest.1 = self.size.letters as usize;
            }
            self.read = until - place_of(folded, piece.own.start);
            self.piece = Some(piece);
            return true;
        }
        if until == stretch.start {
            self.grow();
        }
        let tokens = folded.tokens();
        let token = tokens.partition_point(|token| token.end <= until);
        let token = folded.border(token).max(piece.own.start);
        self.read = until - place_of(folded, token);
        self.pieces.go_on(folded, token);
        true
    }

    /// Reads more at a time: nothing of a stretch could be settled.
    fn grow(&mut self) {
        self.size.words *= 2;
        self.fewest.0 = self.size.words;
    }

    /// The most candidates of a stretch; with more it is read again, shorter. No limit applies to a
    /// stretch that cannot be shorter.
    fn most(&self, size: usize, fewest: usize) -> usize {
        let is_least = size <= fewest.max(self.reach);
        if is_least {
            usize::MAX
        } else {
            self.size.candidates
        }
    }

    fn fold(&self, folded: &mut Folded) -> Result<Piece, OutOfMemory> {
        let room = Room::of(self.size.words);
        self.pieces.fold(folded, room, self.reach, self.interrupts)
    }

    /// Whether the whole text has few words, as the rules see it; the piece is the one that was folded.
    fn is_brief(&mut self, piece: &Piece, folded: &mut Folded) -> Result<bool, OutOfMemory> {
        if let Some(brief) = self.brief {
            return Ok(brief);
        }
        let brief = match rules::is_brief(folded.tokens()) {
            brief if piece.is_last || !brief => brief,
            // A single word so far, of letters and digits by turns.
            _ => {
                let brief = is_brief(self.text, folded, self.interrupts)?;
                self.fold(folded)?;
                brief
            }
        };
        self.brief = Some(brief);
        Ok(brief)
    }

    fn next_letters(&mut self, scratch: &mut Scratch) -> Result<Stretch, OutOfMemory> {
        let piece = match self.piece.take() {
            Some(piece) => piece,
            None => self.fold(&mut scratch.folded)?,
        };
        let own_end = place_of(&scratch.folded, piece.own.end);
        let start = place_of(&scratch.folded, piece.own.start) + self.read;
        self.read = 0;
        loop {
            let most = self.most(self.size.letters as usize, self.fewest.1);
            let end = start.saturating_add(self.size.letters).min(own_end);
            self.interrupts.steps(EVERY as usize);
            let is_all = self.lexicon.substrings(start..end, most, scratch);
            if !is_all || scratch.candidates.len() > most {
                self.size.letters /= 2;
                continue;
            }
            let is_last = piece.is_last && end == own_end;
            self.piece = Some(piece);
            return Ok(Stretch {
                start,
                end,
                is_last,
            });
        }
    }
}

/// Whether a whole text has few words, as the rules see it. Reads no further than these.
pub(crate) fn is_brief(
    text: &str,
    folded: &mut Folded,
    interrupts: &Interrupts,
) -> Result<bool, OutOfMemory> {
    let (mut pieces, mut words) = (Pieces::of(text), 0);
    loop {
        let piece = pieces.fold(folded, Room::of(Size::default().words), 0, interrupts)?;
        let own = folded.tokens().get(piece.own.clone()).unwrap_or(&[]);
        words += own.iter().filter(|token| !token.joined()).count();
        if piece.is_last || words > BRIEF {
            return Ok(words <= BRIEF);
        }
        pieces.go_on(folded, piece.own.end);
    }
}

/// Where a token begins in letters.
fn place_of(folded: &Folded, token: usize) -> u32 {
    let token = folded.tokens().get(token);
    token.map_or(folded.letters().len() as u32, |token| token.start)
}

impl Lexicon {
    /// Letters that a window may have, and one for a possessive s.
    pub(crate) fn reach(&self) -> usize {
        let longest = |part: &Part| part.compiled.header.longest as usize;
        let longest = self.parts().map(|(_, part)| longest(part)).max();
        let longest = longest.unwrap_or(0) + usize::from(MAX_DISTANCE);
        longest.min(MAX_WINDOW) + 1
    }

    /// Fills the candidates that begin in a range of letters. False if it ended early, with more than
    /// `most`.
    fn substrings(&self, places: Range<u32>, most: usize, scratch: &mut Scratch) -> bool {
        let Scratch {
            folded, candidates, ..
        } = scratch;
        candidates.clear();
        let mut is_all = true;
        self.each_part(
            candidates,
            |_, part, found| {
                let (compiled, automaton) = (&part.compiled, part.automaton());
                let places = places.clone();
                is_all &= substring::candidates(compiled, automaton, folded, places, most, found);
            },
            |candidate| self.members(candidate.group).next().is_some(),
        );
        is_all
    }
}
