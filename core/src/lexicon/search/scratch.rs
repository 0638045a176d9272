//! The buffers of a search.

use super::fuzzy::FuzzyScratch;
use super::mention::Mention;
use super::overlap::State;
use super::recent::Recent;
use crate::bounds::{Grow, OutOfMemory};
use crate::lexicon::parts::{Both, Lexicon};
use crate::lexicon::rules::{Candidate, Word};
use crate::text::Folded;

/// The limits of one stretch of a text.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub words: usize,
    /// Letters of a stretch in substring mode.
    pub letters: u32,
    /// With more candidates the stretch is read again, shorter: a hundred nested terms may begin at each
    /// word of a text.
    pub candidates: usize,
}

impl Default for Size {
    /// 100 KiB of candidates, and 400 of words with what is remembered of them.
    fn default() -> Size {
        Size {
            words: 2048,
            letters: 16 << 10,
            candidates: 4 << 10,
        }
    }
}

/// Buffers of a search, to be kept and used again: a search then allocates nothing.
#[derive(Default)]
pub struct Scratch {
    pub(super) folded: Folded,
    pub(super) codes: Vec<u32>,
    /// The words of the text, as the base knows them and as the delta does.
    pub(super) words: Both<Vec<Word>>,
    pub(super) recent: Recent,
    pub(super) fuzzy: Both<FuzzyScratch>,
    /// The delta that `fuzzy` is about.
    delta: u64,
    /// Whether the text has few words; see [`is_brief`](crate::lexicon::rules::is_brief).
    pub(super) brief: bool,
    pub(super) candidates: Vec<Candidate>,
    pub(super) states: Vec<State>,
    pub(super) mentions: Vec<Mention>,
    pub(crate) size: Size,
    /// The mentions that [`Lexicon::search`] returns.
    pub(super) found: Vec<Mention>,
    /// Whether a search has begun and not ended, perhaps because an interrupt unwound it.
    is_busy: bool,
}

/// Buffers for more letters than this are freed after a search; only a text with one huge word needs them.
const KEPT_LETTERS: usize = 1 << 18;

impl Scratch {
    /// Makes empty buffers, which grow with the texts that are searched.
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// Prepares the buffers for a search, and discards what an interrupted one left half done.
    pub(super) fn begin(&mut self) -> &mut Scratch {
        if self.is_busy {
            *self = Scratch {
                size: self.size,
                ..Scratch::default()
            };
        }
        self.is_busy = true;
        self
    }

    pub(super) fn end(&mut self) {
        self.is_busy = false;
        if self.folded.padded().len() > KEPT_LETTERS {
            self.folded = Folded::new();
            self.codes = Vec::new();
        }
    }

    /// Makes room for the words of the folded text, and forgets what was remembered of another lexicon or
    /// delta.
    pub(super) fn prepare_for(&mut self, lexicon: &Lexicon) -> Result<(), OutOfMemory> {
        self.candidates.clear();
        let delta = lexicon.delta.as_ref().map_or(0, |layer| layer.identity);
        if self.delta != delta {
            self.fuzzy = Both::default();
            self.delta = delta;
        }
        self.recent.reset_for(lexicon.base.compiled.identity());
        let tokens = self.folded.tokens().len();
        for words in [&mut self.words.base, &mut self.words.delta] {
            words.try_grow(tokens.saturating_sub(words.len()))?;
        }
        self.codes.clear();
        if !self.folded.is_ascii() {
            let letters = self.folded.letters();
            self.codes.try_grow(letters.len())?;
            let letters = std::str::from_utf8(letters).unwrap_or("");
            self.codes.extend(letters.chars().map(u32::from));
        }
        Ok(())
    }
}
