//! From the rows of a source table to a compiled lexicon.

use pgrx::prelude::*;

use super::definition::Definition;
use super::{Compiled, NAMED_SKIPPED};
use crate::lexicon::{Added, Builder, TermOptions, english};
use crate::pg::catalog::{qualified_name, quote_identifier, relation_kind};
use crate::pg::error::Raise;
use crate::pg::session;

/// Reads the terms that the running statement sees and compiles them.
///
/// In the order of their ids, so that every backend compiles the same form.
pub fn compile(definition: &Definition) -> Result<Compiled, Raise> {
    let Some(table) = qualified_name(definition.source) else {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            format!(
                "the source table of lexicon \"{}\" was dropped",
                definition.name
            ),
        ));
    };
    // Triggers of a plain table do not fire for the tables that inherit from it.
    let only = if relation_kind(definition.source) == Some('r') {
        "ONLY "
    } else {
        ""
    };
    let query = format!(
        "SELECT {id}::pg_catalog.int8, {term}::pg_catalog.text FROM {only}{table} ORDER BY 1, 2",
        id = quote_identifier(&definition.id_column),
        term = quote_identifier(&definition.term_column),
    );
    let mut builder = Builder::new(definition.settings.clone());
    builder.common_words(english());
    let mut skipped = 0;
    let mut skipped_ids = Vec::new();
    session::connect(|session| {
        session.for_each(&query, |rows, row| {
            let id: Option<i64> = rows.get(row, 1);
            let term: Option<String> = rows.get(row, 2);
            let added = match (id, &term) {
                (Some(id), Some(term)) => builder.add(id, term, TermOptions::default()),
                _ => Added::Empty,
            };
            if added != Added::Yes {
                skipped += 1;
                if skipped_ids.len() < NAMED_SKIPPED {
                    skipped_ids.extend(id);
                }
            }
        });
    });
    let lexicon = builder.finish().map_err(|error| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!(
                "lexicon \"{}\" cannot be compiled: {error}",
                definition.name
            ),
        )
    })?;
    Ok(Compiled {
        lexicon,
        skipped,
        skipped_ids,
        fingerprint: definition.fingerprint,
    })
}
