//! Applies terms added and removed since a lexicon was compiled, beside the compiled form: a few changed
//! rows are seen within milliseconds, while compiling a million terms takes seconds.
//!
//! Time and memory grow with the delta (and with the terms of the base that have the same letters as
//! one of it), never with the base. A delta changes terms alone: other settings, ordinary words or learned
//! documents need a new compilation.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use super::builder::{Builder, NAMED_SKIPPED, fold_term};
use super::compiled::{Compiled, GroupRow, Section, TermRow, span};
use super::exact::Exact;
use super::hash;
use super::layer::Layer;
use super::settings::{Settings, TermOptions, allowed_edits};
use super::tokens::{Standing, TokenSlot, TokenTable, look_up};
use super::{Lexicon, LexiconError};
use crate::bounds::{Grow, Interrupts};
use crate::text::Folded;

/// Terms added and removed since a lexicon was compiled, in any order. A changed term is removed with its
/// old options and added with its new ones. A NULL term counts as an empty one.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    pub added: Vec<(i64, String, TermOptions)>,
    pub removed: Vec<(i64, String, TermOptions)>,
}

/// How many more (or fewer) there are of each term than in the base.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(BTreeMap<Term, i64>);

/// What identifies a term: two that are equal in all of it are the same term.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Term {
    id: i64,
    text: String,
    edits: u8,
    /// Whether the number of edits was given for this term, not derived from its length.
    own: bool,
    guard: bool,
}

impl Term {
    fn of(id: i64, text: String, length: usize, options: TermOptions, settings: Settings) -> Term {
        Term {
            id,
            text,
            edits: allowed_edits(length, options.max_distance, settings.max_distance),
            own: options.max_distance.is_some(),
            guard: options.guard,
        }
    }

    fn options(&self) -> TermOptions {
        TermOptions {
            guard: self.guard,
            max_distance: self.own.then_some(self.edits),
        }
    }
}

impl Changes {
    pub fn heap_bytes(&self) -> usize {
        let texts = self.0.keys().map(|term| term.text.capacity());
        self.0.len() * size_of::<(Term, i64)>() + texts.sum::<usize>()
    }
}

impl Lexicon {
    /// The lexicon with a delta applied. It answers exactly as if compiled from the whole, only the
    /// numbers of terms may differ, and shares all of the base. On a lexicon that has a delta, both
    /// apply. A term to remove that is not there is an error.
    ///
    /// [`Lexicon::skipped_ids`] names at most the first hundred skipped terms: ids that the base did not
    /// keep stay unknown even if named ones are removed.
    pub fn with_delta(
        &self,
        delta: Delta,
        interrupts: &Interrupts,
    ) -> Result<Lexicon, LexiconError> {
        let base = &*self.compiled;
        let settings = base.settings();
        let mut folded = Folded::new();
        let mut changes = match &self.delta {
            Some(layer) => layer.changes.clone(),
            None => Changes::default(),
        };
        let mut terms = self.terms();
        let mut skipped = self.skipped();
        let mut skipped_ids = self.skipped_ids().to_vec();
        for (id, text, options) in delta.added {
            interrupts.step();
            let Ok(length) = fold_term(&mut folded, &text) else {
                skipped += 1;
                // So many more than are named, for some of them may be removed again.
                if skipped_ids.len() < 2 * NAMED_SKIPPED {
                    skipped_ids.push(id);
                }
                continue;
            };
            terms += 1;
            let term = Term::of(id, text, length, options, settings);
            *changes.0.entry(term).or_insert(0) += 1;
        }
        for (id, text, options) in delta.removed {
            interrupts.step();
            let Ok(length) = fold_term(&mut folded, &text) else {
                if let Some(at) = skipped_ids.iter().position(|&other| other == id) {
                    skipped_ids.remove(at);
                }
                skipped = skipped
                    .checked_sub(1)
                    .ok_or(LexiconError::UnknownTerm(text))?;
                continue;
            };
            terms = terms.wrapping_sub(1);
            let term = Term::of(id, text, length, options, settings);
            *changes.0.entry(term).or_insert(0) -= 1;
        }
        changes.0.retain(|_, &mut count| count != 0);
        skipped_ids.truncate(NAMED_SKIPPED);

        let known = Known::of(base, interrupts);
        let mut added = Vec::new();
        let mut gone = Gone::default();
        for (term, &count) in &changes.0 {
            interrupts.step();
            let _ = fold_term(&mut folded, &term.text);
            match known.term(term, folded.letters()) {
                Some(number) => match known.copies(number) + count {
                    0 => gone.remove(number, &folded),
                    1.. => {}
                    _ => return Err(LexiconError::UnknownTerm(term.text.clone())),
                },
                None if count > 0 => added.try_push(term)?,
                None => return Err(LexiconError::UnknownTerm(term.text.clone())),
            }
        }

        let mut tokens = TokenTable::default();
        gone.bury(&known, &mut tokens)?;
        for term in &added {
            let _ = fold_term(&mut folded, &term.text);
            for token in tokens_of(&folded) {
                interrupts.step();
                tokens.known(token, known.standing(token).nowhere())?;
            }
        }
        let mut builder = Builder::with_tokens(settings, tokens).interrupted_by(interrupts.clone());
        for term in &added {
            builder.add(term.id, &term.text, term.options())?;
        }
        drop(added);
        let added = builder.finish()?;

        let rows: &[GroupRow] = added.compiled.section(Section::Groups);
        let letters: &[u8] = added.compiled.section(Section::Letters);
        let first_group = base.header.groups;
        let mut groups = Vec::with_capacity(rows.len().saturating_sub(1));
        let mut twins = Vec::new();
        for (own, pair) in (0u32..).zip(rows.windows(2)) {
            let letters = &letters[span(pair[0].letters, pair[1].letters, letters.len())];
            let twin = known.exact.find(hash::of_bytes(letters), letters);
            interrupts.step();
            twins.extend(twin.map(|twin| (twin, own)));
            groups.push(twin.unwrap_or(first_group + own));
        }
        twins.sort_unstable();
        let mut removed = gone.terms;
        removed.sort_unstable();
        let identity = [base.identity(), added.compiled.identity()]
            .into_iter()
            .chain(removed.iter().map(|&term| u64::from(term)))
            .fold(1, |sum: u64, part| {
                hash::scatter(sum.rotate_left(17) ^ part)
            });
        Ok(Lexicon {
            compiled: self.compiled.clone(),
            automaton: self.automaton.clone(),
            delta: Some(Box::new(Layer {
                added,
                removed,
                groups,
                twins,
                first_term: base.header.terms,
                first_group,
                identity,
                terms,
                skipped,
                skipped_ids,
                changes,
            })),
        })
    }
}

fn tokens_of(folded: &Folded) -> impl Iterator<Item = &[u8]> {
    let letters = folded.letters();
    folded
        .tokens()
        .iter()
        .map(move |token| &letters[token.start as usize..token.end as usize])
}

/// From this many terms on, a group is indexed by [`key`] rather than scanned for each lookup.
const LARGE: usize = 64;

/// A hash of a term's id and text.
fn key(id: i64, text: &[u8]) -> u64 {
    hash::of_bytes(text) ^ hash::scatter(id as u64)
}

/// The tables of the base in which terms and tokens are looked up.
struct Known<'a> {
    interrupts: &'a Interrupts,
    exact: Exact<'a>,
    groups: &'a [GroupRow],
    members: &'a [u32],
    ids: &'a [i64],
    rows: &'a [TermRow],
    texts: &'a [u8],
    repeated: &'a [[u32; 2]],
    tokens: &'a [TokenSlot],
    uses: &'a [u32],
    /// The terms of each group of [`LARGE`] or more that was looked in, by their keys. With a scan for each
    /// lookup, 100,000 changes of terms with the same letters would take 10,000,000,000 steps.
    large: RefCell<HashMap<u32, HashMap<u64, Vec<u32>>>>,
}

impl<'a> Known<'a> {
    fn of(base: &'a Compiled, interrupts: &'a Interrupts) -> Known<'a> {
        Known {
            interrupts,
            exact: Exact::of(base.view()),
            groups: base.section(Section::Groups),
            members: base.section(Section::GroupTerms),
            ids: base.section(Section::Ids),
            rows: base.section(Section::Terms),
            texts: base.section(Section::Texts),
            repeated: base.section(Section::Repeated),
            tokens: base.section(Section::Tokens),
            uses: base.section(Section::Uses),
            large: RefCell::default(),
        }
    }

    /// The number that the base has for a term with these letters, if it has the term.
    fn term(&self, term: &Term, letters: &[u8]) -> Option<u32> {
        let group = self.exact.find(hash::of_bytes(letters), letters)?;
        let (row, next) = (
            self.groups.get(group as usize)?,
            self.groups.get(group as usize + 1)?,
        );
        let members = &self.members[span(row.terms, next.terms, self.members.len())];
        let same = |number: usize| {
            if *self.ids.get(number)? != term.id {
                return None;
            }
            let (row, next) = (self.rows.get(number)?, self.rows.get(number + 1)?);
            let text = &self.texts[span(row.text, next.text, self.texts.len())];
            let own = (text, row.edits, row.own != 0, row.guarded != 0);
            let wanted = (term.text.as_bytes(), term.edits, term.own, term.guard);
            (own == wanted).then_some(())
        };
        let find = |members: &[u32]| {
            let same = |number: &&u32| {
                self.interrupts.step();
                same(**number as usize).is_some()
            };
            members.iter().find(same).copied()
        };
        if members.len() < LARGE {
            return find(members);
        }
        let mut large = self.large.borrow_mut();
        let numbers = large.entry(group).or_insert_with(|| {
            let mut numbers: HashMap<u64, Vec<u32>> = HashMap::new();
            for &number in members {
                self.interrupts.step();
                let of_key = self.key(number).map(|key| numbers.entry(key).or_default());
                if let Some(of_key) = of_key {
                    of_key.push(number);
                }
            }
            numbers
        });
        find(numbers.get(&key(term.id, term.text.as_bytes()))?)
    }

    /// The key of a term by its number.
    fn key(&self, number: u32) -> Option<u64> {
        let number = number as usize;
        let (row, next) = (self.rows.get(number)?, self.rows.get(number + 1)?);
        let text = &self.texts[span(row.text, next.text, self.texts.len())];
        Some(key(*self.ids.get(number)?, text))
    }

    /// How often a term was added.
    fn copies(&self, number: u32) -> i64 {
        let at = self.repeated.binary_search_by_key(&number, |row| row[0]);
        at.map_or(1, |at| i64::from(self.repeated[at][1]))
    }

    fn standing(&self, token: &[u8]) -> Standing {
        look_up(self.tokens, hash::of_bytes(token))
    }
}

/// The terms of the base that are removed, and how often each token stood in them.
#[derive(Default)]
struct Gone {
    terms: Vec<u32>,
    tokens: HashMap<Box<[u8]>, u32>,
}

impl Gone {
    fn remove(&mut self, number: u32, folded: &Folded) {
        self.terms.push(number);
        for token in tokens_of(folded) {
            *self.tokens.entry(token.into()).or_insert(0) += 1;
        }
    }

    /// Records the tokens that no term has any more, so that searches take them for foreign words.
    fn bury(&self, known: &Known<'_>, tokens: &mut TokenTable) -> Result<(), LexiconError> {
        for (token, &gone) in &self.tokens {
            let standing = known.standing(token);
            if known.uses.get(standing.vocabulary as usize) == Some(&gone) {
                tokens.known(token, standing.nowhere())?;
            }
        }
        Ok(())
    }
}
