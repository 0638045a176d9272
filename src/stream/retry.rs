//! Rejects taken through their stream again, mended or not, in one transaction: those that pass leave
//! the table, those that fail stay there, once, with the new error.
//!
//! The caller's condition and his right to the rejects are his own; what the stream does with the rows
//! it does as its owner, as ever. The owner's table is read as its owner, for its indexes and policies are
//! code of his; the condition sees a copy of the rows, of columns without code. A reject whose row was not
//! kept whole stays as it is, until somebody has written the whole row into `line`.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::Load;
use super::ddl::find_stream;
use super::deferred::immediate;
use super::definition::Definition;
use super::flush::flush;
use super::ledger::{self, State};
use super::line_format::{LineFormat, OwnedField, Split};
use crate::pg::catalog::{
    column_names, column_type, is_system_type, lock_for_insert, quote_identifier, relation_kind,
    relation_name,
};
use crate::pg::error::Raise;
use crate::pg::parse::is_expression;
use crate::pg::position::{of_user, told};
use crate::pg::relation::BatchRelation;
use crate::pg::session::{self, AnotherType, Arg, Rows, Session, Snapshot};
use crate::pg::user::{SAFE_PATH, as_standard_sql, on_safe_path, restricted};
use termstream_core::bounds::extend;
use termstream_core::load::{Counts, OnError, Place, Reject, Stage};

/// What became of the rejects.
pub struct Retried {
    pub load_id: i64,
    pub counts: Counts,
}

/// Rejects that are read at once, and how many bytes of them.
const ROWS_AT_ONCE: i64 = 1_000;
const BYTES_AT_ONCE: i64 = 16 << 20;

/// Takes rejects of the stream again: those of a load, those for which the condition holds, or all.
pub fn retry_rejects(
    stream: &str,
    condition: Option<&str>,
    load_id: Option<i64>,
) -> Result<Retried, Raise> {
    if let Some(condition) = condition {
        must_be_expression(condition)?;
    }
    let definition = session::connect(|session| {
        let view = find_stream(session, stream)?;
        let mut definition = Definition::read(view)?;
        must_have_rights(session, stream, view, &definition.rejects)?;
        refuse_other_table(&definition)?;
        // What fails again must stay, whatever the stream does with rows that fail for the first time.
        definition.on_error = OnError::Table;
        definition.on_quality = OnError::Table;
        definition.limits = Default::default();
        Ok::<_, Raise>(definition)
    })?;
    let mut load = Load::new(definition, None)?;
    load.retries = true;
    let end = newest(&load);
    let mut last = 0;
    let wanted = Wanted {
        condition,
        load_id,
        columns: plain_columns(load.definition.rejects_table),
    };
    while let Some(next) = retry_some(&mut load, &wanted, last, end)? {
        pgrx::check_for_interrupts!();
        last = next;
    }
    ledger::write(&load, State::Done, None);
    Ok(Retried {
        load_id: load.id,
        counts: load.counts,
    })
}

const CONDITION_HINT: &str = "Write it as in WHERE, over the columns of the rejects table.";

fn must_be_expression(condition: &str) -> Result<(), Raise> {
    match is_expression(condition) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Raise::new(
            PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
            format!("condition \"{condition}\" is not one expression"),
        )
        .hint(CONDITION_HINT)),
        Err((error, at)) => {
            let raise = told(error, at, condition, 0);
            Err(raise.or_hint(|| CONDITION_HINT.to_owned()))
        }
    }
}

/// The rights that the caller needs to do it by hand.
fn must_have_rights(
    session: &Session,
    stream: &str,
    view: pg_sys::Oid,
    rejects: &str,
) -> Result<(), Raise> {
    let query = "SELECT has_table_privilege($1, 'INSERT'), has_table_privilege($2::regclass, 'SELECT')
        AND has_table_privilege($2::regclass, 'UPDATE') AND has_table_privilege($2::regclass, 'DELETE'),
        row_security_active($2::regclass)";
    let rights =
        on_safe_path(|| session.run(query, &[view.into(), rejects.into()], Snapshot::Latest));
    let denied = match (rights.get::<bool>(0, 1), rights.get::<bool>(0, 2)) {
        (Some(true), Some(true)) if rights.get(0, 3) == Some(true) => {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!("rejects of stream {stream} cannot be retried under row-level security"),
            )
            .hint(format!(
                "ALTER TABLE {rejects} DISABLE ROW LEVEL SECURITY, or retry as its owner."
            )));
        }
        (Some(true), Some(true)) => return Ok(()),
        (Some(true), _) => format!("permission denied for table {rejects}"),
        _ => format!("permission denied for stream {stream}"),
    };
    Err(
        Raise::new(PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE, denied).hint(
            "Retrying needs INSERT on the stream, and SELECT, UPDATE and DELETE on its rejects table.",
        ),
    )
}

/// The owner of the table could have put another one in its place. Nobody can from now on.
fn refuse_other_table(definition: &Definition) -> Result<(), Raise> {
    let table = definition.rejects_table;
    lock_for_insert(table);
    let is_table = matches!(relation_kind(table), Some('r' | 'p'));
    let is_intact = [
        ("reject_id", pg_sys::INT8OID),
        ("load_id", pg_sys::INT8OID),
        ("stage", pg_sys::TEXTOID),
        ("line", pg_sys::TEXTOID),
        ("line_bytes", pg_sys::BYTEAOID),
        ("line_size", pg_sys::INT8OID),
        ("line_format", pg_sys::JSONBOID),
    ]
    .into_iter()
    .all(|(column, of_type)| column_type(table, column) == Some(of_type));
    match is_table && is_intact {
        true => Ok(()),
        false => Err(no_rejects_table(&definition.rejects)),
    }
}

/// Asks the rejects table as its owner.
fn ask<R>(load: &Load, query: &str, args: &[Arg], take: impl FnOnce(&Rows) -> R) -> R {
    restricted(load.definition.owner, SAFE_PATH, || {
        session::connect(|session| {
            take(&session.run_on(load.definition.rejects_table, query, args, Snapshot::Latest))
        })
    })
}

/// The newest reject: those that come later are not meant.
fn newest(load: &Load) -> i64 {
    let query = format!("SELECT max(reject_id) FROM {}", load.definition.rejects);
    ask(load, &query, &[], |rows| rows.get(0, 1)).unwrap_or(0)
}

/// What is asked for: the rejects of a load, and those for which a condition of the caller's holds.
struct Wanted<'a> {
    condition: Option<&'a str>,
    load_id: Option<i64>,
    /// The columns that the condition sees.
    columns: String,
}

/// The columns of the rejects table whose types are the system's: a type of somebody else's can have
/// casts and operators, which the condition would call in the caller's name. The number comes first.
fn plain_columns(table: pg_sys::Oid) -> String {
    let mut columns = "reject_id".to_owned();
    for name in column_names(table) {
        if name != "reject_id" && column_type(table, &name).is_some_and(is_system_type) {
            columns += ", ";
            columns += &quote_identifier(&name);
        }
    }
    columns
}

/// The numbers of the next rejects that are wanted, and the last one that was looked at.
fn next(
    load: &Load,
    wanted: &Wanted,
    last: i64,
    end: i64,
) -> Result<(Vec<i64>, Option<i64>), Raise> {
    let rejects = &load.definition.rejects;
    let columns = match wanted.condition {
        None => "reject_id",
        Some(_) => &wanted.columns,
    };
    let query = format!(
        "SELECT {columns} FROM {rejects}
          WHERE reject_id > $1 AND reject_id <= $2 AND stage <> 'predict'
            AND ($3 IS NULL OR load_id = $3)
          ORDER BY reject_id LIMIT {ROWS_AT_ONCE}"
    );
    let ids = |rows: &Rows| (0..rows.len()).filter_map(|row| rows.get(row, 1)).collect();
    let args = [last.into(), end.into(), wanted.load_id.into()];
    let Some(condition) = wanted.condition else {
        let all: Vec<i64> = ask(load, &query, &args, ids);
        let looked_at = all.last().copied();
        return Ok((all, looked_at));
    };
    let name = relation_name(load.definition.rejects_table);
    session::connect(|session| {
        let owner = load.definition.owner;
        let table = load.definition.rejects_table;
        let rows = restricted(owner, SAFE_PATH, || {
            session.run_on(table, &query, &args, Snapshot::Latest)
        });
        let looked_at = rows.len().checked_sub(1).and_then(|row| rows.get(row, 1));
        let copy = BatchRelation::of_rows(&name, &rows);
        copy.register(session, copy.len());
        let before = format!("SELECT reject_id FROM {} WHERE (", quote_identifier(&name));
        let query = format!("{before}{condition}\n)");
        let hint = format!("The condition sees {}.", wanted.columns);
        let holds = of_user(condition, before.chars().count(), &hint, || {
            // As it was read when it was found to be one expression.
            as_standard_sql(|| session.run(&query, &[], Snapshot::Latest))
        })?;
        Ok((ids(&holds), looked_at))
    })
}

struct Kept {
    reject_id: i64,
    bytes: Vec<u8>,
    is_whole: bool,
    format: Option<String>,
}

/// Takes the next rejects, and runs them; returns the last one that was looked at, if there was any.
fn retry_some(load: &mut Load, wanted: &Wanted, last: i64, end: i64) -> Result<Option<i64>, Raise> {
    let (holds, mut more) = next(load, wanted, last, end)?;
    let query = format!(
        "SELECT reject_id, line, line_bytes, line_size, line_format
           FROM {} WHERE reject_id = ANY ($1) ORDER BY reject_id FOR UPDATE",
        load.definition.rejects
    );
    let mut kept: Vec<Kept> = Vec::new();
    ask(load, &query, &[holds.into()], |rows| {
        let mut bytes = 0;
        for row in 0..rows.len() {
            pgrx::check_for_interrupts!();
            let another = |_: AnotherType| no_rejects_table(&load.definition.rejects);
            let reject_id = rows.bigint(row, 1).map_err(another)?.unwrap_or(0);
            let line = rows.text(row, 2).map_err(another)?;
            let raw = rows.bytes(row, 3).map_err(another)?.unwrap_or_default();
            let size = rows.bigint(row, 4).map_err(another)?;
            let format = rows.json(row, 5).map_err(another)?;
            let is_whole = line.is_some() || size.is_none_or(|size| size == raw.len() as i64);
            let mut own = Vec::new();
            extend(&mut own, line.map_or(raw, str::as_bytes))?;
            bytes += own.len() as i64;
            kept.push(Kept {
                reject_id,
                bytes: own,
                is_whole,
                format,
            });
            if bytes >= BYTES_AT_ONCE {
                more = Some(reject_id);
                break;
            }
        }
        Ok::<_, Raise>(())
    })?;
    let mut ids: Vec<i64> = Vec::with_capacity(kept.len());
    let mut format = LineFormat::read(None, &load.definition)?;
    for one in kept.into_iter().filter(|one| one.is_whole) {
        pgrx::check_for_interrupts!();
        ids.push(one.reject_id);
        load.counts.add_read(one.bytes.len() as u64);
        let place = Place::Row {
            number: one.reject_id as u64,
        };
        if !format.is(one.format.as_deref()) {
            match LineFormat::read(one.format.as_deref(), &load.definition) {
                Ok(another) => format = another,
                // One that nobody can read must not keep the others from being taken.
                Err(error) => {
                    let (bytes, reason) = (&one.bytes, &error.message);
                    load.refuse(Reject::new(Stage::Parse, place, bytes, "22023", reason))?;
                    continue;
                }
            }
        }
        match format.split(&one.bytes, place)? {
            Split::Fields(fields) => {
                let fields = fields.iter().map(OwnedField::field);
                load.batch.push(place, Some(&one.bytes), fields)?;
            }
            Split::NoRow(reject) => load.refuse(*reject)?,
        }
        if load.is_full() {
            flush(load)?;
        }
    }
    flush(load)?;
    remove_taken(load, ids);
    Ok(more)
}

fn no_rejects_table(name: &str) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("{name} is no rejects table any more"),
    )
    .hint("Its columns reject_id, load_id and line_size are of type bigint, stage and line of text, line_bytes of bytea, line_format of jsonb.")
}

/// What was tried and has no new error is taken.
fn remove_taken(load: &Load, ids: Vec<i64>) {
    let delete = format!(
        "DELETE FROM {} WHERE reject_id = ANY ($1) AND load_id <> $2",
        load.definition.rejects
    );
    let Definition {
        owner,
        rejects_table,
        ..
    } = load.definition;
    immediate(owner, vec![rejects_table], || {
        restricted(owner, SAFE_PATH, || {
            session::connect(|session| {
                let args = [ids.into(), load.id.into()];
                session.run_on(rejects_table, &delete, &args, Snapshot::Latest);
            })
        })
    });
}
