//! The automaton of searches without word boundaries (Aho and Corasick 1975). It is no part of the compiled
//! form: the first such search of a process builds it.

use aho_corasick::{AhoCorasick, MatchKind};

use crate::lexicon::form::{Compiled, Groups};

/// Builds the automaton of a lexicon; `None` if it would need more than 2^31 states, the library's limit.
pub(crate) fn automaton(compiled: &Compiled) -> Option<AhoCorasick> {
    let groups = Groups::of(compiled.view());
    let patterns = (0..groups.len() as u32).map(|group| groups.letters(group));
    AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(patterns)
        .ok()
}
