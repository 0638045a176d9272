//! Document frequencies, learned from the user's own text: what is frequent there is no misspelling.

use std::collections::HashMap;
use std::ops::Range;

use crate::bounds::{Grow, Interrupts, OutOfMemory};
use crate::lexicon::tables::hash::MAX_LETTERS;
use crate::lexicon::tables::standing::FREQUENT;
use crate::text::{Folded, Pieces, Room};

/// Words kept at once, and bytes of their letters; beyond either the rarest are dropped (lossy counting,
/// Manku and Motwani 2002), so that learning from any amount of text takes at most some 250 MiB.
const MAX_LEARNED: usize = 1 << 21;
const MAX_LEARNED_BYTES: usize = 64 << 20;
/// Words of this many letters are one step of [`Interrupts`].
const STEP: usize = 64;
/// Words of a document that are folded at a time.
const PIECE: usize = 2048;

/// Counts in how many documents each word stands.
#[derive(Default)]
pub struct Learner {
    folded: Folded,
    words: HashMap<Box<[u8]>, Learned>,
    /// Bytes of the letters of all words.
    bytes: usize,
    documents: u32,
    interrupts: Interrupts,
}

struct Learned {
    documents: u32,
    /// The last document that had the word, so that a word counts once per document.
    last: u32,
}

impl Learner {
    /// Makes learning interruptible: the check of `interrupts` is called now and then.
    pub fn interrupted_by(interrupts: Interrupts) -> Learner {
        Learner {
            interrupts,
            ..Learner::default()
        }
    }

    /// Counts the words of a document.
    pub fn learn(&mut self, document: &str) -> Result<(), OutOfMemory> {
        let mut folded = std::mem::take(&mut self.folded);
        self.documents = self.documents.saturating_add(1);
        let mut pieces = Pieces::of(document);
        loop {
            let piece = pieces.fold(&mut folded, Room::of(PIECE), 0, &self.interrupts)?;
            self.count(&folded, piece.own.clone())?;
            if piece.is_last {
                break;
            }
            pieces.go_on(&folded, piece.own.end);
        }
        self.folded = folded;
        Ok(())
    }

    fn count(&mut self, folded: &Folded, own: Range<usize>) -> Result<(), OutOfMemory> {
        let letters = folded.letters();
        for token in folded.tokens().get(own).unwrap_or(&[]) {
            let word = letters
                .get(token.start as usize..token.end as usize)
                .unwrap_or(&[]);
            self.interrupts.steps(1 + word.len() / STEP);
            let without_s =
                &word[..word.len() - usize::from(token.possessive() && !word.is_empty())];
            let readings = if token.possessive() { 2 } else { 1 };
            for word in [word, without_s].iter().take(readings) {
                if word.len() > MAX_LETTERS {
                    continue;
                }
                match self.words.get_mut(*word) {
                    Some(learned) if learned.last != self.documents => {
                        learned.documents = learned.documents.saturating_add(1);
                        learned.last = self.documents;
                    }
                    Some(_) => {}
                    None => self.meet(word)?,
                }
            }
        }
        Ok(())
    }

    /// Adds a word that was not seen before, or was forgotten.
    fn meet(&mut self, word: &[u8]) -> Result<(), OutOfMemory> {
        if self.words.len() >= MAX_LEARNED || self.bytes >= MAX_LEARNED_BYTES {
            self.forget();
        }
        let mut own = Vec::new();
        own.try_grow_exact(word.len())?;
        own.extend_from_slice(word);
        self.words.try_reserve(1).map_err(|_| OutOfMemory)?;
        let learned = Learned {
            documents: 1,
            last: self.documents,
        };
        self.words.insert(own.into_boxed_slice(), learned);
        self.bytes += word.len();
        Ok(())
    }

    /// Drops the rarest words, at least a quarter of all, so that words are looked through once for many
    /// that are met.
    fn forget(&mut self) {
        let mut fewest = FREQUENT;
        while self.words.len() > MAX_LEARNED / 4 * 3 || self.bytes > MAX_LEARNED_BYTES / 4 * 3 {
            let (interrupts, bytes) = (&self.interrupts, &mut self.bytes);
            self.words.retain(|word, learned| {
                interrupts.step();
                let kept = learned.documents >= fewest;
                *bytes -= if kept { 0 } else { word.len() };
                kept
            });
            fewest = fewest.saturating_mul(2);
        }
    }

    #[cfg(test)]
    pub(crate) fn held_bytes(&self) -> usize {
        self.bytes
    }

    /// How many documents were learned from.
    pub fn documents(&self) -> u32 {
        self.documents
    }

    /// The folded words that stand in two documents or more, each with the number of its documents. Rarer
    /// words make no difference to matching and are left out.
    pub fn words(&self) -> impl Iterator<Item = (&str, u32)> {
        self.words
            .iter()
            .filter(|(_, learned)| learned.documents >= FREQUENT)
            .filter_map(|(word, learned)| {
                Some((std::str::from_utf8(word).ok()?, learned.documents))
            })
    }
}
