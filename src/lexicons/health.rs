//! What is wrong with lexicons and their files: a part of `termstream.check`.

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;

use super::definition::LexiconDefinition;
use super::shared;
use super::{access, contained};
use crate::pg::catalog::owner;
use crate::pg::error::Raise;
use crate::pg::shared_file::Stale;
use crate::pg::user::{SAFE_PATH, acts_for, monitors, restricted};
use crate::tables;

/// What prevents a lexicon from being used, or makes it slow; `None` if nothing does, or if the current
/// role neither owns the source nor is a member of pg_monitor.
pub fn problem(lexicon: &str) -> Option<Raise> {
    let source = tables::SOURCE.read(&[lexicon.into()], |rows| rows.get::<pg_sys::Oid>(0, 1))?;
    let Some(owner) = owner(source) else {
        return access::check_source(lexicon, false).err();
    };
    if !(acts_for(owner) || monitors()) {
        return None;
    }
    let definition = contained(|| {
        access::lock_parts(lexicon)?;
        restricted(owner, SAFE_PATH, || LexiconDefinition::read(lexicon))
    });
    let definition = match definition {
        Ok(definition) => definition,
        Err(raise) => return Some(raise),
    };
    let must_compile = definition.base.is_none() && !definition.has_children;
    must_compile.then(|| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "its stored compiled form is out of date",
        )
        .hint(format!(
            "The next change of a term compiles it again; or call termstream.refresh_lexicon({}).",
            crate::pg::catalog::quote_literal(lexicon)
        ))
    })
}

/// Files that will never be asked for again; none if the current role is not a member of pg_monitor.
pub fn stale_files() -> Vec<Stale> {
    if monitors() {
        shared::stale()
    } else {
        Vec::new()
    }
}
