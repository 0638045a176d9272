//! Writing rejects: whole rows and their errors, into the stream's rejects table.

use pgrx::pg_sys;

use super::Load;
use super::definition::StreamDefinition;
use super::file::FileOptions;
use crate::pg::error::Raise;
use crate::pg::input::is_valid_text;
use crate::pg::session::Session;
use termstream_core::load::Reject;

/// The types of the parameters of [`write()`].
const TYPES: [pg_sys::Oid; 19] = [
    pg_sys::INT8OID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TIMESTAMPTZOID,
    pg_sys::TEXTOID,
    pg_sys::OIDOID,
    pg_sys::TEXTOID,
    pg_sys::INT8OID,
    pg_sys::TEXTOID,
    pg_sys::BYTEAOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::INT8OID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTARRAYOID,
];

/// Writes rejects to the stream's table. Runs as the stream's owner.
pub fn write(session: &Session, load: &Load, userid: &str, rejects: &[Reject]) {
    if rejects.is_empty() {
        return;
    }
    if load.retries {
        return rewrite(session, load, userid, rejects);
    }
    let insert = format!(
        "INSERT INTO {} (load_id, stream, stage, starttime, userid, copy_tbl, filename, lineno,
                    line, line_bytes, colname, raw_field_value, err_message, err_detail, errorcode,
                    line_size, line_format, origin, checks)
             VALUES ($1, $2, $3, $4, {userid}, $6::regclass, $7, $8, $9, $10, $11, $12, $13, $14,
                    $15, $16, $17::jsonb, $18::jsonb, nullif($19, '{{}}'))",
        load.definition.rejects,
        userid = role("$5", load),
    );
    let insert = session.prepare_on(load.definition.rejects_table, &insert, &TYPES);
    for reject in rejects {
        pgrx::check_for_interrupts!();
        insert.execute(|| {
            [
                load.id.into(),
                load.definition.name.as_str().into(),
                reject.stage.as_str().into(),
                load.started.into(),
                userid.into(),
                load.definition.stream.into(),
                load.file.as_deref().into(),
                reject.line.map(|line| line as i64).into(),
                as_text(reject).into(),
                reject.raw.as_slice().into(),
                reject.column.as_deref().into(),
                reject.field.as_deref().into(),
                reject.message.as_str().into(),
                detail(reject).into(),
                reject.sqlstate.as_str().into(),
                (reject.size as i64).into(),
                line_format(load, reject).into(),
                origin(reject).into(),
                reject.checks.clone().into(),
            ]
        });
    }
}

/// The types of the parameters of [`rewrite`].
const RETRIED: [pg_sys::Oid; 11] = [
    pg_sys::INT8OID,
    pg_sys::INT8OID,
    pg_sys::TEXTOID,
    pg_sys::TIMESTAMPTZOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::TEXTARRAYOID,
];

/// Writes new errors into rejects that were retried and failed again. The row itself, and where it came
/// from, stay as they were.
fn rewrite(session: &Session, load: &Load, userid: &str, rejects: &[Reject]) {
    let update = format!(
        "UPDATE {}
                SET load_id = $2, stage = $3, starttime = $4, userid = {userid}, colname = $6,
                    raw_field_value = $7, err_message = $8, err_detail = $9, errorcode = $10,
                    checks = nullif($11, '{{}}'), failed_at = clock_timestamp()
              WHERE reject_id = $1",
        load.definition.rejects,
        userid = role("$5", load),
    );
    let update = session.prepare_on(load.definition.rejects_table, &update, &RETRIED);
    for reject in rejects {
        pgrx::check_for_interrupts!();
        update.execute(|| {
            [
                reject.line.map(|line| line as i64).into(),
                load.id.into(),
                reject.stage.as_str().into(),
                load.started.into(),
                userid.into(),
                reject.column.as_deref().into(),
                reject.field.as_deref().into(),
                reject.message.as_str().into(),
                detail(reject).into(),
                reject.sqlstate.as_str().into(),
                reject.checks.clone().into(),
            ]
        });
    }
}

/// SQL for the name of a role in the type of the column userid, which version 0.1.0 made regrole.
fn role(name: &str, load: &Load) -> String {
    match load.definition.rejects_have_oids {
        true => format!("quote_ident({name})::regrole"),
        false => name.to_owned(),
    }
}

/// The detail of the error, and how many bytes of the row are kept if it is not kept whole.
fn detail(reject: &Reject) -> Option<String> {
    let kept = (!reject.is_whole())
        .then(|| format!("{} of {} bytes are kept.", reject.raw.len(), reject.size));
    match (&reject.detail, kept) {
        (Some(detail), Some(kept)) => Some(format!("{detail} {kept}")),
        (detail, kept) => detail.clone().or(kept),
    }
}

/// The format of the row: that of the load's rows, or a line of only the columns that the row has.
fn line_format(load: &Load, reject: &Reject) -> Option<String> {
    let Some(given) = &reject.given else {
        return load.line_format.clone();
    };
    let columns = &load.definition.columns;
    let given = given.iter().filter_map(|number| columns.get(*number));
    FileOptions::of_given(given.map(|column| column.name.clone()).collect()).line_format()
}

/// The origin that the feeder reported, or the offset of the row in its file.
fn origin(reject: &Reject) -> Option<String> {
    let offset = || Some(format!("{{\"offset\": {}}}", reject.offset?));
    reject.origin.clone().or_else(offset)
}

/// The row as text, if it is valid text and kept whole.
fn as_text(reject: &Reject) -> Option<&str> {
    let bytes = &reject.raw;
    let text = std::str::from_utf8(bytes).ok()?;
    (reject.is_whole() && is_valid_text(bytes)).then_some(text)
}

/// The error of a load that stops at its first bad row.
pub fn as_error(definition: &StreamDefinition, reject: &Reject) -> Raise {
    let row = match reject.line {
        Some(line) => format!("line {line}"),
        None => "a row".to_owned(),
    };
    let column = match &reject.column {
        Some(column) => format!(", column \"{column}\""),
        None => String::new(),
    };
    let raise = Raise::new(
        crate::pg::error::code_of(&reject.sqlstate),
        format!(
            "stream {}: {row}{column}: {}",
            definition.name, reject.message
        ),
    )
    .hint(
        "Correct the row, or create the stream with on_error => 'table' to keep such rows aside.",
    );
    match &reject.detail {
        Some(detail) => raise.detail(detail.clone()),
        None => raise,
    }
}
