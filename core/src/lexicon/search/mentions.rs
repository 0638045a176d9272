//! What a search gives: mentions one by one, all at once, or whether there is any.

use std::ops::ControlFlow;

use super::mention::Mention;
use super::reading::Reading;
use super::scratch::Scratch;
use crate::bounds::{Interrupts, OutOfMemory};
use crate::lexicon::parts::Lexicon;
use crate::lexicon::settings::Overlap;

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
        self.search_overlapping(text, self.settings().overlap, scratch)
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
}
