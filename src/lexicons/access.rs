//! Checks that a lexicon can be used, and by the current role; each error says what to do.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::triggers;
use crate::pg::catalog::{self, is_base_type, qualified_name, quote_literal};
use crate::pg::error::Raise;
use crate::pg::session::{self, Snapshot};
use crate::pg::user;
use crate::tables;

/// Checks that the extension's tables are those of the library: they are older until ALTER EXTENSION …
/// UPDATE is run.
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

/// Checks that the source still exists.
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

/// Checks that the source is still a table: until Postgres 15 a rule could turn it into a view.
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

/// Checks that no partition of the source is a foreign table: its changes fire no trigger here, so the
/// lexicon would miss them.
pub fn check_foreign(lexicon: &str, foreign: Option<&str>) -> Result<(), Raise> {
    let Some(partition) = foreign else {
        return Ok(());
    };
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
        format!(
            "the source of lexicon \"{lexicon}\" has a foreign table as a partition: {partition}"
        ),
    )
    .detail("Changes of a foreign table do not fire triggers in this database.")
    .hint("Keep the terms in a local table, and copy the foreign rows into it."))
}

/// Checks that the source still has a column of the lexicon.
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

/// Checks that an optional column still has a type that fits: boolean for a guard, an integer type for a
/// number of edits.
pub fn check_option_type(lexicon: &str, column: &str, fits: bool) -> Result<(), Raise> {
    if fits {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column \"{column}\" does not have the type that lexicon \"{lexicon}\" needs"),
    )
    .detail("A guard_column is boolean; a distance_column is smallint, integer or bigint.")
    .hint("Change the type back, or drop the lexicon and create it anew."))
}

/// Checks that the source is logged: an unlogged table is empty after a crash, and a standby cannot read
/// it.
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
        "A crash would silently empty {table}, and a standby cannot read it."
    ))
    .hint(format!(
        "Run ALTER TABLE {table} SET LOGGED; for a partitioned table, on each of its partitions."
    )))
}

/// Checks that the lexicon's triggers are as they should be: changes that they miss cannot be found later.
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
        "Triggers of the lexicon are missing, disabled, or not of the kind that the table needs.",
    )
    .hint(format!(
        "Call termstream.refresh_lexicon({}), which creates them again.",
        quote_literal(lexicon)
    )))
}

/// The error of a report on a lexicon whose form it would have to compile, or wait for.
pub fn not_compiled(lexicon: &str) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("lexicon \"{lexicon}\" is not compiled, or is being compiled"),
    )
    .hint("The next session that matches with it compiles it.")
}

/// Locks the partitions of the source for reading, without waiting; an error if one of the locks is held.
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
    .hint("Look in pg_locks for the sessions that hold the locks, and try again."))
}

/// Checks that a column can hold the ids of terms, which are returned as bigint.
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

/// Checks that a column can hold terms: they are cast to text, by no cast that a user has defined.
pub fn check_term_type(column: &str, term_type: pg_sys::Oid) -> Result<(), Raise> {
    if is_base_type(term_type) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column \"{column}\" cannot hold the terms of a lexicon"),
    )
    .detail("Terms are text, or of another base type, or of a domain over one.")
    .hint("Add a column of type text; it may be generated from this one."))
}

/// Checks that the current role may read the columns of the source.
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
        "Ask the owner of the table to GRANT SELECT ON {table} to the role."
    )))
}

/// Checks that no row-level security policy hides rows of the source from the current role.
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
        "Policies on {table} hide rows from the current role, but a lexicon is compiled once for all roles."
    ))
    .hint("Create a lexicon over a table that holds only the terms that this role may see."))
}

/// A longer name is not shown in an error; no lexicon can have one.
const MAX_SHOWN_BYTES: usize = 256;

/// The error for a lexicon that does not exist. It lists those that do, or the triggers of the missing
/// one, which a restore of the schema alone brings back without the lexicon.
pub fn unknown(lexicon: &str) -> Raise {
    // A caller who confused the arguments may have given a whole document.
    let name = match lexicon.len() {
        0..=MAX_SHOWN_BYTES => format!("\"{lexicon}\""),
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
    let existing = existing_lexicons();
    let hint = if existing.is_empty() {
        "There is none yet: make one with termstream.create_lexicon.".to_owned()
    } else {
        format!("Known lexicons: {}.", existing.join(", "))
    };
    missing.hint(hint)
}

/// The names of existing lexicons, quoted, at most twenty.
fn existing_lexicons() -> Vec<String> {
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

/// Checks that the current role owns the lexicon, locks the lexicon until the transaction ends, and returns
/// its source. Without the lock, a long operation could end on another lexicon that was given the same name
/// meanwhile.
pub fn locked_source(lexicon: &str) -> Result<pg_sys::Oid, Raise> {
    // Checked before the lock too, so that other roles never wait for it.
    owned_source(lexicon)?;
    tables::LOCK_LEXICON.execute(&[lexicon.into()]);
    owned_source(lexicon)
}

/// Checks that the current role owns the lexicon, that is, its source; returns the source. Any role counts
/// as the owner if the source was dropped, so that any role can drop the useless lexicon.
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
