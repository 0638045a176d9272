//! Changes that the triggers on a lexicon's source have seen: recorded in the transaction that makes
//! them, term by term if they are few, otherwise by compiling the lexicon again.

use pgrx::pg_sys;
use std::cell::RefCell;
use std::rc::Rc;

use super::changed_terms::ChangedTerms;
use super::compile::{Variant, compile};
use super::definition::LexiconDefinition;
use super::noted::{note, note_base};
use super::{access, base, triggers, uncommitted};
use crate::pg::catalog::{is_part_of, owner};
use crate::pg::error::Raise;
use crate::pg::running;
use crate::pg::session::{self, Session, Snapshot};
use crate::pg::snapshot::{self, Moment, with_latest_snapshot, with_snapshot};
use crate::pg::trigger::TriggerCall;
use crate::pg::user::{SAFE_PATH, restricted};
use crate::tables;
use termstream_core::lexicon::Lexicon;

/// Bounds of how many changes are kept beside a base before a new base is made: half as many as it has
/// terms, within these bounds. Each session reads them after each change, 10,000 in 10 ms; compiling a
/// lexicon, however small, takes 50 ms.
const MIN_CHANGES: i64 = 1_000;
const MAX_CHANGES: i64 = 10_000;

/// Handles a call of the trigger on a lexicon's source. Any role can create a trigger with this function on
/// a table of its own, so calls by triggers that `create_lexicon` has not created are ignored.
pub fn on_trigger(call: &TriggerCall, lexicon: &str) {
    // True for most rows after the first one of a statement.
    let is_recorded = if call.is_before() {
        running::has_begun(call, lexicon)
    } else {
        call.is_for_row() && uncommitted::is_recorded(lexicon)
    };
    if is_recorded {
        return;
    }
    if let Some(cached) = cached(call, lexicon) {
        return note_restricted(call, lexicon, Some(cached));
    }
    // With the latest snapshot, so that a lexicon made after this transaction's snapshot is found too.
    let source = with_latest_snapshot(|| {
        tables::SOURCE.read(&[lexicon.into()], |rows| rows.get::<pg_sys::Oid>(0, 1))
    });
    let (Some(source), Some(owner)) = (source, source.and_then(owner)) else {
        return;
    };
    if !is_part_of(call.relation(), source) || !triggers::is_trigger_of(lexicon, &call.name()) {
        return;
    }
    if call.is_before() {
        return running::begin(call, lexicon);
    }
    let definition = restricted(owner, SAFE_PATH, || LexiconDefinition::read(lexicon)).ok();
    let found = definition.map(|definition| Cached {
        trigger: call.oid(),
        at: snapshot::moment(),
        owner,
        definition: Rc::new(definition),
    });
    note_restricted(call, lexicon, found);
}

/// The definition that the trigger's call for one row has read, for its call for the next row.
#[derive(Clone)]
struct Cached {
    trigger: pg_sys::Oid,
    /// When the call ended. If nothing was written since, the definition is still right: the statement that
    /// fires the trigger holds a lock on the table.
    at: Moment,
    owner: pg_sys::Oid,
    definition: Rc<LexiconDefinition>,
}

thread_local! {
    static CACHED: RefCell<Option<Cached>> = const { RefCell::new(None) };
}

/// Forgets what was cached in the transaction that has ended.
pub fn forget() {
    CACHED.take();
}

/// What the last call has cached, if it is still right for this one.
fn cached(call: &TriggerCall, lexicon: &str) -> Option<Cached> {
    if call.is_before() || !call.is_for_row() {
        return None;
    }
    let at = snapshot::moment();
    let cached = CACHED.take()?;
    let is_same = cached.trigger == call.oid() && cached.definition.name == lexicon;
    (is_same && cached.at == at).then_some(cached)
}

/// Records what a trigger of the source has seen, with the rights of the owner of the source.
fn note_restricted(call: &TriggerCall, lexicon: &str, found: Option<Cached>) {
    // If the lexicon cannot be used, the error is for the session that matches, not for this one.
    let Some(found) = found else {
        return note(lexicon, None);
    };
    let is_still_right = restricted(found.owner, SAFE_PATH, || {
        session::connect(|session| note_rows(session, call, &found.definition))
    });
    if is_still_right && call.is_for_row() {
        let at = snapshot::moment();
        CACHED.set(Some(Cached { at, ..found }));
    }
}

/// Records the terms that were added and removed; returns whether the definition is still right for the
/// next row. The columns were checked with the definition: reading a value of any other type could run code
/// of the type's owner.
fn note_rows(session: &Session, call: &TriggerCall, definition: &LexiconDefinition) -> bool {
    let lexicon = definition.name.as_str();
    let bound = (definition.base_terms / 2).clamp(MIN_CHANGES, MAX_CHANGES);
    let written = uncommitted::details_written(lexicon);
    let at_most = written.map_or(0, |written| bound - written);
    let Some(changed) = ChangedTerms::read(session, call, definition, at_most) else {
        // No column of the lexicon has changed.
        return true;
    };
    let can_tell = definition.base.is_some() && !definition.has_children;
    match changed {
        ChangedTerms::Rows(rows) if can_tell => {
            let count = rows.len();
            rows.add(lexicon);
            note(lexicon, Some(count));
            let is_many = || {
                let beside: Option<i64> =
                    tables::COUNT_DELTA.run(&[lexicon.into()], |rows| rows.get(0, 1));
                beside.unwrap_or(0) > bound
            };
            if !call.is_for_row() && is_many() {
                rebase_if_free(session, lexicon);
            }
            true
        }
        _ => {
            note(lexicon, None);
            // A row trigger does this once in a transaction: the new base has its other rows too.
            if !definition.has_children && (!call.is_for_row() || written == Some(0)) {
                rebase_if_free(session, lexicon);
            }
            false
        }
    }
}

/// Makes a new base, unless another session is doing so or the isolation level forbids it.
fn rebase_if_free(session: &Session, lexicon: &str) {
    let lexicon_is_free = || tables::TRY_LOCK_LEXICON.execute(&[lexicon.into()]) > 0;
    if may_rebase(session) && lexicon_is_free() {
        // An error is for the session that matches, which will meet it too.
        let _ = rebase(session, lexicon);
    }
}

/// Compiles the terms as they are now, and stores the result as the new base. Runs as the owner of the
/// source; the lexicon is locked.
fn rebase(session: &Session, lexicon: &str) -> Result<Lexicon, Raise> {
    let statement = snapshot::command_seen();
    with_snapshot(|| {
        let seen = session.run("SELECT pg_current_snapshot()::text", &[], Snapshot::Active);
        let seen: String = seen.get(0, 1).unwrap_or_default();
        let definition = LexiconDefinition::read(lexicon)?;
        let compiled = compile(&definition, &Variant::of(&definition))?;
        if may_rebase(session) {
            base::store(&definition, &compiled, &seen);
            note_base(lexicon, &seen, statement);
        } else {
            base::remove(lexicon);
            note(lexicon, None);
        }
        Ok(compiled)
    })
}

/// Compiles the lexicon again, for all sessions, whatever its triggers have seen.
pub fn renew(lexicon: &str, source: pg_sys::Oid) -> Result<Lexicon, Raise> {
    let owner = owner(source);
    access::check_source(lexicon, owner.is_some())?;
    tables::LOCK_LEXICON.execute(&[lexicon.into()]);
    restricted(owner.unwrap_or(pg_sys::InvalidOid), SAFE_PATH, || {
        session::connect(|session| rebase(session, lexicon))
    })
}

/// Whether this transaction may make a base: above READ COMMITTED, another session may have made one that
/// this transaction does not see.
fn may_rebase(session: &Session) -> bool {
    let isolation = session.run(
        "SELECT current_setting('transaction_isolation') = 'read committed'",
        &[],
        Snapshot::Latest,
    );
    isolation.get(0, 1) == Some(true)
}
