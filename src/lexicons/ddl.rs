//! Creating, dropping and refreshing lexicons.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::access::{check_id_type, check_term_type, locked_source};
use super::{base, changes, learning, triggers};
use crate::pg::catalog::{
    column_names, column_type, is_temporary, is_utf8, owner as catalog_owner, qualified_name,
    relation_kind,
};
use crate::pg::error::Raise;
use crate::pg::snapshot::with_snapshot;
use crate::pg::user::acts_for;
use crate::tables;
use termstream_core::lexicon::Lexicon;

/// A lexicon's name becomes part of its triggers' names, which have at most 63 bytes.
const MAX_NAME_BYTES: usize = 63 - triggers::PREFIX.len() - triggers::LONGEST_SUFFIX.len();

/// The arguments of `create_lexicon`.
pub struct NewLexicon<'a> {
    pub lexicon: &'a str,
    pub source: pg_sys::Oid,
    pub id_column: &'a str,
    pub term_column: &'a str,
    pub max_distance: Option<i32>,
    pub whole_words: bool,
    pub overlap: &'a str,
    pub common_words: &'a str,
    pub learn_from: Option<&'a str>,
    pub guard_column: Option<&'a str>,
    pub distance_column: Option<&'a str>,
}

/// Creates a lexicon, compiles it once, and returns its number of terms.
pub fn create(new: &NewLexicon) -> Result<usize, Raise> {
    check_name(new.lexicon)?;
    check_encoding()?;
    check_source(new)?;
    if let Some(edits) = new.max_distance.filter(|edits| !(0..=2).contains(edits)) {
        return Err(invalid(format!("max_distance {edits} is out of range"))
            .hint("Give 0, 1 or 2, or NULL for the rule by length: 0, 1 or 2 edits for fewer than 3, 3 to 7, 8 or more letters."));
    }
    super::parse_overlap(new.overlap)?;
    let added = tables::ADD_LEXICON.execute(&[
        new.lexicon.into(),
        new.source.into(),
        new.id_column.into(),
        new.term_column.into(),
        new.max_distance.into(),
        new.whole_words.into(),
        new.overlap.into(),
        new.common_words.into(),
        new.guard_column.into(),
        new.distance_column.into(),
    ]);
    if added == 0 {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_DUPLICATE_OBJECT,
            format!("lexicon \"{}\" already exists", new.lexicon),
        )
        .hint("Choose another name, or call termstream.drop_lexicon first."));
    }
    triggers::make(new.lexicon, new.source);
    if !matches!(new.common_words, "english" | "none") {
        with_snapshot(|| learning::store_common_words(new.lexicon, new.common_words))?;
    }
    let compiled = match new.learn_from {
        Some(query) => with_snapshot(|| learning::learn(new.lexicon, query))?.lexicon,
        None => changes::renew(new.lexicon, new.source)?,
    };
    tell_skipped(new.lexicon, &compiled);
    Ok(compiled.terms())
}

/// Tells the client which terms were skipped, if any were.
fn tell_skipped(lexicon: &str, compiled: &Lexicon) {
    if compiled.skipped() == 0 {
        return;
    }
    let ids = compiled.skipped_ids().iter().take(10);
    let ids: Vec<String> = ids.map(i64::to_string).collect();
    pgrx::notice!(
        "{} of the terms of lexicon \"{lexicon}\" have nothing to match and were skipped: {}",
        compiled.skipped(),
        ids.join(", ")
    );
}

/// Drops a lexicon and its triggers. The source table stays.
pub fn drop(lexicon: &str) -> Result<(), Raise> {
    let source = locked_source(lexicon)?;
    triggers::remove(lexicon, source);
    // If the drop is rolled back, the next session that matches writes the file again.
    if let Some(generation) = tables::DROP_LEXICON.run(&[lexicon.into()], |rows| rows.get(0, 1)) {
        super::shared::remove(generation);
    }
    base::remove(lexicon);
    tables::DROP_WORDS.execute(&[lexicon.into()]);
    super::forget(lexicon);
    Ok(())
}

/// Compiles the lexicon again, for all sessions, whatever its triggers have seen; creates its triggers
/// again if they are not as they should be.
pub fn refresh(lexicon: &str) -> Result<usize, Raise> {
    let source = locked_source(lexicon)?;
    if !triggers::fit(lexicon, source) {
        triggers::make(lexicon, source);
    }
    Ok(changes::renew(lexicon, source)?.terms())
}

fn check_name(lexicon: &str) -> Result<(), Raise> {
    if lexicon.is_empty() || lexicon.len() > MAX_NAME_BYTES {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_NAME,
            format!("\"{lexicon}\" cannot be the name of a lexicon"),
        )
        .hint(format!("A name has 1 to {MAX_NAME_BYTES} bytes.")));
    }
    Ok(())
}

fn check_encoding() -> Result<(), Raise> {
    if is_utf8() {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        "lexicons need a database with the encoding UTF8",
    )
    .hint("Create the database with ENCODING 'UTF8' TEMPLATE template0."))
}

/// Checks that the table can be the source of a lexicon of the current role.
fn check_source(new: &NewLexicon) -> Result<(), Raise> {
    let table = qualified_name(new.source).ok_or_else(|| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            format!("relation {} does not exist", new.source.to_u32()),
        )
    })?;
    if !matches!(relation_kind(new.source), Some('r' | 'p')) || is_temporary(new.source) {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("{table} cannot be the source of a lexicon"),
        )
        .detail("The source of a lexicon is a permanent table, so that triggers can record its changes for all sessions.")
        .hint("Keep the terms in a table, for example with CREATE TABLE … AS."));
    }
    check_columns(new, &table)?;
    if !catalog_owner(new.source).is_some_and(acts_for) {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("must be owner of table {table}"),
        )
        .detail("A lexicon puts triggers on its source."));
    }
    Ok(())
}

/// Checks that the named columns exist and have types that fit.
fn check_columns(new: &NewLexicon, table: &str) -> Result<(), Raise> {
    let columns = [
        ("id_column", Some(new.id_column)),
        ("term_column", Some(new.term_column)),
        ("guard_column", new.guard_column),
        ("distance_column", new.distance_column),
    ];
    for (argument, column) in columns {
        let Some(column) = column else { continue };
        let Some(column_type) = column_type(new.source, column) else {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
                format!("table {table} has no column \"{column}\""),
            )
            .hint(format!(
                "Name the column with {argument} => …; the table has: {}.",
                column_names(new.source).join(", ")
            )));
        };
        match argument {
            "id_column" => check_id_type(column, column_type)?,
            "term_column" => check_term_type(column, column_type)?,
            "guard_column" if column_type != pg_sys::BOOLOID => {
                return Err(wrong_type(argument, column, "boolean"));
            }
            "distance_column"
                if ![pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID].contains(&column_type) =>
            {
                return Err(wrong_type(argument, column, "smallint, integer or bigint"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn wrong_type(argument: &str, column: &str, wanted: &str) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("{argument}: column \"{column}\" must be {wanted}"),
    )
}

fn invalid(message: String) -> Raise {
    Raise::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, message)
}
