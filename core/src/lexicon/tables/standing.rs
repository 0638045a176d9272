//! What is known of a word: whether a term has it, whether it is an ordinary word, and how often it stood
//! in the learned documents; in 64 bits.

/// Vocabulary number of a token that no term has.
pub(crate) const FOREIGN: u32 = u32::MAX;
/// Vocabulary number of a token that a term has, but none of the part that is searched.
const ELSEWHERE: u32 = u32::MAX - 1;
pub(super) const COMMON: u32 = 1 << 31;
pub(super) const SHARED: u32 = 1 << 30;
/// Flags that `recent` adds to what a slot says: from the dictionary, or found out by searches.
const DICTIONARY: u32 = 1 << 29;
const NAME: u32 = 1 << 28;
pub(super) const BARREN: u32 = 1 << 27;
const NO_TERM: u32 = 1 << 26;
const NO_BEGINNING: u32 = 1 << 25;
pub(super) const MOST: u32 = NO_BEGINNING - 1;
/// The number of learned documents from which on a word is compared with the words it resembles; a rarer
/// one may be a misspelling of anything.
pub(crate) const FREQUENT: u32 = 2;

/// What a lexicon knows of a token: its vocabulary number, what kind of word it is, and its frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub vocabulary: u32,
    pub(super) info: u32,
}

impl Standing {
    pub const UNKNOWN: Standing = Standing {
        vocabulary: FOREIGN,
        info: 0,
    };

    #[inline(always)]
    pub fn in_lexicon(self) -> bool {
        self.vocabulary != FOREIGN
    }

    /// The standing of the word in a part of the lexicon, base or delta, where only the other part has it.
    pub fn elsewhere(self) -> Standing {
        Standing {
            vocabulary: ELSEWHERE,
            info: self.info & !SHARED,
        }
    }

    /// The standing of the word where no term has it.
    pub fn nowhere(self) -> Standing {
        Standing {
            vocabulary: FOREIGN,
            ..self
        }
    }

    /// Whether it is an ordinary word of the language.
    #[inline(always)]
    pub fn common(self) -> bool {
        self.info & COMMON != 0
    }

    /// Whether it is a word of a term of several words.
    #[inline(always)]
    pub fn shared(self) -> bool {
        self.info & SHARED != 0
    }

    /// Whether it is a word of the dictionary.
    #[inline(always)]
    pub fn in_dictionary(self) -> bool {
        self.info & DICTIONARY != 0
    }

    /// Whether it is a name of the dictionary.
    #[inline(always)]
    pub fn name(self) -> bool {
        self.info & NAME != 0
    }

    /// Whether it was found to be no misspelling of any term where it stands alone.
    #[inline(always)]
    pub fn barren(self) -> bool {
        self.info & BARREN != 0
    }

    /// Whether no term has exactly the letters of this word.
    #[inline(always)]
    pub fn no_term(self) -> bool {
        self.info & NO_TERM != 0
    }

    /// Whether no longer term begins with the letters of this word.
    #[inline(always)]
    pub fn no_beginning(self) -> bool {
        self.info & NO_BEGINNING != 0
    }

    /// Whether the word neither is a term by itself nor begins one.
    #[inline(always)]
    pub fn begins_none(self) -> bool {
        self.info & (NO_TERM | NO_BEGINNING) == NO_TERM | NO_BEGINNING
    }

    /// The standing, with whether the dictionary has it as a word and whether it has it as a name.
    #[inline(always)]
    pub fn with_dictionary(mut self, word: bool, name: bool) -> Standing {
        self.info &= !(DICTIONARY | NAME);
        self.set(DICTIONARY, word);
        self.set(NAME, name);
        self
    }

    /// The standing, with whether its letters are a term, and whether a longer term begins with them.
    #[inline(always)]
    pub fn with_terms(mut self, term: bool, beginning: bool) -> Standing {
        self.set(NO_TERM, !term);
        self.set(NO_BEGINNING, !beginning);
        self
    }

    /// The standing without what searches found out: whether it is barren, a term, or begins one.
    pub fn plain(self) -> Standing {
        Standing {
            info: self.info & !(BARREN | NO_TERM | NO_BEGINNING),
            ..self
        }
    }

    /// The number of learned documents that have the word.
    pub fn frequency(self) -> u32 {
        self.info & MOST
    }

    pub(super) fn set(&mut self, flag: u32, on: bool) {
        self.info |= if on { flag } else { 0 };
    }
}
