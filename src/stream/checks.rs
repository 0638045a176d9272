//! The checks of rows: conditions over the typed rows of a batch, evaluated in one query.
//!
//! As with a CHECK constraint, a row fails if a condition is false, not if it is NULL. A reject names every
//! condition that its row fails. If a condition raises an error, the batch is bisected until the row that
//! causes it is found.

use std::ops::Range;

use super::Load;
use super::definition::StreamDefinition;
use super::flush::reject_of_error;
use crate::pg::error::{Caught, Raise};
use crate::pg::relation::BatchRelation;
use crate::pg::session::{self, Snapshot};
use crate::pg::subtransaction::subtransaction;
use termstream_core::load::{
    Batch, Bisected, Failure, Reject, Row, Stage, bisect, is_data_error, is_of_several_rows,
};

/// Checks the rows of `relation`, whose numbers in the batch are `good`. Returns both without the rejected
/// rows.
pub fn apply(
    load: &mut Load,
    batch: &Batch,
    good: Vec<usize>,
    relation: BatchRelation,
) -> Result<(Vec<usize>, BatchRelation), Raise> {
    if load.definition.checks.is_empty() || good.is_empty() {
        return Ok((good, relation));
    }
    let query = query(&load.definition);
    let outcome = bisect(0..good.len(), usize::MAX, |range: Range<usize>| {
        let part = (range.len() < good.len()).then(|| relation.select(range));
        let rows = part.as_ref().unwrap_or(&relation);
        subtransaction(|| failed(&query, rows)).map_err(|error| {
            let read = rows.read();
            match &*error.sqlstate {
                code if is_of_several_rows(code) => Failure::Together { error, read },
                code if is_data_error(code) => Failure::Data { error, read },
                _ => Failure::Fatal(error),
            }
        })
    });
    let Bisected { taken, guilty } = match outcome {
        Ok(bisected) => bisected,
        Err(error) => error.rethrow(),
    };
    let raised = guilty
        .into_iter()
        .map(|(row, error)| (row, Why::Raised(Box::new(error))));
    let failing = taken.into_iter().flat_map(|(range, rows)| {
        rows.into_iter()
            .map(move |(row, which)| (range.start + row, Why::Failed(which)))
    });
    let mut wrong: Vec<(usize, Why)> = raised.chain(failing).collect();
    if wrong.is_empty() {
        return Ok((good, relation));
    }
    wrong.sort_by_key(|(row, _)| *row);
    let mut is_wrong = vec![false; good.len()];
    for (row, why) in wrong {
        is_wrong[row] = true;
        if let Some(bad) = batch.row(good[row]) {
            load.refuse(reject(&load.definition, &bad, &why))?;
        }
    }
    let kept = |row: &usize| !is_wrong[*row];
    let relation = relation.select((0..good.len()).filter(kept));
    let good = (0..good.len()).filter(kept).map(|row| good[row]).collect();
    Ok((good, relation))
}

/// Why a row is rejected.
enum Why {
    /// The conditions of these numbers are false.
    Failed(Vec<usize>),
    /// A condition raised this error.
    Raised(Box<Caught>),
}

/// A query for the rows that fail: their numbers, and for each condition whether it is false. Rows are
/// numbered in the order of the scan, which is that of the batch and never parallel.
fn query(definition: &StreamDefinition) -> String {
    let conditions = definition
        .checks
        .iter()
        .enumerate()
        .map(|(n, check)| format!("({}\n) IS FALSE AS c{n}", check.expression))
        .collect::<Vec<_>>()
        .join(", ");
    let names = (0..definition.checks.len())
        .map(|n| format!("c{n}"))
        .collect::<Vec<_>>();
    format!(
        "SELECT number, {} FROM (SELECT pg_catalog.row_number() OVER () AS number, {conditions} FROM batch) checked WHERE {}",
        names.join(", "),
        names.join(" OR ")
    )
}

/// The numbers of the rows that fail, each with the numbers of its failed conditions.
fn failed(query: &str, relation: &BatchRelation) -> Vec<(usize, Vec<usize>)> {
    session::connect(|session| {
        relation.register(session, relation.len());
        let rows = session.run(query, &[], Snapshot::Latest);
        (0..rows.len())
            .map(|row| {
                let mut cells = rows.cells(row);
                let number = cells.take::<i64>().unwrap_or(1) - 1;
                let mut which = Vec::new();
                let mut n = 0;
                while let Some(is_false) = cells.take::<bool>() {
                    if is_false {
                        which.push(n);
                    }
                    n += 1;
                }
                (number as usize, which)
            })
            .collect()
    })
}

fn reject(definition: &StreamDefinition, row: &Row<'_>, why: &Why) -> Reject {
    match why {
        Why::Raised(error) => reject_of_error(Stage::Check, row, error),
        Why::Failed(which) => {
            let names: Vec<String> = which
                .iter()
                .filter_map(|n| Some(definition.checks.get(*n)?.name.clone()))
                .collect();
            let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            let message = format!(
                "row violates check{} {}",
                if names.len() == 1 { "" } else { "s" },
                quoted.join(", ")
            );
            let mut reject = Reject::of_row(Stage::Check, row, "23514", &message);
            reject.checks = names;
            reject
        }
    }
}
