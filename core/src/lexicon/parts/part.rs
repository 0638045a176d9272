//! One part of a lexicon, and pairs of what each part has its own of.

use std::ops::{Index, IndexMut};
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;

use crate::lexicon::form::Compiled;
use crate::lexicon::tables::automaton::automaton;

/// A compiled form, shared by all who search it.
#[derive(Clone)]
pub(crate) struct Part {
    pub compiled: Arc<Compiled>,
    /// The automaton of searches without word boundaries; the first of them builds it.
    automaton: Arc<OnceLock<Option<AhoCorasick>>>,
}

impl Part {
    pub fn new(compiled: Compiled) -> Part {
        Part {
            compiled: Arc::new(compiled),
            automaton: Arc::default(),
        }
    }

    pub fn automaton(&self) -> Option<&AhoCorasick> {
        self.automaton
            .get_or_init(|| automaton(&self.compiled))
            .as_ref()
    }

    /// Memory of this process that the part holds.
    pub fn heap_bytes(&self) -> usize {
        let automaton = self.automaton.get().and_then(Option::as_ref);
        self.compiled.heap_bytes() + automaton.map_or(0, AhoCorasick::memory_usage)
    }
}

/// Which of the two parts of a lexicon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Base,
    Delta,
}

/// Something that each of the two parts has its own of.
#[derive(Default)]
pub(crate) struct Both<T> {
    pub base: T,
    pub delta: T,
}

impl<T> Index<Side> for Both<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, side: Side) -> &T {
        match side {
            Side::Base => &self.base,
            Side::Delta => &self.delta,
        }
    }
}

impl<T> IndexMut<Side> for Both<T> {
    #[inline(always)]
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Base => &mut self.base,
            Side::Delta => &mut self.delta,
        }
    }
}
