//! The compiled lexicons of this backend, and which of them a statement must use.
//!
//! A statement sees a set of terms; the changes it sees of a lexicon's source have a fingerprint
//! (`termstream.lexicon_change`). This room keeps a compiled form for each of the last two
//! fingerprints of a lexicon, so a look-up is: same snapshot as last time? the same form; else read
//! the fingerprint (one small query), and compile only if it is new. Nothing is invalidated, so
//! nothing can be missed: what is rolled back has no fingerprint that anybody sees.

mod access;
mod base;
mod cache;
pub mod changes;
mod compile;
pub mod ddl;
mod definition;
mod details;
mod health;
mod kept;
pub mod learning;
mod noted;
mod pin;
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

use compile::{Variant, compile};
use definition::Definition;
pub use health::{problem, stale_files};
pub use kept::Compiled;
use kept::Life;
pub use pin::pinned;

/// What the ends of transactions mean for what is kept.
pub const CALLBACKS: Callbacks = Callbacks {
    transaction_ends: || (),
    transaction_ended: || {
        changes::forget();
        uncommitted::forget_all();
        kept::forget_passing();
    },
    subtransaction_aborted: uncommitted::forget_since,
};

/// The compiled form of `lexicon` that matches what the running statement sees.
///
/// While a statement changes its terms, that is the form of the terms as they were before, or as they
/// were when somebody first asked.
///
/// Errors: no such lexicon, no right to read its source, a source that no longer fits.
pub fn current(lexicon: &str) -> Result<Rc<Compiled>, Raise> {
    find(lexicon, For::Use)
}

/// What a compiled form is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// It is made where it is not there.
    Use,
    /// It is made for members of the role that owns the source, where no other session is making it.
    Report,
}

fn find(lexicon: &str, purpose: For) -> Result<Rc<Compiled>, Raise> {
    let identity = snapshot::identity();
    let pinned = pin::pin().map(|pin| (pin, current_role()));
    if let Some(form) = kept::checked(lexicon, identity, pinned) {
        return Ok(form);
    }
    let definition = Definition::read(lexicon)?;
    let statement = running::statement(lexicon);
    // Compiling runs queries, so no borrow of what is kept is held meanwhile.
    let form = match kept::find(lexicon, definition.fingerprint, statement) {
        Some(form) => form,
        None => Rc::new(obtain(&definition, statement, purpose)?),
    };
    kept::keep(lexicon, &form, identity, pinned);
    Ok(form)
}

/// The compiled form of `lexicon`, for a view over all of them.
///
/// Nobody else's terms are read for it, for what reads them may be code of somebody's who wants to hold
/// others up; and for that reason nobody is waited for.
pub fn report(lexicon: &str) -> Result<Rc<Compiled>, Raise> {
    contained(|| {
        access::lock_parts(lexicon)?;
        find(lexicon, For::Report)
    })
}

/// Runs `work` so that what is wrong with one lexicon comes back as an error that spoils nothing of the
/// others. A cancel, a shutdown and a lack of resources are raised.
fn contained<R>(work: impl FnOnce() -> Result<R, Raise>) -> Result<R, Raise> {
    const NOT_THE_LEXICONS: [&str; 3] = ["40", "53", "57"];
    match subtransaction(work) {
        Ok(outcome) => outcome,
        Err(error) if NOT_THE_LEXICONS.contains(&&error.sqlstate[..2]) => error.rethrow(),
        Err(error) => Err(error.to_raise()),
    }
}

/// The compiled form for this definition: from its base where it has one, mapped where it can be
/// shared, else of this backend alone. `statement` is the one that changes the terms now.
fn obtain(
    definition: &Definition,
    statement: Option<u64>,
    purpose: For,
) -> Result<Compiled, Raise> {
    let of = |(lexicon, file), life| Compiled {
        lexicon,
        fingerprint: definition.fingerprint,
        file,
        life,
    };
    // Nobody else will ever see these terms as they are now.
    let life = match definition.is_committed {
        true => Life::Committed,
        false => Life::Transaction,
    };
    if let Some(version) = definition.base
        && let Some(opened) = base::open_with_changes(definition, version, purpose)?
    {
        return Ok(of(opened, life));
    }
    let build = || compile(definition, &Variant::of(definition));
    let file = SharedFile {
        group: definition.generation as u64,
        version: definition.fingerprint as u64,
    };
    if purpose == For::Report && !relations::owner(definition.source).is_some_and(is_or_is_in) {
        let is_shared = statement.is_none() && definition.is_committed;
        let opened = is_shared.then(|| cache::mapped(&file)).flatten();
        return match opened {
            Some(opened) => Ok(of(opened, life)),
            None => Err(access::not_compiled(&definition.name)),
        };
    }
    if let Some(number) = statement {
        return Ok(of((build()?, None), Life::Statement(number)));
    }
    if !definition.is_committed {
        return Ok(of((build()?, None), life));
    }
    // Before the lock of the form: whoever has locked the table waits for nobody who waits for it.
    relations::lock_for_reading(definition.source);
    match cache::shared(&file, purpose, build)? {
        Some(opened) => Ok(of(opened, life)),
        None => Err(access::not_compiled(&definition.name)),
    }
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
    kept::forget(lexicon);
}
