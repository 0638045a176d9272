//! One batch on its way through: convert, check, statement; what is wrong becomes rejects.
//!
//! Everything happens in the transaction of the caller, as the stream's owner and in a
//! security-restricted operation, with the stream's search_path: what the owner's code sets is gone behind
//! the batch, and nothing of it waits for the commit. A data error undoes no more than its own row; any
//! other error ends the load.

use std::time::Instant;

use super::deferred::{elsewhere, immediate};
use super::definition::Definition;
use super::statement::{execute, written};
use super::{Load, checks, quality, refused, rejects};
use crate::pg::error::{Caught, Raise};
use crate::pg::input::{Converter, is_valid_text};
use crate::pg::memory::in_own_context;
use crate::pg::relation::BatchRelation;
use crate::pg::session;
use crate::pg::snapshot::with_snapshot;
use crate::pg::subtransaction::subtransaction;
use crate::pg::user::{current_role, on_safe_path, restricted, role_name};
use termstream_core::bounds::room_for;
use termstream_core::load::{Batch, Bisected, OnError, Reject, Row, Stage, is_data_error};
use termstream_core::record::Field;

/// Of a batch of more bytes than this it is asked whether there is room for it so many times more: for its
/// rows as rejects, each as a line of CSV, and for one value in the words of an error.
const LARGE: usize = 1 << 20;
const GROWTH: usize = 6;

/// Runs the batch and empties it. On success the counts balance.
pub fn flush(load: &mut Load) -> Result<(), Raise> {
    let started = Instant::now();
    let caller = role_name(current_role());
    let owner = load.definition.owner;
    let path = load.definition.search_path.clone();
    let batch = std::mem::replace(&mut load.batch, empty(&load.definition)?);
    let mut tables = vec![load.definition.rejects_table];
    if !batch.is_empty() {
        let (statement, columns) = (&load.definition.statement, &load.definition.columns);
        tables.extend(restricted(owner, &path, || {
            written(statement, columns, batch.len())
        }));
    }
    let outcome = immediate(owner, tables, || {
        restricted(owner, &path, || {
            in_own_context(|| {
                with_snapshot(|| {
                    let outcome = run(load, &batch);
                    if outcome.is_ok() {
                        session::connect(|session| {
                            on_safe_path(|| rejects::write(session, load, &caller, &load.refused));
                        });
                    }
                    outcome
                })
            })
        })
    });
    load.refused.clear();
    load.refused_bytes = 0;
    load.batch = batch;
    load.batch.clear();
    outcome?;
    load.busy += started.elapsed();
    load.counts.add_batch();
    load.counts
        .check_balance()
        .map_err(|error| refused(&error))?;
    load.check_limits()
}

/// A trigger of a table that the statement does not name, nor the stream's owner own, was to wait for the
/// commit.
fn deferred_trigger(load: &Load, error: &Caught) -> Raise {
    let Definition { name, owner, .. } = &load.definition;
    let mut detail = format!(
        "The statement of stream {name}, or a trigger that it fires, writes a table with a constraint that is INITIALLY DEFERRED; it would be checked when the stream's owner has gone."
    );
    // A statement that runs in no subtransaction leaves none in which to ask.
    if load.definition.on_error != OnError::Stop {
        let constraints = elsewhere(*owner);
        if !constraints.is_empty() {
            detail += &format!(" Such are: {}.", constraints.join(", "));
        }
    }
    error.to_raise().detail(detail).hint("Make the constraint INITIALLY IMMEDIATE; or, where the stream's statement or owner writes its table, grant USAGE on the schema of the table to whoever feeds the stream.")
}

fn empty(definition: &Definition) -> Result<Batch, Raise> {
    Batch::new(definition.batch_rows as i64).map_err(|error| refused(&error))
}

fn run(load: &mut Load, batch: &Batch) -> Result<(), Raise> {
    if batch.is_empty() {
        return Ok(());
    }
    if batch.bytes() > LARGE {
        room_for(GROWTH * batch.bytes())?;
    }
    let mut converter = Converter::new(&load.definition.columns);
    let mut relation = BatchRelation::new("batch", &load.definition.columns);
    let good = convert(load, batch, &mut converter, &mut relation)?;
    drop(converter);
    let (good, relation) = checks::apply(load, batch, good, relation)?;
    if good.is_empty() || !quality::passes(load, batch, &good, &relation)? {
        return Ok(());
    }
    let Bisected { taken, guilty } = match execute(load, &relation) {
        Ok(bisected) => bisected,
        Err(error) if error.is_deferred_trigger() => return Err(deferred_trigger(load, &error)),
        Err(error) => error.rethrow(),
    };
    for (rows, pairs) in taken {
        load.counts.add_taken(rows.len() as u64, pairs);
    }
    for (index, error) in guilty {
        if let Some(row) = good.get(index).and_then(|row| batch.row(*row)) {
            load.refuse(of_caught(Stage::Statement, &row, &error))?;
        }
    }
    Ok(())
}

/// Converts all rows, as few subtransactions as there are bad ones plus one. Returns the numbers of
/// the rows that stand in `relation`.
fn convert(
    load: &mut Load,
    batch: &Batch,
    converter: &mut Converter,
    relation: &mut BatchRelation,
) -> Result<Vec<usize>, Raise> {
    let mut good = Vec::with_capacity(batch.len());
    let mut next = 0;
    while next < batch.len() {
        let mut failing = Failing::default();
        let outcome = subtransaction(|| {
            while let Some(row) = batch.row(next) {
                pgrx::check_for_interrupts!();
                failing = Failing::default();
                if let Some(reject) = convert_row(&load.definition, &row, converter, &mut failing) {
                    return Some(reject);
                }
                relation.push(converter);
                good.push(next);
                next += 1;
            }
            None
        });
        let reject = match outcome {
            Ok(None) => break,
            Ok(Some(reject)) => reject,
            Err(error) => match batch.row(next) {
                Some(row) if is_data_error(&error.sqlstate) => {
                    let reject = of_caught(Stage::Convert, &row, &error);
                    named(reject, &load.definition, &row, failing.column)
                }
                _ => error.rethrow(),
            },
        };
        load.refuse(reject)?;
        next += 1;
    }
    Ok(good)
}

/// The column at work when an error is raised.
#[derive(Default)]
struct Failing {
    column: usize,
}

/// Converts one row; what is wrong without raising an error comes back as a reject.
fn convert_row(
    definition: &Definition,
    row: &Row<'_>,
    converter: &mut Converter,
    failing: &mut Failing,
) -> Option<Reject> {
    converter.start_row();
    for (number, column) in definition.columns.iter().enumerate() {
        failing.column = number;
        let refuse = |stage, sqlstate, message: String| {
            let reject = Reject::of_row(stage, row, sqlstate, &message);
            Some(named(reject, definition, row, number))
        };
        let no_value = || {
            let name = &column.name;
            let message = format!("null value in column \"{name}\" violates not-null constraint");
            refuse(Stage::Check, "23502", message)
        };
        let field = match row.field(number) {
            Field::Text(field) => field,
            Field::LeftOut => {
                if !converter.convert_default(number, column) && column.not_null {
                    return no_value();
                }
                continue;
            }
            Field::Null => {
                if column.not_null {
                    return no_value();
                }
                converter.convert(number, None);
                continue;
            }
        };
        if !is_valid_text(field) {
            return refuse(
                Stage::Parse,
                "22021",
                "invalid byte sequence for encoding \"UTF8\"".to_owned(),
            );
        }
        let Some(format) = definition.formats.get(number).and_then(Option::as_ref) else {
            converter.convert(number, Some(field));
            continue;
        };
        let value = String::from_utf8_lossy(field);
        match format.to_sql(&value) {
            Some(sql) => converter.convert(number, Some(sql.as_bytes())),
            None => {
                let message = format!("invalid input syntax for {}: \"{value}\"", format.noun());
                let detail = format!("The format of the column is \"{}\".", format.text);
                return refuse(Stage::Convert, "22P02", message)
                    .map(|reject| reject.detail(&detail));
            }
        }
    }
    None
}

pub fn of_caught(stage: Stage, row: &Row<'_>, error: &Caught) -> Reject {
    let reject = Reject::of_row(stage, row, &error.sqlstate, &error.message);
    match &error.detail {
        Some(detail) => reject.detail(detail),
        None => reject,
    }
}

fn named(reject: Reject, definition: &Definition, row: &Row<'_>, column: usize) -> Reject {
    let Some(of) = definition.columns.get(column) else {
        return reject;
    };
    let value = row.field(column).text().map(String::from_utf8_lossy);
    reject.column(&of.name, value.as_deref())
}
