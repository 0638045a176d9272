//! Lexicons in the database: their definitions, the changes of their sources, and which compiled form a
//! statement must use.
//!
//! The changes of a lexicon's source that a statement sees (`termstream.lexicon_change`) have a
//! fingerprint. A backend caches the compiled forms of the last two fingerprints of a lexicon. A look-up
//! under the snapshot of the last look-up returns the same form; otherwise it reads the fingerprint, in one
//! small query, and compiles only if that is new. There is no invalidation that could be missed: a
//! change that was rolled back has no fingerprint that any statement sees.

mod access;
mod base;
mod cache;
mod changed_terms;
pub mod changes;
mod compile;
pub mod ddl;
mod definition;
mod health;
pub mod learning;
mod noted;
mod pin;
mod shared;
mod triggers;
pub mod tuning;
mod uncommitted;

use std::rc::Rc;

use pgrx::PgSqlErrorCode;

use crate::pg::error::Raise;
use crate::pg::shared_file::SharedFile;
use crate::pg::subtransaction::subtransaction;
use crate::pg::transaction::Callbacks;
use crate::pg::user::{current_role, is_or_is_in};
use crate::pg::{catalog as relations, running, snapshot};
use termstream_core::lexicon::Overlap;

pub use cache::CachedLexicon;
use cache::Life;
use compile::{Variant, compile};
use definition::LexiconDefinition;
pub use health::{problem, stale_files};
pub use pin::pinned;

/// What is forgotten at the ends of transactions and subtransactions.
pub const CALLBACKS: Callbacks = Callbacks {
    transaction_ends: || (),
    transaction_ended: || {
        changes::forget();
        uncommitted::forget_all();
        cache::forget_uncommitted();
    },
    subtransaction_aborted: uncommitted::forget_since,
};

/// The compiled form of `lexicon` that matches what the running statement sees.
///
/// While a statement changes the terms, that is the form of the terms before the statement, or of those
/// that it had changed when the form was first asked for.
///
/// # Errors
/// There is no such lexicon, the current role may not read its source, or the source no longer fits.
pub fn current(lexicon: &str) -> Result<Rc<CachedLexicon>, Raise> {
    find(lexicon, For::Use)
}

/// What a compiled form is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// For matching: a form that is missing is compiled.
    Use,
    /// For a report: a form that is missing is compiled only for members of the role that owns the source,
    /// and only if no other session is compiling it.
    Report,
}

fn find(lexicon: &str, purpose: For) -> Result<Rc<CachedLexicon>, Raise> {
    let identity = snapshot::identity();
    let pinned = pin::pin().map(|pin| (pin, current_role()));
    if let Some(form) = cache::checked(lexicon, identity, pinned) {
        return Ok(form);
    }
    let definition = LexiconDefinition::read(lexicon)?;
    let statement = running::statement(lexicon);
    // Compiling runs queries, so the cache must not be borrowed meanwhile.
    let form = match cache::find(lexicon, definition.fingerprint, statement) {
        Some(form) => form,
        None => Rc::new(obtain(&definition, statement, purpose)?),
    };
    cache::keep(lexicon, &form, identity, pinned);
    Ok(form)
}

/// The compiled form of `lexicon`, for a view over all lexicons.
///
/// It reads no terms of other roles, since reading them can run code of their owner, and waits for no lock,
/// so that no owner of a lexicon can hold up the view.
pub fn report(lexicon: &str) -> Result<Rc<CachedLexicon>, Raise> {
    contained(|| {
        access::lock_parts(lexicon)?;
        find(lexicon, For::Report)
    })
}

/// Runs `work` in a subtransaction and returns its error, so that a view over all lexicons goes on after
/// one that fails. A cancel, a shutdown and a lack of resources are raised.
fn contained<R>(work: impl FnOnce() -> Result<R, Raise>) -> Result<R, Raise> {
    const RAISED_CLASSES: [&str; 3] = ["40", "53", "57"];
    match subtransaction(work) {
        Ok(outcome) => outcome,
        Err(error) if RAISED_CLASSES.contains(&&error.sqlstate[..2]) => error.rethrow(),
        Err(error) => Err(error.to_raise()),
    }
}

/// The compiled form for this definition: its base with the changes since, if it has one; otherwise a
/// shared file, if its terms are committed; otherwise a form of this backend alone. `statement` is the
/// number of the running statement that changes the terms, if there is one.
fn obtain(
    definition: &LexiconDefinition,
    statement: Option<u64>,
    purpose: For,
) -> Result<CachedLexicon, Raise> {
    let cached = |(lexicon, file), life| CachedLexicon {
        lexicon,
        fingerprint: definition.fingerprint,
        file,
        life,
    };
    // No other session can ever see uncommitted terms as they are now.
    let life = match definition.is_committed {
        true => Life::Committed,
        false => Life::Transaction,
    };
    if let Some(version) = definition.base
        && let Some(opened) = base::open_with_changes(definition, version, purpose)?
    {
        return Ok(cached(opened, life));
    }
    let build = || compile(definition, &Variant::of(definition));
    let file = SharedFile {
        group: definition.generation as u64,
        version: definition.fingerprint as u64,
    };
    if purpose == For::Report && !relations::owner(definition.source).is_some_and(is_or_is_in) {
        let is_shared = statement.is_none() && definition.is_committed;
        let opened = is_shared.then(|| shared::mapped(&file)).flatten();
        return match opened {
            Some(opened) => Ok(cached(opened, life)),
            None => Err(access::not_compiled(&definition.name)),
        };
    }
    if let Some(number) = statement {
        return Ok(cached((build()?, None), Life::Statement(number)));
    }
    if !definition.is_committed {
        return Ok(cached((build()?, None), life));
    }
    // Before the lock on the form: a session that holds the table's lock and then waits for the form must
    // not be waited for by the session that compiles it.
    relations::lock_for_reading(definition.source);
    match shared::shared(&file, purpose, build)? {
        Some(opened) => Ok(cached(opened, life)),
        None => Err(access::not_compiled(&definition.name)),
    }
}

/// Parses the name of a choice among overlapping mentions.
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
    cache::forget(lexicon);
}
