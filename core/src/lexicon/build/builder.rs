//! From terms, ordinary words and documents to the compiled form. Everything is kept in flat pools,
//! so that a million terms take no million allocations.

use super::groups::length_of;
use super::learner::Learner;
use crate::bounds::{Grow, Interrupts, OutOfMemory, extend};
use crate::lexicon::error::LexiconError;
use crate::lexicon::form::TermRow;
use crate::lexicon::settings::{Settings, TermOptions, allowed_edits};
use crate::lexicon::tables::hash;
use crate::lexicon::tables::hash::MAX_LETTERS;
use crate::lexicon::tables::posting::MAX_TERMS;
use crate::lexicon::tables::tokens::TokenTable;
use crate::text::Folded;

/// The most bytes a term may have as written: room for its letters and ample punctuation.
pub const MAX_TERM_BYTES: usize = 4096;
/// At this many terms each pool is given [`ROOM`] bytes. A block of that size has pages of its own: it
/// grows without a copy and leaves no hole, and what is not written of it takes no memory. Compiling a
/// million names takes 400 MiB at most; 455 in pools that grow step by step.
const MANY: usize = 1 << 16;
const ROOM: usize = 48 << 20;
/// The most bytes of a pool: positions in it are `u32`.
const POOL: usize = u32::MAX as usize;
/// Letters of a term that are folded in one step of [`Interrupts`].
const STEP: usize = 64;
/// How many skipped terms are kept by id, for messages.
pub(crate) const NAMED_SKIPPED: usize = 100;

/// What [`Builder::add`] did with a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The term is part of the lexicon.
    Yes,
    /// The term was skipped: it has no letter or digit.
    Empty,
    /// The term was skipped: it has more than [`MAX_LETTERS`] letters or [`MAX_TERM_BYTES`] bytes.
    TooLong,
}

/// A lexicon in the making.
pub struct Builder {
    pub(crate) interrupts: Interrupts,
    pub(crate) settings: Settings,
    folded: Folded,
    pub(crate) tokens: TokenTable,
    pub(crate) learner: Learner,
    /// Hashes of the dictionary's words.
    pub(crate) dictionary: Vec<u64>,
    pub(crate) names: Vec<u64>,
    pub(crate) ids: Vec<i64>,
    pub(crate) texts: String,
    pub(crate) terms: Vec<TermRow>,
    pub(crate) term_tokens: Vec<u32>,
    pub(crate) letters: Vec<u8>,
    pub(crate) letter_ends: Vec<usize>,
    pub(crate) skipped: u64,
    pub(crate) skipped_ids: Vec<i64>,
}

impl Builder {
    /// Begins a lexicon without terms, ordinary words or learned documents.
    pub fn new(settings: Settings) -> Builder {
        Builder::with_tokens(settings, TokenTable::default())
    }

    /// Makes adding and compiling interruptible: the check of `interrupts` is called now and then.
    pub fn interrupted_by(mut self, interrupts: Interrupts) -> Builder {
        self.interrupts = interrupts;
        self
    }

    /// Begins with a table of tokens, for a delta: those whose standing differs from the base's.
    pub(crate) fn with_tokens(settings: Settings, tokens: TokenTable) -> Builder {
        Builder {
            interrupts: Interrupts::default(),
            settings,
            folded: Folded::new(),
            tokens,
            learner: Learner::default(),
            dictionary: Vec::new(),
            names: Vec::new(),
            ids: Vec::new(),
            texts: String::new(),
            terms: Vec::new(),
            term_tokens: Vec::new(),
            letters: Vec::new(),
            letter_ends: Vec::new(),
            skipped: 0,
            skipped_ids: Vec::new(),
        }
    }

    /// Adds ordinary words, which are never taken for misspellings of a guarded term (see
    /// [`TermOptions::guard`]). Entries of several words, or over [`MAX_TERM_BYTES`] bytes, are ignored.
    pub fn common_words<'w>(
        &mut self,
        words: impl Iterator<Item = &'w str>,
    ) -> Result<(), LexiconError> {
        for word in words {
            if let Some(letters) = fold_word(&mut self.folded, word, &self.interrupts) {
                self.tokens.common(letters)?;
            }
        }
        Ok(())
    }

    /// Adds words of the language, rare ones included. Such a word in a text is not a misspelling of a
    /// term, unless other words of the term stand beside it. An entry with a capital is a name, and may
    /// stand for the term with an s: Kellogg is found as Kellogg's, candy is not found as Candy's.
    pub fn dictionary<'w>(
        &mut self,
        words: impl Iterator<Item = &'w str>,
    ) -> Result<(), LexiconError> {
        for word in words {
            let Some(letters) = fold_word(&mut self.folded, word, &self.interrupts) else {
                continue;
            };
            let word_hash = hash::of_bytes(letters);
            match word.starts_with(char::is_uppercase) {
                true => self.names.try_push(word_hash)?,
                false => self.dictionary.try_push(word_hash)?,
            }
        }
        Ok(())
    }

    /// Learns word frequencies from a document: a word that is about as frequent as the word it resembles
    /// is not a misspelling of it.
    pub fn learn(&mut self, document: &str) -> Result<(), LexiconError> {
        Ok(self.learner.learn(document)?)
    }

    /// Adds a folded word and the number of documents it stands in, as a [`Learner`] counted them before.
    pub fn learned(&mut self, word: &str, documents: u32) -> Result<(), LexiconError> {
        self.interrupts.step();
        self.tokens.frequency(word.as_bytes(), documents)
    }

    /// Adds a term; several may share an id. A text that cannot be a term is skipped and counted. Fails if
    /// the lexicon is full ([`LexiconError::TooLarge`]), memory runs out, or two words share a hash; then
    /// no further term can be added.
    pub fn add(
        &mut self,
        id: i64,
        term: &str,
        options: TermOptions,
    ) -> Result<Added, LexiconError> {
        self.interrupts
            .steps(1 + term.len().min(MAX_TERM_BYTES) / STEP);
        let length = match fold_term(&mut self.folded, term) {
            Ok(length) => length,
            Err(refused) => {
                self.skip(Some(id));
                return Ok(refused);
            }
        };
        let (tokens, letters) = (self.folded.tokens(), self.folded.letters());
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return Ok(Added::Empty);
        };
        if self.terms.len() >= MAX_TERMS
            || self.texts.len() + term.len() >= POOL
            || self.letters.len() + letters.len() >= POOL
        {
            return Err(LexiconError::TooLarge);
        }
        let row = TermRow {
            text: self.texts.len() as u32,
            tokens: self.term_tokens.len() as u32,
            core_start: first.source_start as u16,
            core_end: last.source_end as u16,
            edits: allowed_edits(length, options.max_distance, self.settings.max_distance),
            guarded: u8::from(options.guard),
            own_edits: u8::from(options.max_distance.is_some()),
            unused: 0,
        };
        if self.terms.len() == MANY {
            self.make_room()?;
        }
        let (tokens, letters) = (self.folded.tokens(), self.folded.letters());
        self.term_tokens.try_grow(tokens.len())?;
        for token in tokens {
            let token = &letters[token.start as usize..token.end as usize];
            let number = self.tokens.vocabulary(token, tokens.len() > 1)?;
            self.term_tokens.push(number);
        }
        self.terms.try_push(row)?;
        self.ids.try_push(id)?;
        self.texts.try_grow(term.len())?;
        self.texts.push_str(term);
        extend(&mut self.letters, letters)?;
        self.letter_ends.try_push(self.letters.len())?;
        Ok(Added::Yes)
    }

    fn make_room(&mut self) -> Result<(), OutOfMemory> {
        fn reserve<T>(pool: &mut Vec<T>) -> Result<(), OutOfMemory> {
            pool.try_grow(ROOM / size_of::<T>())
        }
        self.texts.try_grow(ROOM)?;
        reserve(&mut self.ids)?;
        reserve(&mut self.terms)?;
        reserve(&mut self.term_tokens)?;
        reserve(&mut self.letters)?;
        reserve(&mut self.letter_ends)
    }

    /// Counts a row that gives no term, because its term or id is NULL, or for [`Builder::add`]'s reasons.
    pub fn skip(&mut self, id: Option<i64>) {
        self.skipped += 1;
        if self.skipped_ids.len() < NAMED_SKIPPED {
            self.skipped_ids.extend(id);
        }
    }

    pub(crate) fn letters_of(&self, term: usize) -> &[u8] {
        let start = if term == 0 {
            0
        } else {
            self.letter_ends[term - 1]
        };
        &self.letters[start..self.letter_ends[term]]
    }

    pub(crate) fn tokens_of(&self, term: usize) -> &[u32] {
        let end = self
            .terms
            .get(term + 1)
            .map_or(self.term_tokens.len(), |next| next.tokens as usize);
        &self.term_tokens[self.terms[term].tokens as usize..end]
    }

    pub(crate) fn text_of(&self, term: usize) -> &str {
        let end = self
            .terms
            .get(term + 1)
            .map_or(self.texts.len(), |next| next.text as usize);
        &self.texts[self.terms[term].text as usize..end]
    }
}

/// The letters of an entry of a list of words, if it is a single word of at most [`MAX_TERM_BYTES`] bytes.
fn fold_word<'f>(folded: &'f mut Folded, word: &str, interrupts: &Interrupts) -> Option<&'f [u8]> {
    if word.len() > MAX_TERM_BYTES {
        return None;
    }
    interrupts.steps(1 + word.len() / STEP);
    folded.fold(word);
    let is_single = folded.tokens().len() == 1;
    is_single.then(|| folded.letters())
}

/// Folds a term and counts its letters; the error says why it cannot be a term.
pub(crate) fn fold_term(folded: &mut Folded, term: &str) -> Result<usize, Added> {
    if term.len() > MAX_TERM_BYTES {
        return Err(Added::TooLong);
    }
    folded.fold(term);
    match length_of(folded.letters()) {
        _ if folded.tokens().is_empty() => Err(Added::Empty),
        length if length > MAX_LETTERS => Err(Added::TooLong),
        length => Ok(length),
    }
}
