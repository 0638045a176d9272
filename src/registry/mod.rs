//! The compiled lexicons of this backend, and which of them a statement must use.
//!
//! A statement sees a set of terms; the changes it sees of a lexicon's source have a fingerprint
//! (`termstream.lexicon_change`). The registry keeps a compiled form for each of the last few
//! fingerprints of a lexicon, so a look-up is: same snapshot as last time? the same form; else read
//! the fingerprint (one small query), and compile only if it is new. Nothing is invalidated, so
//! nothing can be missed: what is rolled back has no fingerprint that anybody sees.

mod access;
mod base;
mod cache;
pub mod catalog;
pub mod changes;
mod compile;
mod definition;
pub mod learning;
mod pin;
pub mod tuning;

use once_cell::unsync::Lazy;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;

use crate::lexicon::{Lexicon, Overlap};
use crate::pg::error::Raise;
use crate::pg::shared_file::SharedFile;
use crate::pg::snapshot::{self, Identity};
use crate::pg::subtransaction::subtransaction;
use crate::pg::user::current_role;

use compile::{Variant, compile};
use definition::Definition;
pub use pin::pinned;

/// A lexicon ready for matching.
pub struct Compiled {
    pub lexicon: Lexicon,
    fingerprint: i64,
}

/// Compiled forms kept per lexicon: the one of the newest statements, and one for a cursor or a
/// repeatable-read transaction that still looks at older rows.
const FORMS_KEPT: usize = 2;

#[derive(Default)]
struct Entry {
    /// Under this snapshot the first of `forms` is known to be the right one.
    checked: Option<Identity>,
    /// So it is while this pin holds, for this role.
    pinned: Option<(u64, pg_sys::Oid)>,
    /// The last used first.
    forms: Vec<Rc<Compiled>>,
}

thread_local! {
    static REGISTRY: Lazy<RefCell<HashMap<String, Entry>>> = Lazy::new(RefCell::default);
}

/// The compiled form of `lexicon` that matches what the running statement sees.
///
/// Errors: no such lexicon, no right to read its source, a source that no longer fits.
pub fn current(lexicon: &str) -> Result<Rc<Compiled>, Raise> {
    let identity = snapshot::identity();
    let pinned = pin::pin().map(|pin| (pin, current_role()));
    if let Some(form) = with_entry(lexicon, |entry| {
        let same = identity.is_some() && entry.checked == identity
            || pinned.is_some() && entry.pinned == pinned;
        same.then(|| entry.forms.first().cloned()).flatten()
    }) {
        return Ok(form);
    }
    let definition = Definition::read(lexicon)?;
    let known = with_entry(lexicon, |entry| {
        entry
            .forms
            .iter()
            .find(|form| form.fingerprint == definition.fingerprint)
            .cloned()
    });
    // Compiling runs queries, so no borrow of the registry is held meanwhile.
    let form = match known {
        Some(form) => form,
        None => Rc::new(Compiled {
            lexicon: obtain(&definition)?,
            fingerprint: definition.fingerprint,
        }),
    };
    with_entry(lexicon, |entry| {
        entry.forms.retain(|other| !Rc::ptr_eq(other, &form));
        entry.forms.insert(0, Rc::clone(&form));
        entry.forms.truncate(FORMS_KEPT);
        entry.checked = identity;
        entry.pinned = pinned;
    });
    Ok(form)
}

/// The compiled form of `lexicon`, for a view over all of them: what is wrong with one of them comes back
/// as an error that spoils nothing. A cancel, a shutdown and a lack of resources are raised.
pub fn report(lexicon: &str) -> Result<Rc<Compiled>, Raise> {
    const NOT_THE_LEXICONS: [&str; 3] = ["40", "53", "57"];
    match subtransaction(|| current(lexicon)) {
        Ok(outcome) => outcome,
        Err(error) if NOT_THE_LEXICONS.contains(&&error.sqlstate[..2]) => error.rethrow(),
        Err(error) => Err(error.to_raise()),
    }
}

/// The compiled form for this definition: from its base where it has one, mapped where it can be
/// shared, else of this backend alone.
fn obtain(definition: &Definition) -> Result<Lexicon, Raise> {
    if let Some(version) = definition.base
        && let Some(lexicon) = base::open_with_changes(definition, version)?
    {
        return Ok(lexicon);
    }
    let build = || compile(definition, &Variant::of(definition));
    if !definition.is_committed {
        // Nobody else will ever see these terms as they are now.
        return build();
    }
    let file = SharedFile {
        group: definition.generation as u64,
        version: definition.fingerprint as u64,
    };
    cache::shared(&file, build)
}

/// The choice among overlapping mentions that a user names.
pub fn parse_overlap(overlap: &str) -> Result<Overlap, Raise> {
    overlap.parse().map_err(|_| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("unknown overlap \"{overlap}\""),
        )
        .hint("Give 'longest', 'nested' or 'all'.")
    })
}

/// Forgets the compiled forms of a lexicon that was dropped.
pub fn forget(lexicon: &str) {
    pin::lift();
    REGISTRY.with(|registry| registry.borrow_mut().remove(lexicon));
}

fn with_entry<R>(lexicon: &str, work: impl FnOnce(&mut Entry) -> R) -> R {
    REGISTRY.with(|registry| {
        let mut registry = registry.borrow_mut();
        match registry.get_mut(lexicon) {
            Some(entry) => work(entry),
            None => work(registry.entry(lexicon.to_owned()).or_default()),
        }
    })
}
