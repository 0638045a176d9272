//! What the triggers on a lexicon's source have seen: noted in the transaction that changes the terms,
//! term by term where that is few, else by compiling the lexicon anew.

use pgrx::pg_sys;
use std::cell::RefCell;
use std::rc::Rc;

use super::compile::{Variant, compile};
use super::definition::Definition;
use super::details::Details;
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

/// Changes that stand beside a base before a new one is made: half as many as it has terms, within these
/// bounds. Reading 10,000 takes 10 ms, which each session does after each change; to compile a lexicon,
/// however small, takes 50 ms.
const FEWEST_CHANGES: i64 = 1_000;
const MOST_CHANGES: i64 = 10_000;

/// The trigger on a lexicon's source, fired by whoever changes the terms. Anybody can make a trigger of
/// this function on a table of his: it notes nothing but what the triggers of `create_lexicon` see.
pub fn on_trigger(call: &TriggerCall, lexicon: &str) {
    // For the second row of a statement and all that come.
    let is_known = if call.is_before() {
        running::has_begun(call, lexicon)
    } else {
        call.is_for_row() && uncommitted::is_told(lexicon)
    };
    if is_known {
        return;
    }
    if let Some(known) = known(call, lexicon) {
        return note_restricted(call, lexicon, Some(known));
    }
    // A lexicon that was made after this transaction's snapshot counts, too.
    let source = with_latest_snapshot(|| {
        tables::SOURCE.read(&[lexicon.into()], |rows| rows.get::<pg_sys::Oid>(0, 1))
    });
    let (Some(source), Some(owner)) = (source, source.and_then(owner)) else {
        return;
    };
    if !is_part_of(call.relation(), source) || !triggers::is_of(lexicon, &call.name()) {
        return;
    }
    if call.is_before() {
        return running::begin(call, lexicon);
    }
    let definition = restricted(owner, SAFE_PATH, || Definition::read(lexicon)).ok();
    let known = definition.map(|definition| Known {
        trigger: call.oid(),
        at: snapshot::moment(),
        owner,
        definition: Rc::new(definition),
    });
    note_restricted(call, lexicon, known);
}

/// What the call for one row has found out, for the next.
#[derive(Clone)]
struct Known {
    trigger: pg_sys::Oid,
    /// When the call ended. Where nothing was written since, all is as it was: the statement that fires
    /// the trigger has the table locked.
    at: Moment,
    owner: pg_sys::Oid,
    definition: Rc<Definition>,
}

thread_local! {
    static KNOWN: RefCell<Option<Known>> = const { RefCell::new(None) };
}

/// Forgets what was found out in the transaction that has ended.
pub fn forget() {
    KNOWN.take();
}

fn known(call: &TriggerCall, lexicon: &str) -> Option<Known> {
    if call.is_before() || !call.is_for_row() {
        return None;
    }
    let at = snapshot::moment();
    let known = KNOWN.take()?;
    let is_same = known.trigger == call.oid() && known.definition.name == lexicon;
    (is_same && known.at == at).then_some(known)
}

/// Notes what a trigger of the source has seen, as the owner of the source.
fn note_restricted(call: &TriggerCall, lexicon: &str, known: Option<Known>) {
    // What keeps the lexicon from being used is told to who matches, not to who changes a term.
    let Some(known) = known else {
        return note(lexicon, None);
    };
    let is_as_it_was = restricted(known.owner, SAFE_PATH, || {
        session::connect(|session| note_rows(session, call, &known.definition))
    });
    if is_as_it_was && call.is_for_row() {
        let at = snapshot::moment();
        KNOWN.set(Some(Known { at, ..known }));
    }
}

/// Only what may be read is written down: a column of another type could run its owner's code. The
/// definition says that it may. Returns whether the definition is good for the next row.
fn note_rows(session: &Session, call: &TriggerCall, definition: &Definition) -> bool {
    let lexicon = definition.name.as_str();
    let bound = (definition.base_terms / 2).clamp(FEWEST_CHANGES, MOST_CHANGES);
    let own = uncommitted::own_details(lexicon);
    let room = own.map_or(0, |own| bound - own);
    let Some(details) = Details::read(session, call, definition, room) else {
        // Nothing changed that the lexicon knows of.
        return true;
    };
    let can_tell = definition.base.is_some() && !definition.has_children;
    match details {
        Details::Rows(rows) if can_tell => {
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
            // Of a row trigger, the first that cannot tell: the others of the transaction are in it.
            if !definition.has_children && (!call.is_for_row() || own == Some(0)) {
                rebase_if_free(session, lexicon);
            }
            false
        }
    }
}

/// Makes a new base, if nobody else does and the isolation level allows it.
fn rebase_if_free(session: &Session, lexicon: &str) {
    let lexicon_is_free = || tables::TRY_LOCK_LEXICON.execute(&[lexicon.into()]) > 0;
    if may_rebase(session) && lexicon_is_free() {
        // What keeps it from compiling is told to who matches.
        let _ = rebase(session, lexicon);
    }
}

/// Compiles the source as it is now, and stores the result. Runs as the owner of the source, who has the
/// lexicon locked.
fn rebase(session: &Session, lexicon: &str) -> Result<Lexicon, Raise> {
    let statement = snapshot::command_seen();
    with_snapshot(|| {
        let seen = session.run("SELECT pg_current_snapshot()::text", &[], Snapshot::Active);
        let seen: String = seen.get(0, 1).unwrap_or_default();
        let definition = Definition::read(lexicon)?;
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

/// Compiles the lexicon anew for everybody, whatever its triggers have seen.
pub fn renew(lexicon: &str, source: pg_sys::Oid) -> Result<Lexicon, Raise> {
    let owner = owner(source);
    access::check_source(lexicon, owner.is_some())?;
    tables::LOCK_LEXICON.execute(&[lexicon.into()]);
    restricted(owner.unwrap_or(pg_sys::InvalidOid), SAFE_PATH, || {
        session::connect(|session| rebase(session, lexicon))
    })
}

/// Under a stricter isolation level another session's base may have come in between, unseen.
fn may_rebase(session: &Session) -> bool {
    let isolation = session.run(
        "SELECT current_setting('transaction_isolation') = 'read committed'",
        &[],
        Snapshot::Latest,
    );
    isolation.get(0, 1) == Some(true)
}
