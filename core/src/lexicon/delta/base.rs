//! The base, as a delta asks for its terms and words.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::bounds::Interrupts;
use crate::lexicon::form::{Compiled, Groups, Section, Terms};
use crate::lexicon::parts::Term;
use crate::lexicon::tables::exact::Exact;
use crate::lexicon::tables::hash;
use crate::lexicon::tables::standing::Standing;
use crate::lexicon::tables::tokens::{TokenSlot, look_up};

/// From this many terms on, a group is indexed by [`key`] rather than scanned for each lookup.
const LARGE: usize = 64;

/// A hash of a term's id and text.
fn key(id: i64, text: &str) -> u64 {
    hash::of_bytes(text.as_bytes()) ^ hash::scatter(id as u64)
}

/// The tables of the base in which terms and tokens are looked up.
pub(super) struct Base<'a> {
    interrupts: &'a Interrupts,
    exact: Exact<'a>,
    groups: Groups<'a>,
    terms: Terms<'a>,
    repeated: &'a [[u32; 2]],
    tokens: &'a [TokenSlot],
    uses: &'a [u32],
    /// The terms of each group of [`LARGE`] or more that was looked in, by their keys. With a scan for each
    /// lookup, 100,000 changes of terms with the same letters would take 10,000,000,000 steps.
    large: RefCell<HashMap<u32, HashMap<u64, Vec<u32>>>>,
}

impl<'a> Base<'a> {
    pub fn of(compiled: &'a Compiled, interrupts: &'a Interrupts) -> Base<'a> {
        let view = compiled.view();
        Base {
            interrupts,
            exact: Exact::of(view),
            groups: Groups::of(view),
            terms: Terms::of(view),
            repeated: view.section(Section::Repeated),
            tokens: view.section(Section::Tokens),
            uses: view.section(Section::Uses),
            large: RefCell::default(),
        }
    }

    /// The group that has exactly these letters.
    pub fn group(&self, letters: &[u8]) -> Option<u32> {
        self.exact.find(hash::of_bytes(letters), letters)
    }

    /// The number that the base has for a term with these letters, if it has the term.
    pub fn term(&self, term: &Term, letters: &[u8]) -> Option<u32> {
        let group = self.group(letters)?;
        let members = self.groups.members(group);
        if members.len() < LARGE {
            return self.same(term, members);
        }
        let mut large = self.large.borrow_mut();
        let numbers = large.entry(group).or_insert_with(|| {
            let mut numbers: HashMap<u64, Vec<u32>> = HashMap::new();
            for &number in members {
                self.interrupts.step();
                if let Some(id) = self.terms.id(number) {
                    let key = key(id, self.terms.text(number));
                    numbers.entry(key).or_default().push(number);
                }
            }
            numbers
        });
        self.same(term, numbers.get(&key(term.id, &term.text))?)
    }

    /// The first of some terms that is the same as a term in all of it.
    fn same(&self, term: &Term, numbers: &[u32]) -> Option<u32> {
        let is_same = |&number: &u32| {
            self.interrupts.step();
            self.terms.id(number) == Some(term.id)
                && self.terms.text(number) == term.text
                && self.terms.row(number).is_some_and(|row| {
                    (row.edits, row.own_edits != 0, row.guarded != 0)
                        == (term.edits, term.own_edits, term.guard)
                })
        };
        numbers.iter().copied().find(is_same)
    }

    /// How often a term was added.
    pub fn copies(&self, number: u32) -> i64 {
        let at = self.repeated.binary_search_by_key(&number, |row| row[0]);
        at.map_or(1, |at| i64::from(self.repeated[at][1]))
    }

    /// What the base knows of a token.
    pub fn standing(&self, token: &[u8]) -> Standing {
        look_up(self.tokens, hash::of_bytes(token))
    }

    /// How often a token stands in the terms of the base.
    pub fn uses(&self, standing: Standing) -> Option<u32> {
        self.uses.get(standing.vocabulary as usize).copied()
    }
}
