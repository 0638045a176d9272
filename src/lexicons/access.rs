//! Whether a lexicon can be used: what is missing, or who may not, as errors that say what to do.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::triggers;
use crate::pg::catalog::{self, is_base_type, qualified_name, quote_literal};
use crate::pg::error::Raise;
use crate::pg::session::{self, Snapshot};
use crate::pg::user;
use crate::tables;

/// The library is newer than the tables until ALTER EXTENSION … UPDATE is run.
pub fn check_version() -> Result<(), Raise> {
    let changes = catalog::find(c"termstream", c"lexicon_change");
    if changes.is_some_and(|table| catalog::column_type(table, "seen").is_some()) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "the extension termstream is of an earlier version than its library",
    )
    .hint("Run ALTER EXTENSION termstream UPDATE."))
}

pub fn check_source(lexicon: &str, is_there: bool) -> Result<(), Raise> {
    if is_there {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
        format!("the source table of lexicon \"{lexicon}\" was dropped"),
    )
    .hint("Create the table again and the lexicon anew, or call termstream.drop_lexicon."))
}

/// A table was made a view since: until Postgres 15 a rule could do that.
pub fn check_kind(lexicon: &str, source: pg_sys::Oid, is_table: bool) -> Result<(), Raise> {
    if is_table {
        return Ok(());
    }
    let table = name_of(source);
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
        format!("the source of lexicon \"{lexicon}\", {table}, is no longer a table"),
    )
    .hint("Drop the lexicon, and create it anew over a table."))
}

/// Changes of a foreign table fire no trigger here: the lexicon would not notice them.
pub fn check_foreign(lexicon: &str, foreign: Option<&str>) -> Result<(), Raise> {
    let Some(partition) = foreign else {
        return Ok(());
    };
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
        format!(
            "the source of lexicon \"{lexicon}\" has a foreign table as partition: {partition}"
        ),
    )
    .detail("What changes in a foreign table is not noticed here.")
    .hint("Keep the terms in a local table, and bring the foreign rows there."))
}

pub fn check_column(lexicon: &str, column: &str, is_there: bool) -> Result<(), Raise> {
    if is_there {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
        format!("the source of lexicon \"{lexicon}\" has no column \"{column}\" any more"),
    )
    .hint("Rename the column back, or drop the lexicon and create it anew."))
}

/// A guard is a boolean, a number of edits a whole number: so they were when the lexicon was made.
pub fn check_option_type(lexicon: &str, column: &str, fits: bool) -> Result<(), Raise> {
    if fits {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column \"{column}\" has not the type that lexicon \"{lexicon}\" needs"),
    )
    .detail("A guard_column is boolean; a distance_column is smallint, integer or bigint.")
    .hint("Change the type back, or drop the lexicon and create it anew."))
}

/// An unlogged table is empty after a crash, and a standby cannot read it.
pub fn check_logged(lexicon: &str, source: pg_sys::Oid, is_logged: bool) -> Result<(), Raise> {
    if is_logged {
        return Ok(());
    }
    let table = name_of(source);
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("the source of lexicon \"{lexicon}\" is unlogged"),
    )
    .detail(format!(
        "A crash would empty {table} without a word, and a standby cannot read it."
    ))
    .hint(format!(
        "ALTER TABLE {table} SET LOGGED; of a partitioned table, each of its partitions."
    )))
}

/// What the triggers have not seen, nobody knows.
pub fn check_triggers(lexicon: &str, source: pg_sys::Oid, fit: bool) -> Result<(), Raise> {
    if fit {
        return Ok(());
    }
    let table = name_of(source);
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("changes of {table} are not noted for lexicon \"{lexicon}\""),
    )
    .detail(
        "Triggers of the lexicon are missing, disabled, or of another kind than the table needs.",
    )
    .hint(format!(
        "Call termstream.refresh_lexicon({}), which makes them anew.",
        quote_literal(lexicon)
    )))
}

/// Reads nothing of its terms, and waits for nobody.
pub fn not_compiled(lexicon: &str) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("lexicon \"{lexicon}\" is not compiled, or is being compiled"),
    )
    .hint("The next to match with it compiles it.")
}

/// Takes the locks that a look at the partitions of the source takes, without waiting for one.
pub fn lock_parts(lexicon: &str) -> Result<(), Raise> {
    let source = tables::SOURCE.read(&[lexicon.into()], |rows| rows.get::<pg_sys::Oid>(0, 1));
    if source.is_none_or(|source| {
        catalog::relation_kind(source) != Some('p') || catalog::lock_parts_if_free(source)
    }) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE,
        format!("partitions of the source of lexicon \"{lexicon}\" are locked"),
    )
    .hint("See pg_locks for who has locked them, and look again."))
}

/// Ids are whole numbers: they are returned as bigint.
pub fn check_id_type(column: &str, id_type: pg_sys::Oid) -> Result<(), Raise> {
    if [pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID].contains(&id_type) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column \"{column}\" cannot hold the ids of a lexicon"),
    )
    .detail("Ids are smallint, integer or bigint.")
    .hint("Give the table an integer key, for example \"id bigint GENERATED ALWAYS AS IDENTITY\"."))
}

/// Terms become text by a cast, which must not be one that somebody has defined.
pub fn check_term_type(column: &str, term_type: pg_sys::Oid) -> Result<(), Raise> {
    if is_base_type(term_type) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column \"{column}\" cannot hold the terms of a lexicon"),
    )
    .detail("Terms are text, or of another base type, or of a domain over one.")
    .hint("Add a column of type text, generated from this one where that helps."))
}

pub fn check_rights(lexicon: &str, source: pg_sys::Oid, may_read: bool) -> Result<(), Raise> {
    if may_read {
        return Ok(());
    }
    let table = name_of(source);
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("permission denied for lexicon \"{lexicon}\""),
    )
    .detail(format!("Using it needs SELECT on its source, {table}."))
    .hint(format!(
        "Ask the owner of the table to GRANT SELECT ON {table}."
    )))
}

pub fn check_policies(lexicon: &str, source: pg_sys::Oid, active: bool) -> Result<(), Raise> {
    if !active {
        return Ok(());
    }
    let table = name_of(source);
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("lexicon \"{lexicon}\" cannot be used under row-level security"),
    )
    .detail(format!(
        "Policies on {table} hide rows from the current role, and a lexicon is compiled once for all."
    ))
    .hint("Make the lexicon from a table that holds just the terms this role may see."))
}

/// A longer name is none of a lexicon's.
const MOST_SHOWN: usize = 256;

/// The error for a lexicon that does not exist, naming those that do.
///
/// A restore of a schema alone leaves out the lexicons, and keeps their triggers.
pub fn unknown(lexicon: &str) -> Raise {
    // Who gives no name but a document is not told it again.
    let name = match lexicon.len() {
        0..=MOST_SHOWN => format!("\"{lexicon}\""),
        bytes => format!("with a name of {bytes} bytes"),
    };
    let missing = Raise::new(
        PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        format!("lexicon {name} does not exist"),
    );
    if let Some(tables) = triggers::left_behind(lexicon) {
        return missing
            .detail(format!("Triggers of a lexicon of this name are on {tables}."))
            .hint("Make it with termstream.create_lexicon, which takes them over; termstream.drop_lexicon then removes them with it.");
    }
    let known = known_lexicons();
    let hint = if known.is_empty() {
        "There is none yet: make one with termstream.create_lexicon.".to_owned()
    } else {
        format!("Known lexicons: {}.", known.join(", "))
    };
    missing.hint(hint)
}

/// The names of the lexicons there are, quoted, at most twenty.
fn known_lexicons() -> Vec<String> {
    session::connect(|session| {
        let rows = session.run(
            "SELECT lexicon FROM termstream.lexicon ORDER BY lexicon LIMIT 20",
            &[],
            Snapshot::Active,
        );
        (0..rows.len())
            .filter_map(|row| rows.get::<String>(row, 1))
            .map(|name| format!("\"{name}\""))
            .collect()
    })
}

fn name_of(source: pg_sys::Oid) -> String {
    qualified_name(source).unwrap_or_else(|| source.to_u32().to_string())
}

/// The source of a lexicon, for its owner, and the lexicon locked for it until the transaction ends: what
/// takes long must not end in another lexicon of the name, made by somebody else meanwhile.
pub fn locked_source(lexicon: &str) -> Result<pg_sys::Oid, Raise> {
    // Nobody else has a reason to wait for it.
    owned_source(lexicon)?;
    tables::LOCK_LEXICON.execute(&[lexicon.into()]);
    owned_source(lexicon)
}

/// The source of a lexicon, for its owner: the role that owns the source. A lexicon whose source was
/// dropped serves nobody any more, so anybody may drop it.
fn owned_source(lexicon: &str) -> Result<pg_sys::Oid, Raise> {
    let source = tables::SOURCE.run(&[lexicon.into()], |rows| rows.get::<pg_sys::Oid>(0, 1));
    let source = source.ok_or_else(|| unknown(lexicon))?;
    if !catalog::owner(source).is_none_or(user::acts_for) {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("must be owner of lexicon \"{lexicon}\""),
        )
        .detail(format!(
            "A lexicon belongs to the owner of its source, {}.",
            name_of(source)
        )));
    }
    Ok(source)
}
