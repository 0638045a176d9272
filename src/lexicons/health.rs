//! What is wrong with a lexicon or its files, for whoever looks after them.

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;

use super::cache;
use super::definition::Definition;
use super::{access, contained};
use crate::pg::catalog::owner;
use crate::pg::error::Raise;
use crate::pg::shared_file::Stale;
use crate::pg::user::{SAFE_PATH, acts_for, monitors, restricted};
use crate::tables;

/// What keeps a lexicon from being used, or from being used well; `None` if nothing does, or if that is
/// none of the current role's business: neither is the source its own, nor does it monitor the server.
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
        restricted(owner, SAFE_PATH, || Definition::read(lexicon))
    });
    let definition = match definition {
        Ok(definition) => definition,
        Err(raise) => return Some(raise),
    };
    let must_compile = definition.base.is_none() && !definition.has_children;
    must_compile.then(|| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "its stored form is not that of its source as it is",
        )
        .hint(format!(
            "The next change of a term makes it anew, or termstream.refresh_lexicon({}).",
            crate::pg::catalog::quote_literal(lexicon)
        ))
    })
}

/// Files that nobody will ask for again, if the current role monitors the server.
pub fn stale_files() -> Vec<Stale> {
    if monitors() {
        cache::stale()
    } else {
        Vec::new()
    }
}
