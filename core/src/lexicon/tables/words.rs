//! The tables that say what is known of a word, taken out of the compiled form for one search.

use super::dictionary::Dictionary;
use super::exact::Exact;
use super::standing::Standing;
use super::tokens::{TokenSlot, look_up};
use crate::lexicon::form::{Section, View};

/// What a lexicon knows of words, taken out of the compiled form for one search.
pub(crate) struct WordTables<'a> {
    pub tokens: &'a [TokenSlot],
    pub dictionary: Dictionary<'a>,
    pub exact: Exact<'a>,
}

impl<'a> WordTables<'a> {
    pub fn of(compiled: View<'a>) -> WordTables<'a> {
        WordTables {
            tokens: compiled.section(Section::Tokens),
            dictionary: Dictionary::of(compiled),
            exact: Exact::of(compiled),
        }
    }

    /// What is known of a word by its hash.
    pub fn standing(&self, word: u64) -> Standing {
        let standing = look_up(self.tokens, word);
        self.dictionary
            .amend(standing, word, self.dictionary.first(word))
    }
}
