//! Retrying rejects: their rows, corrected or not, go through the stream again in one transaction. Those
//! that pass are deleted from the rejects table, those that fail stay with the new error.
//!
//! The condition runs as the caller, who needs rights on the rejects table; what the stream does with the
//! rows runs as the stream's owner, as ever. The rejects table is read as the stream's owner, since its
//! indexes and policies are code of that owner; so the condition sees a copy of the rows, without columns
//! of user-defined types. A reject whose row was not kept whole is skipped until its whole row is written
//! into `line`.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::Load;
use super::ddl::find_stream;
use super::deferred::immediate;
use super::definition::StreamDefinition;
use super::flush::flush;
use super::ledger::{self, State};
use super::line_format::{LineFormat, OwnedField, Split};
use crate::pg::catalog::{
    column_names, column_type, is_system_type, lock_for_insert, quote_identifier, relation_kind,
    relation_name,
};
use crate::pg::error::Raise;
use crate::pg::parse::is_expression;
use crate::pg::position::{with_position, with_users_position};
use crate::pg::relation::BatchRelation;
use crate::pg::session::{self, AnotherType, Arg, Rows, Session, Snapshot};
use crate::pg::user::{SAFE_PATH, as_standard_sql, on_safe_path, restricted};
use termstream_core::bounds::extend;
use termstream_core::load::{Counts, OnError, Place, Reject, Stage};

/// The load that has retried the rejects, and its counts.
pub struct Retried {
    pub load_id: i64,
    pub counts: Counts,
}

/// The number of rejects that are read at once.
const ROWS_AT_ONCE: i64 = 1_000;

/// The number of bytes of rejects after which no more are read at once.
const BYTES_AT_ONCE: i64 = 16 << 20;

/// Retries rejects of the stream: those of a load, those for which the condition holds, or all.
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
        let mut definition = StreamDefinition::read(view)?;
        must_have_rights(session, stream, view, &definition.rejects)?;
        refuse_other_table(&definition)?;
        // A reject that fails again stays, whatever the stream does with new rejects.
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
            let raise = with_position(error, at, condition, 0);
            Err(raise.or_hint(|| CONDITION_HINT.to_owned()))
        }
    }
}

/// Checks that the caller has the rights with which he could retry the rejects by hand.
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

/// Locks the rejects table and checks that it is one: its owner could have replaced it by another relation.
fn refuse_other_table(definition: &StreamDefinition) -> Result<(), Raise> {
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
    .all(|(column, wanted)| column_type(table, column) == Some(wanted));
    match is_table && is_intact {
        true => Ok(()),
        false => Err(no_rejects_table(&definition.rejects)),
    }
}

/// Runs a query on the rejects table as the stream's owner.
fn query_rejects<R>(load: &Load, query: &str, args: &[Arg], take: impl FnOnce(&Rows) -> R) -> R {
    restricted(load.definition.owner, SAFE_PATH, || {
        session::connect(|session| {
            take(&session.run_on(load.definition.rejects_table, query, args, Snapshot::Latest))
        })
    })
}

/// The newest reject; later ones are not retried.
fn newest(load: &Load) -> i64 {
    let query = format!("SELECT max(reject_id) FROM {}", load.definition.rejects);
    query_rejects(load, &query, &[], |rows| rows.get(0, 1)).unwrap_or(0)
}

/// Which rejects to retry: those of a load, those for which the caller's condition holds, or all.
struct Wanted<'a> {
    condition: Option<&'a str>,
    load_id: Option<i64>,
    /// The columns that the condition sees.
    columns: String,
}

/// The columns of the rejects table, reject_id first, without those of user-defined types: the condition
/// would call casts and operators of such a type as the caller.
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

/// The numbers of the next wanted rejects, and the number of the last one that was read.
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
        let all: Vec<i64> = query_rejects(load, &query, &args, ids);
        let last_read = all.last().copied();
        return Ok((all, last_read));
    };
    let name = relation_name(load.definition.rejects_table);
    session::connect(|session| {
        let owner = load.definition.owner;
        let table = load.definition.rejects_table;
        let rows = restricted(owner, SAFE_PATH, || {
            session.run_on(table, &query, &args, Snapshot::Latest)
        });
        let last_read = rows.len().checked_sub(1).and_then(|row| rows.get(row, 1));
        let copy = BatchRelation::of_rows(&name, &rows);
        copy.register(session, copy.len());
        let before = format!("SELECT reject_id FROM {} WHERE (", quote_identifier(&name));
        let query = format!("{before}{condition}\n)");
        let hint = format!("The condition sees {}.", wanted.columns);
        // Parsed in the same way as when it was checked to be one expression. An error of the condition while it
        // runs has no position in it, and passes as it is.
        let plan = with_users_position(condition, before.chars().count(), &hint, || {
            as_standard_sql(|| session.prepare(&query, &[]))
        })?;
        let holds = as_standard_sql(|| plan.run(&[], Snapshot::Latest));
        Ok((ids(&holds), last_read))
    })
}

/// A reject as read from the rejects table.
struct StoredReject {
    reject_id: i64,
    bytes: Vec<u8>,
    is_whole: bool,
    format: Option<String>,
}

/// Retries the next rejects; returns the number of the last one that was read, if there was any.
fn retry_some(load: &mut Load, wanted: &Wanted, last: i64, end: i64) -> Result<Option<i64>, Raise> {
    let (ids, last_read) = next(load, wanted, last, end)?;
    let (rejects, stopped_at) = read_rejects(load, ids)?;
    let mut ids: Vec<i64> = Vec::with_capacity(rejects.len());
    let mut format = LineFormat::read(None, &load.definition)?;
    for one in rejects.into_iter().filter(|one| one.is_whole) {
        pgrx::check_for_interrupts!();
        ids.push(one.reject_id);
        retry_one(load, &mut format, &one)?;
        if load.is_full() {
            flush(load)?;
        }
    }
    flush(load)?;
    remove_taken(load, ids);
    Ok(stopped_at.or(last_read))
}

/// Reads and locks the rejects of these numbers. If they are too large to be read at once, also returns the
/// number of the last one that was read.
fn read_rejects(load: &Load, ids: Vec<i64>) -> Result<(Vec<StoredReject>, Option<i64>), Raise> {
    let query = format!(
        "SELECT reject_id, line, line_bytes, line_size, line_format
           FROM {} WHERE reject_id = ANY ($1) ORDER BY reject_id FOR UPDATE",
        load.definition.rejects
    );
    query_rejects(load, &query, &[ids.into()], |rows| {
        let mut rejects = Vec::new();
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
            let mut row_bytes = Vec::new();
            extend(&mut row_bytes, line.map_or(raw, str::as_bytes))?;
            bytes += row_bytes.len() as i64;
            rejects.push(StoredReject {
                reject_id,
                bytes: row_bytes,
                is_whole,
                format,
            });
            if bytes >= BYTES_AT_ONCE {
                return Ok((rejects, Some(reject_id)));
            }
        }
        Ok((rejects, None))
    })
}

/// Adds the row of a reject to the load's batch, or rejects it again. `format` is that of the last reject.
fn retry_one(load: &mut Load, format: &mut LineFormat, one: &StoredReject) -> Result<(), Raise> {
    load.counts.add_read(one.bytes.len() as u64);
    let place = Place::Row {
        number: one.reject_id as u64,
    };
    if !format.is(one.format.as_deref()) {
        match LineFormat::read(one.format.as_deref(), &load.definition) {
            Ok(another) => *format = another,
            // A format that cannot be read must not keep other rejects from being retried.
            Err(error) => {
                let (bytes, reason) = (&one.bytes, &error.message);
                return load.refuse(Reject::new(Stage::Parse, place, bytes, "22023", reason));
            }
        }
    }
    match format.split(&one.bytes, place)? {
        Split::Fields(fields) => {
            let fields = fields.iter().map(OwnedField::field);
            load.batch.push(place, Some(&one.bytes), fields)?;
            Ok(())
        }
        Split::Rejected(reject) => load.refuse(*reject),
    }
}

fn no_rejects_table(name: &str) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("{name} is no longer a rejects table"),
    )
    .hint("Its columns reject_id, load_id and line_size are of type bigint, stage and line of text, line_bytes of bytea, line_format of jsonb.")
}

/// Deletes the rejects that were retried and have not got a new error.
fn remove_taken(load: &Load, ids: Vec<i64>) {
    let delete = format!(
        "DELETE FROM {} WHERE reject_id = ANY ($1) AND load_id <> $2",
        load.definition.rejects
    );
    let StreamDefinition {
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
