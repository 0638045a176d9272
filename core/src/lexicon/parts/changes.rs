//! What a delta has changed since the base was compiled.

use std::collections::BTreeMap;

use crate::lexicon::settings::{Settings, TermOptions, allowed_edits};

/// How many more (or fewer) there are of each term than in the base.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(pub BTreeMap<Term, i64>);

/// What identifies a term: two that are equal in all of it are the same term.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term {
    pub id: i64,
    pub text: String,
    pub edits: u8,
    /// Whether the number of edits was given for this term, not derived from its length.
    pub own_edits: bool,
    pub guard: bool,
}

impl Term {
    pub fn of(
        id: i64,
        text: String,
        length: usize,
        options: TermOptions,
        settings: Settings,
    ) -> Term {
        Term {
            id,
            text,
            edits: allowed_edits(length, options.max_distance, settings.max_distance),
            own_edits: options.max_distance.is_some(),
            guard: options.guard,
        }
    }

    pub fn options(&self) -> TermOptions {
        TermOptions {
            guard: self.guard,
            max_distance: self.own_edits.then_some(self.edits),
        }
    }
}

impl Changes {
    pub fn heap_bytes(&self) -> usize {
        let texts = self.0.keys().map(|term| term.text.capacity());
        self.0.len() * size_of::<(Term, i64)>() + texts.sum::<usize>()
    }
}
