//! The rejects table of a stream, created with the stream, or taken over if it exists.
//!
//! It has the columns of the error table that was proposed for COPY in Postgres, and further ones that are
//! needed to understand and to retry a reject.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::ddl::found_name;
use super::definition::not_a_stream;
use super::name::RelationName;
use crate::pg::catalog::{column_type, owner, quote_literal};
use crate::pg::error::Raise;
use crate::pg::session::Session;
use crate::pg::user::{is_or_is_in, role_name};

const COLUMNS: &str = "
    reject_id pg_catalog.int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    load_id pg_catalog.int8 NOT NULL, stream pg_catalog.text NOT NULL, stage pg_catalog.text NOT NULL,
    starttime pg_catalog.timestamptz NOT NULL, userid pg_catalog.name NOT NULL,
    copy_tbl pg_catalog.regclass NOT NULL, filename pg_catalog.text, lineno pg_catalog.int8,
    line pg_catalog.text, line_bytes pg_catalog.bytea, colname pg_catalog.text,
    raw_field_value pg_catalog.text, err_message pg_catalog.text NOT NULL, err_detail pg_catalog.text,
    errorcode pg_catalog.text NOT NULL,
    failed_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    origin pg_catalog.jsonb, line_format pg_catalog.jsonb, line_size pg_catalog.int8,
    checks pg_catalog.text[]";

/// The columns that a rejects table made by version 0.1.0 lacks.
const LATER_COLUMNS: &str = "
    ADD COLUMN IF NOT EXISTS failed_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    ADD COLUMN IF NOT EXISTS origin pg_catalog.jsonb, ADD COLUMN IF NOT EXISTS line_format pg_catalog.jsonb,
    ADD COLUMN IF NOT EXISTS line_size pg_catalog.int8, ADD COLUMN IF NOT EXISTS checks pg_catalog.text[]";

/// Comments on columns.
const COMMENTS: [(&str, &str); 12] = [
    ("load_id", "the load, as in termstream.loads"),
    (
        "stage",
        "where the row failed: parse, convert, check, statement, quality or predict",
    ),
    ("starttime", "when the load began"),
    ("filename", "the file, or what the feeder calls its source"),
    (
        "lineno",
        "the line of the file, or the row of the COPY or INSERT, or what the feeder counts",
    ),
    (
        "line",
        "the whole row, to be corrected and retried by termstream.retry_rejects; NULL if it is not text",
    ),
    (
        "line_bytes",
        "the row as it came; only its beginning, if it is too long to be kept whole",
    ),
    ("checks", "the checks that the row fails, by name"),
    (
        "origin",
        "where the row came from, as its feeder describes it",
    ),
    (
        "line_format",
        "the format of the line, if it is not CSV of all the columns of the stream",
    ),
    ("line_size", "size of the whole row in bytes"),
    ("failed_at", "when the row failed"),
];

/// The rejects table of the stream, which is created if it does not exist.
pub fn create(session: &Session, stream: &RelationName) -> Result<pg_sys::Oid, Raise> {
    let rejects = stream.with_suffix("_rejects")?;
    let table = rejects.sql();
    match rejects.find(session) {
        None => {
            session.execute(&format!("CREATE TABLE {table} ({COLUMNS})"), &[]);
            session.execute(&format!("CREATE INDEX ON {table} (load_id)"), &[]);
        }
        Some(found) => {
            refuse_other_table(found, &rejects.name)?;
            refuse_others_table(found, "rejects table")?;
            if column_type(found, "checks").is_none() {
                session.execute(&format!("ALTER TABLE {table} {LATER_COLUMNS}"), &[]);
            }
        }
    }
    let comment = format!("rows that stream {} could not take", stream.sql());
    session.execute(
        &format!("COMMENT ON TABLE {table} IS {}", quote_literal(&comment)),
        &[],
    );
    for (column, comment) in COMMENTS {
        session.execute(
            &format!(
                "COMMENT ON COLUMN {table}.{column} IS {}",
                quote_literal(comment)
            ),
            &[],
        );
    }
    rejects
        .find(session)
        .ok_or_else(|| not_a_stream(&rejects.name))
}

/// An error if another role owns the table: its triggers would run as the stream's owner, and it may have
/// been created just for that.
pub fn refuse_others_table(table: pg_sys::Oid, what: &str) -> Result<(), Raise> {
    let Some(owner) = owner(table).filter(|owner| !is_or_is_in(*owner)) else {
        return Ok(());
    };
    let (name, owner) = (found_name(table), role_name(owner));
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("{what} {name} belongs to role \"{owner}\""),
    )
    .detail("Its triggers would run with the rights of the stream's owner.")
    .hint(format!(
        "ALTER TABLE {name} OWNER TO your role, if you know its triggers; or give the stream another name or schema."
    )))
}

/// An error if the existing table is not a rejects table.
fn refuse_other_table(table: pg_sys::Oid, name: &str) -> Result<(), Raise> {
    for column in ["load_id", "stage", "line_bytes", "errorcode"] {
        if column_type(table, column).is_none() {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_DUPLICATE_TABLE,
                format!("relation \"{name}\" already exists and is not a rejects table"),
            )
            .hint("Rename it, or give the stream another name."));
        }
    }
    Ok(())
}
