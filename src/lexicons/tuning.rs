//! Measures combinations of settings on labelled documents.

use pgrx::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::compile::{Variant, compile};
use super::definition::LexiconDefinition;
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::session;
use termstream_core::bounds::Grow;
use termstream_core::lexicon::Scratch;

/// One combination of settings, measured.
pub struct Measured {
    pub max_distance: u8,
    pub common_words: bool,
    pub learned: bool,
    pub found: u64,
    pub correct: u64,
    pub labelled: u64,
}

impl Measured {
    /// The part of what was found that is labelled.
    pub fn precision(&self) -> f64 {
        ratio(self.correct, self.found)
    }

    /// The part of what is labelled that was found.
    pub fn recall(&self) -> f64 {
        ratio(self.correct, self.labelled)
    }

    /// The harmonic mean of precision and recall (van Rijsbergen 1979).
    pub fn f1(&self) -> f64 {
        ratio(2 * self.correct, self.found + self.labelled)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// Measures every combination of edits, common words and learned words; the one with the best F1 comes
/// first.
///
/// `query` returns (document, term_id), one row for each label; term_id is NULL for a document without
/// labels.
pub fn tune(lexicon: &str, query: &str) -> Result<Vec<Measured>, Raise> {
    let definition = LexiconDefinition::read(lexicon)?;
    let labels = labels(query)?;
    let mut measured = Vec::new();
    for max_distance in (0..=termstream_core::lexicon::MAX_DISTANCE).rev() {
        for common_words in [true, false] {
            for learned in [true, false] {
                let is_the_same = !common_words && definition.common_words == "none"
                    || learned && !definition.learned
                    || max_distance == 0 && !(common_words && learned == definition.learned);
                if is_the_same {
                    continue;
                }
                let mut variant = Variant {
                    common_words,
                    learned,
                    ..Variant::of(&definition)
                };
                variant.settings.max_distance = Some(max_distance);
                measured.push(measure(&definition, &variant, &labels)?);
            }
        }
    }
    measured.sort_by(|a, b| b.f1().total_cmp(&a.f1()));
    Ok(measured)
}

type Labels = BTreeMap<String, BTreeSet<i64>>;

fn labels(query: &str) -> Result<Labels, Raise> {
    let mut labels = Labels::new();
    session::connect(|session| {
        let hint = "Give a query that returns (document text, term_id bigint).";
        session.for_each(query, hint, |rows, row| {
            let (Ok(document), Ok(term_id)) = (rows.text(row, 1), rows.bigint(row, 2)) else {
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
                    "the labelled query does not return (document text, term_id bigint)",
                )
                .hint("Write casts, for example SELECT name::text, term_id::bigint FROM …."));
            };
            let Some(document) = document else {
                return Ok(());
            };
            if !labels.contains_key(document) {
                let mut copy = String::new();
                copy.try_grow_exact(document.len())?;
                copy.push_str(document);
                labels.insert(copy, BTreeSet::new());
            }
            if let Some(of_document) = labels.get_mut(document) {
                of_document.extend(term_id);
            }
            Ok(())
        })
    })?;
    if labels.is_empty() {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
            "the labelled query returns no rows",
        ));
    }
    Ok(labels)
}

fn measure(
    definition: &LexiconDefinition,
    variant: &Variant,
    labels: &Labels,
) -> Result<Measured, Raise> {
    let lexicon = compile(definition, variant)?;
    let (mut scratch, interrupts) = (Scratch::new(), interrupts());
    let overlap = lexicon.settings().overlap;
    let mut measured = Measured {
        max_distance: variant
            .settings
            .max_distance
            .unwrap_or(termstream_core::lexicon::MAX_DISTANCE),
        common_words: variant.common_words,
        learned: variant.learned,
        found: 0,
        correct: 0,
        labelled: 0,
    };
    for (document, labelled) in labels {
        pgrx::check_for_interrupts!();
        let mut found = BTreeSet::new();
        lexicon.each_mention(document, overlap, &interrupts, &mut scratch, |mention| {
            found.insert(lexicon.term_id(mention.term));
            ControlFlow::Continue(())
        })?;
        measured.found += found.len() as u64;
        measured.correct += found.intersection(labelled).count() as u64;
        measured.labelled += labelled.len() as u64;
    }
    Ok(measured)
}
