//! The quality check of a batch: conditions over aggregates of its rows. If one fails, all rows of the
//! batch are rejected, or the load stops.

use pgrx::prelude::*;

use super::Load;
use crate::pg::error::{Caught, Raise};
use crate::pg::relation::BatchRelation;
use crate::pg::session::{self, Snapshot};
use crate::pg::subtransaction::subtransaction;
use termstream_core::load::{Batch, OnError, Reject, Stage, is_data_error};

/// Whether the batch passes its quality check. If it does not, all its rows have been rejected.
pub fn passes(
    load: &mut Load,
    batch: &Batch,
    good: &[usize],
    relation: &BatchRelation,
) -> Result<bool, Raise> {
    if load.definition.quality.is_empty() || good.is_empty() {
        return Ok(true);
    }
    let conditions = load
        .definition
        .quality
        .iter()
        .map(|check| format!("({}\n) IS FALSE", check.expression))
        .collect::<Vec<_>>()
        .join(", ");
    // HAVING makes it an aggregate query of one row, even if no condition has an aggregate.
    let query = format!("SELECT {conditions} FROM batch HAVING true");
    let (message, code) = match subtransaction(|| failed(&query, relation)) {
        Ok(which) if which.is_empty() => return Ok(true),
        Ok(which) => {
            let names: Vec<String> = which
                .iter()
                .filter_map(|n| load.definition.quality.get(*n))
                .map(|check| format!("\"{}\"", check.name))
                .collect();
            let message = format!(
                "batch violates quality check{} {}",
                if names.len() == 1 { "" } else { "s" },
                names.join(", ")
            );
            (message, "23514".to_owned())
        }
        // As after a division by zero: the rows cannot be judged, so they are rejected.
        Err(Caught {
            sqlstate, message, ..
        }) if is_data_error(&sqlstate) => (message, sqlstate),
        Err(error) => error.rethrow(),
    };
    let detail = format!(
        "The {} rows of the batch were refused together.",
        good.len()
    );
    if load.definition.on_quality == OnError::Stop {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_CHECK_VIOLATION,
            format!("stream {}: {message}", load.definition.name),
        )
        .detail(detail)
        .hint("Look at the rows, or create the stream with on_quality => 'table' to keep such batches aside."));
    }
    for row in good.iter().filter_map(|row| batch.row(*row)) {
        let reject = Reject::of_row(Stage::Quality, &row, &code, &message).detail(&detail);
        load.keep_aside(reject, load.definition.on_quality)?;
    }
    Ok(false)
}

/// The numbers of the conditions that are false.
fn failed(query: &str, relation: &BatchRelation) -> Vec<usize> {
    session::connect(|session| {
        relation.register(session, relation.len());
        let rows = session.run(query, &[], Snapshot::Latest);
        let mut cells = rows.cells(0);
        let mut which = Vec::new();
        let mut n = 0;
        while let Some(is_false) = cells.take::<bool>() {
            if is_false {
                which.push(n);
            }
            n += 1;
        }
        which
    })
}
