//! Delta: terms added and removed since a lexicon was compiled, applied beside the compiled form: a few
//! changed rows are seen within milliseconds, while compiling a million terms takes seconds. Refuses to
//! remove a term that is not there.
//!
//! Time and memory grow with the delta (and with the terms of the base that have the same letters as
//! one of it), never with the base. A delta changes terms alone: other settings, ordinary words or learned
//! documents need a new compilation.

mod base;

use std::collections::HashMap;

use super::build::{Builder, NAMED_SKIPPED, fold_term};
use super::error::LexiconError;
use super::form::{Groups, Header};
use super::parts::{Changes, Layer, Lexicon, Part, Term};
use super::settings::{Settings, TermOptions};
use super::tables::hash;
use super::tables::tokens::TokenTable;
use crate::bounds::{Grow, Interrupts};
use crate::text::Folded;
use base::Base;

/// Terms added and removed since a lexicon was compiled, in any order. A changed term is removed with its
/// old options and added with its new ones. A NULL term counts as an empty one.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    /// The added terms, each with its id and options.
    pub added: Vec<(i64, String, TermOptions)>,
    /// The removed terms, as they were added.
    pub removed: Vec<(i64, String, TermOptions)>,
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
        let compiled = &*self.base.compiled;
        let mut folded = Folded::new();
        let mut tally = Tally::of(self);
        tally.add(delta.added, &mut folded, interrupts)?;
        tally.remove(delta.removed, &mut folded, interrupts)?;
        tally.changes.0.retain(|_, &mut count| count != 0);
        tally.skipped_ids.truncate(NAMED_SKIPPED);

        let base = Base::of(compiled, interrupts);
        let mut gone = Gone::default();
        let added = added(&tally.changes, &base, &mut gone, &mut folded, interrupts)?;
        let added = compile(added, &base, &gone, self.settings(), interrupts)?;
        let mut removed = gone.terms;
        removed.sort_unstable();
        let identity = [compiled.identity(), added.compiled.identity()]
            .into_iter()
            .chain(removed.iter().map(|&term| u64::from(term)))
            .fold(1, |sum: u64, part| {
                hash::scatter(sum.rotate_left(17) ^ part)
            });
        let (groups, twins) = numbered(&added, &compiled.header, &base, interrupts);
        Ok(Lexicon {
            base: self.base.clone(),
            delta: Some(Box::new(Layer {
                added,
                removed,
                groups,
                twins,
                first_term: compiled.header.terms,
                first_group: compiled.header.groups,
                identity,
                terms: tally.terms,
                skipped: tally.skipped,
                skipped_ids: tally.skipped_ids,
                changes: tally.changes,
            })),
        })
    }
}

/// What a lexicon has with its deltas: how many terms, how many were skipped, and what has changed since
/// the base was compiled.
struct Tally {
    settings: Settings,
    changes: Changes,
    terms: usize,
    skipped: u64,
    skipped_ids: Vec<i64>,
}

impl Tally {
    fn of(lexicon: &Lexicon) -> Tally {
        let changes = lexicon.delta.as_ref().map(|layer| layer.changes.clone());
        Tally {
            settings: lexicon.settings(),
            changes: changes.unwrap_or_default(),
            terms: lexicon.terms(),
            skipped: lexicon.skipped(),
            skipped_ids: lexicon.skipped_ids().to_vec(),
        }
    }

    fn add(
        &mut self,
        added: Vec<(i64, String, TermOptions)>,
        folded: &mut Folded,
        interrupts: &Interrupts,
    ) -> Result<(), LexiconError> {
        for (id, text, options) in added {
            interrupts.step();
            let Ok(length) = fold_term(folded, &text) else {
                self.skipped += 1;
                // So many more than are named, for some of them may be removed again.
                if self.skipped_ids.len() < 2 * NAMED_SKIPPED {
                    self.skipped_ids.push(id);
                }
                continue;
            };
            self.terms += 1;
            let term = Term::of(id, text, length, options, self.settings);
            *self.changes.0.entry(term).or_insert(0) += 1;
        }
        Ok(())
    }

    fn remove(
        &mut self,
        removed: Vec<(i64, String, TermOptions)>,
        folded: &mut Folded,
        interrupts: &Interrupts,
    ) -> Result<(), LexiconError> {
        for (id, text, options) in removed {
            interrupts.step();
            let Ok(length) = fold_term(folded, &text) else {
                if let Some(at) = self.skipped_ids.iter().position(|&other| other == id) {
                    self.skipped_ids.remove(at);
                }
                self.skipped = self
                    .skipped
                    .checked_sub(1)
                    .ok_or(LexiconError::UnknownTerm(text))?;
                continue;
            };
            self.terms = self.terms.wrapping_sub(1);
            let term = Term::of(id, text, length, options, self.settings);
            *self.changes.0.entry(term).or_insert(0) -= 1;
        }
        Ok(())
    }
}

/// The terms of the changes that the base does not have; those of the base that nothing is left of are
/// added to `gone`.
fn added<'a>(
    changes: &'a Changes,
    base: &Base<'_>,
    gone: &mut Gone,
    folded: &mut Folded,
    interrupts: &Interrupts,
) -> Result<Vec<&'a Term>, LexiconError> {
    let mut added = Vec::new();
    for (term, &count) in &changes.0 {
        interrupts.step();
        let _ = fold_term(folded, &term.text);
        match base.term(term, folded.letters()) {
            Some(number) => match base.copies(number) + count {
                0 => gone.add(number, folded),
                1.. => {}
                _ => return Err(LexiconError::UnknownTerm(term.text.clone())),
            },
            None if count > 0 => added.try_push(term)?,
            None => return Err(LexiconError::UnknownTerm(term.text.clone())),
        }
    }
    Ok(added)
}

/// Compiles the added terms, with what changes for words that they and the base have.
fn compile(
    added: Vec<&Term>,
    base: &Base<'_>,
    gone: &Gone,
    settings: Settings,
    interrupts: &Interrupts,
) -> Result<Part, LexiconError> {
    let mut folded = Folded::new();
    let mut tokens = TokenTable::default();
    gone.bury(base, &mut tokens)?;
    for term in &added {
        let _ = fold_term(&mut folded, &term.text);
        for token in tokens_of(&folded) {
            interrupts.step();
            tokens.known(token, base.standing(token).nowhere())?;
        }
    }
    let mut builder = Builder::with_tokens(settings, tokens).interrupted_by(interrupts.clone());
    for term in &added {
        builder.add(term.id, &term.text, term.options())?;
    }
    Ok(builder.finish()?.base)
}

/// The number that each group of the added terms has in the whole lexicon, and the groups that the base has
/// too: see [`Layer::groups`] and [`Layer::twins`].
fn numbered(
    added: &Part,
    header: &Header,
    base: &Base<'_>,
    interrupts: &Interrupts,
) -> (Vec<u32>, Vec<(u32, u32)>) {
    let own_groups = Groups::of(added.compiled.view());
    let mut groups = Vec::with_capacity(own_groups.len());
    let mut twins = Vec::new();
    for group in 0..own_groups.len() as u32 {
        interrupts.step();
        let twin = base.group(own_groups.letters(group));
        twins.extend(twin.map(|twin| (twin, group)));
        groups.push(twin.unwrap_or(header.groups + group));
    }
    twins.sort_unstable();
    (groups, twins)
}

fn tokens_of(folded: &Folded) -> impl Iterator<Item = &[u8]> {
    let letters = folded.letters();
    folded
        .tokens()
        .iter()
        .map(move |token| &letters[token.start as usize..token.end as usize])
}

/// The terms of the base that are removed, and how often each token stood in them.
#[derive(Default)]
struct Gone {
    terms: Vec<u32>,
    tokens: HashMap<Box<[u8]>, u32>,
}

impl Gone {
    fn add(&mut self, number: u32, folded: &Folded) {
        self.terms.push(number);
        for token in tokens_of(folded) {
            *self.tokens.entry(token.into()).or_insert(0) += 1;
        }
    }

    /// Records the tokens that no term has any more, so that searches take them for foreign words.
    fn bury(&self, base: &Base<'_>, tokens: &mut TokenTable) -> Result<(), LexiconError> {
        for (token, &gone) in &self.tokens {
            let standing = base.standing(token);
            if base.uses(standing) == Some(gone) {
                tokens.known(token, standing.nowhere())?;
            }
        }
        Ok(())
    }
}
