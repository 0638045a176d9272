//! Document frequencies, learned from the user's own text: what is frequent there is no misspelling.

use std::collections::HashMap;

use super::guard::FREQUENT;
use super::hash::MAX_LETTERS;
use crate::text::Folded;

/// Words kept at once; beyond it those seen once are dropped (lossy counting, Manku and Motwani 2002),
/// so that learning from any amount of text takes at most some 150 MiB.
const MAX_LEARNED: usize = 1 << 21;

/// Counts in how many documents each word stands.
#[derive(Default)]
pub struct Learner {
    folded: Folded,
    words: HashMap<Box<[u8]>, Learned>,
    documents: u32,
}

struct Learned {
    documents: u32,
    /// The last document it was seen in: a word counts once in each.
    last: u32,
}

impl Learner {
    /// Counts the words of a document.
    pub fn learn(&mut self, document: &str) {
        self.folded.fold(document);
        self.documents = self.documents.saturating_add(1);
        for token in self.folded.tokens() {
            let letters = self.folded.letters();
            let word = letters
                .get(token.start as usize..token.end as usize)
                .unwrap_or(&[]);
            let stem = &word[..word.len() - usize::from(token.possessive() && !word.is_empty())];
            let readings = if token.possessive() { 2 } else { 1 };
            for word in [word, stem].iter().take(readings) {
                if word.len() > MAX_LETTERS {
                    continue;
                }
                match self.words.get_mut(*word) {
                    Some(learned) if learned.last != self.documents => {
                        learned.documents = learned.documents.saturating_add(1);
                        learned.last = self.documents;
                    }
                    Some(_) => {}
                    None => {
                        let learned = Learned {
                            documents: 1,
                            last: self.documents,
                        };
                        self.words.insert((*word).into(), learned);
                    }
                }
            }
        }
        if self.words.len() > MAX_LEARNED {
            self.words
                .retain(|_, learned| learned.documents >= FREQUENT);
        }
    }

    /// How many documents were learned from.
    pub fn documents(&self) -> u32 {
        self.documents
    }

    /// The words that count, folded, each with the number of documents it stands in. Words of a
    /// single document decide nothing (see the guard's rule) and are left out.
    pub fn words(&self) -> impl Iterator<Item = (&str, u32)> {
        self.words
            .iter()
            .filter(|(_, learned)| learned.documents >= FREQUENT)
            .filter_map(|(word, learned)| {
                Some((std::str::from_utf8(word).ok()?, learned.documents))
            })
    }
}
