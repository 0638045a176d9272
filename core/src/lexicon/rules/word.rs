//! A word of a text, and what the lexicon knows of it.

use crate::lexicon::settings::MAX_DISTANCE;
use crate::lexicon::tables::MAX_LETTERS;
use crate::lexicon::tables::standing::Standing;

/// No window has more letters: the longest term and the letters that edits may add.
pub(crate) const MAX_WINDOW: usize = MAX_LETTERS + MAX_DISTANCE as usize;
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// Letters of the text before it, and up to its end: bytes of ASCII text, else characters.
    pub start: u32,
    pub end: u32,
    /// Hash of its bytes; 0 if it is endless.
    pub hash: u64,
    pub standing: Standing,
    /// The standing of the word without its possessive s.
    pub standing_without_s: Standing,
    pub possessive: bool,
    /// A number, or a word run together with one, as in codes ("s60abcl").
    pub code: bool,
    /// No window holds this word and the one before.
    pub breaks: bool,
    /// Longer than any window.
    pub endless: bool,
}

impl Word {
    pub const NONE: Word = Word {
        start: 0,
        end: 0,
        hash: 0,
        standing: Standing::UNKNOWN,
        standing_without_s: Standing::UNKNOWN,
        possessive: false,
        code: false,
        breaks: false,
        endless: false,
    };

    /// The ways to read the word, as arguments of [`Word::standing`] and [`Word::end`]: without its
    /// possessive s (true), if it has one, and as it is (false).
    #[inline(always)]
    pub fn readings(&self) -> &'static [bool] {
        if self.possessive {
            &[true, false]
        } else {
            &[false]
        }
    }

    /// The standing of the word, read without its possessive s or as it is.
    #[inline(always)]
    pub fn standing(&self, without_s: bool) -> Standing {
        if without_s {
            self.standing_without_s
        } else {
            self.standing
        }
    }

    /// The position in the letters where the word ends, read without its possessive s or as it is.
    #[inline(always)]
    pub fn end(&self, without_s: bool) -> usize {
        self.end as usize - usize::from(without_s)
    }
}

/// Whether a word of the text may be a misspelling: it is no word of a term, no number or part of one
/// (`code`), and, for guarded terms, no ordinary word.
#[inline(always)]
pub(crate) fn may_be_changed(standing: Standing, code: bool, guarded: bool) -> bool {
    !(standing.in_lexicon() | code | guarded & standing.common())
}

/// Whether a word may be a misspelling with no other word beside it: for guarded terms, a word of the
/// dictionary may only in a brief text.
#[inline(always)]
pub(crate) fn may_be_changed_alone(standing: Standing, guarded: bool, brief: bool) -> bool {
    !(guarded & standing.in_dictionary() & !brief)
}
