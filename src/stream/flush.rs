//! Running one batch: convert, check, statement. Rows that fail become rejects.
//!
//! Everything happens in the caller's transaction, as the stream's owner in a security-restricted
//! operation, with the stream's search_path. Settings that the owner's code changes are restored after the
//! batch, and nothing of it is deferred to the commit. A data error undoes only its own row; any other
//! error ends the load.

use std::time::Instant;

use super::deferred::{elsewhere, immediate};
use super::definition::StreamDefinition;
use super::statement::{execute, written};
use super::{Load, checks, load_error, quality, rejects};
use crate::pg::error::{Caught, Raise};
use crate::pg::input::{Converter, is_valid_text};
use crate::pg::memory::in_temporary_context;
use crate::pg::relation::BatchRelation;
use crate::pg::session;
use crate::pg::snapshot::with_snapshot;
use crate::pg::subtransaction::subtransaction;
use crate::pg::user::{current_role, on_safe_path, restricted, role_name};
use termstream_core::bounds::room_for;
use termstream_core::load::{Batch, Bisected, Reject, Row, Stage, is_data_error, is_value_error};
use termstream_core::record::Field;

/// A batch of more bytes than this is run only if memory for `GROWTH` copies of it can be had.
const LARGE: usize = 1 << 20;

/// Copies of a batch that its rejects may need: each row as a line of CSV, and a value in an error message.
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
            in_temporary_context(|| {
                with_snapshot(|| {
                    let outcome = run(load, &batch);
                    if outcome.is_ok() {
                        session::connect(|session| {
                            on_safe_path(|| rejects::write(session, load, &caller, &load.rejects));
                        });
                    }
                    outcome
                })
            })
        })
    });
    load.rejects.clear();
    load.reject_bytes = 0;
    load.batch = batch;
    load.batch.clear();
    outcome?;
    load.busy += started.elapsed();
    load.counts.add_batch();
    load.counts
        .check_balance()
        .map_err(|error| load_error(&error))?;
    load.check_limits()
}

/// The error of a deferred trigger on a table that the statement does not name and the stream's owner does
/// not own.
fn deferred_trigger(load: &Load, error: &Caught) -> Raise {
    let StreamDefinition { name, owner, .. } = &load.definition;
    let mut detail = format!(
        "The statement of stream {name}, or a trigger that it fires, writes a table with a constraint that is INITIALLY DEFERRED; it would be checked at commit, no longer as the stream's owner."
    );
    let constraints = elsewhere(*owner);
    if !constraints.is_empty() {
        detail += &format!(" Such constraints are: {}.", constraints.join(", "));
    }
    error.to_raise().detail(detail).hint("Make the constraint INITIALLY IMMEDIATE; or, if the stream's statement names the table or its owner owns it, grant USAGE on the table's schema to the role that feeds the stream.")
}

fn empty(definition: &StreamDefinition) -> Result<Batch, Raise> {
    Batch::new(definition.batch_rows as i64).map_err(|error| load_error(&error))
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
            load.refuse(reject_of_error(Stage::Statement, &row, &error))?;
        }
    }
    Ok(())
}

/// Converts all rows into `relation`, and returns their numbers. It begins one subtransaction, and one more
/// for each row that raises an error.
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
                Some(row) if failing.is_guilty(&error.sqlstate) => {
                    let reject = reject_of_error(Stage::Convert, &row, &error);
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

/// What is being converted, for when an error is raised.
#[derive(Default)]
struct Failing {
    column: usize,
    /// Whether it is the column's default, and not a value of the row.
    is_default: bool,
}

impl Failing {
    /// Whether an error with this SQLSTATE is the row's.
    fn is_guilty(&self, sqlstate: &str) -> bool {
        match self.is_default {
            true => is_data_error(sqlstate),
            false => is_value_error(sqlstate),
        }
    }
}

/// Converts one row. Returns a reject for what is wrong without raising an error.
fn convert_row(
    definition: &StreamDefinition,
    row: &Row<'_>,
    converter: &mut Converter,
    failing: &mut Failing,
) -> Option<Reject> {
    converter.start_row();
    for (number, column) in definition.columns.iter().enumerate() {
        *failing = Failing {
            column: number,
            is_default: false,
        };
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
                failing.is_default = true;
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

/// A reject of a row for an error that was caught.
pub fn reject_of_error(stage: Stage, row: &Row<'_>, error: &Caught) -> Reject {
    let reject = Reject::of_row(stage, row, &error.sqlstate, &error.message);
    match &error.detail {
        Some(detail) => reject.detail(detail),
        None => reject,
    }
}

/// The reject with the name of the column that failed, and its value.
fn named(reject: Reject, definition: &StreamDefinition, row: &Row<'_>, column: usize) -> Reject {
    let Some(failed) = definition.columns.get(column) else {
        return reject;
    };
    let value = row.field(column).text().map(String::from_utf8_lossy);
    reject.column(&failed.name, value.as_deref())
}
