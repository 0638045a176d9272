//! The floor that matching is measured against: one Aho-Corasick automaton over the letters, which
//! finds the names exactly as folded, run-together and split ones included, at word boundaries,
//! longest first.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use termstream_core::text::Folded;

pub struct Exact {
    automaton: AhoCorasick,
    folded: Folded,
    /// By position in the letters: whether a token begins or ends there.
    boundary: Vec<bool>,
    /// Start, end, name.
    found: Vec<(usize, usize, usize)>,
}

impl Exact {
    /// `kind` is that of the automaton; the crate chooses where it is none.
    pub fn new(names: &[String], kind: Option<AhoCorasickKind>) -> Exact {
        let mut folded = Folded::new();
        let letters = names.iter().map(|name| {
            folded.fold(name);
            folded.letters().to_vec()
        });
        let automaton = AhoCorasickBuilder::new()
            .kind(kind)
            .build(letters)
            .expect("automaton of the names");
        Exact {
            automaton,
            folded: Folded::new(),
            boundary: Vec::new(),
            found: Vec::new(),
        }
    }

    pub fn memory(&self) -> usize {
        self.automaton.memory_usage()
    }

    /// The names in a text, as start and end in the original, and the name.
    pub fn find(&mut self, text: &str) -> impl Iterator<Item = (usize, usize, usize)> {
        self.folded.fold(text);
        let letters = self.folded.letters();
        self.boundary.clear();
        self.boundary.resize(letters.len() + 1, false);
        self.boundary[letters.len()] = true;
        for token in self.folded.tokens() {
            self.boundary[token.start as usize] = true;
        }
        self.found.clear();
        for found in self.automaton.find_overlapping_iter(letters) {
            if self.boundary[found.start()] && self.boundary[found.end()] {
                self.found
                    .push((found.start(), found.end(), found.pattern().as_usize()));
            }
        }
        self.found
            .sort_unstable_by_key(|&(start, end, _)| (start, std::cmp::Reverse(end)));
        let mut covered = 0;
        self.found.retain(|&(start, end, _)| {
            let free = start >= covered;
            covered = if free { end } else { covered };
            free
        });
        self.found.iter().map(|&(start, end, name)| {
            let span = self.folded.source_of(start..end);
            (span.start, span.end, name)
        })
    }
}
