//! Noting that the terms of a lexicon changed, in the transaction that changes them.

use pgrx::pg_sys;

use super::catalog::is_trigger_of;
use super::compile::{Variant, compile};
use super::definition::Definition;
use super::{access, base};
use crate::lexicon::Lexicon;
use crate::own;
use crate::pg::catalog::{is_part_of, owner, quote_identifier};
use crate::pg::error::Raise;
use crate::pg::session::{self, Mode, Session};
use crate::pg::snapshot::{with_latest_snapshot, with_snapshot};
use crate::pg::subtransaction::subtransaction;
use crate::pg::trigger::TriggerCall;
use crate::pg::user::{SAFE_PATH, restricted};

/// Changes noted one by one until they are folded; each costs a statement some 50 ns.
const CHANGES_UNFOLDED: i64 = 64;

const SERIALIZATION_FAILURE: &str = "40001";

/// A statement that changes more terms than this makes a new base, and so does the one after which
/// more than this many changes stand beside the base: reading them takes 10 ms then.
const MAX_CHANGES: i64 = 10_000;

/// The trigger on a lexicon's source, fired by whoever changes the terms. Anybody can make a trigger of
/// this function on a table of his: it notes nothing but what the triggers of `create_lexicon` see.
pub fn on_trigger(call: &TriggerCall, lexicon: &str) {
    // A lexicon that was made after this transaction's snapshot counts, too.
    let source = with_latest_snapshot(|| {
        own::SOURCE.read(&[lexicon.into()], |rows| rows.get::<pg_sys::Oid>(0, 1))
    });
    let (Some(source), Some(owner)) = (source, source.and_then(owner)) else {
        return;
    };
    if !is_part_of(call.relation(), source) || !is_trigger_of(lexicon, &call.name()) {
        return;
    }
    restricted(owner, SAFE_PATH, || note_rows(call, lexicon));
}

/// Notes what a trigger of the source has seen. Runs as the owner of the source.
fn note_rows(call: &TriggerCall, lexicon: &str) {
    let names = call.transition_tables();
    // Only what may be read is written down: a column of another type could run its owner's code.
    let definition = match has_base(lexicon) {
        true => Definition::read(lexicon).ok(),
        false => None,
    };
    if call.is_before() {
        return note(lexicon, definition.is_some());
    }
    if names.is_empty() {
        // A row trigger (partitioned source), or TRUNCATE: nobody tells what changed.
        return note(lexicon, false);
    }
    session::connect(|session| {
        call.register_transition_tables(session);
        let changed: i64 = names.iter().map(|name| count(session, name)).sum();
        if changed == 0 {
            return;
        }
        let mut waiting = changed;
        let few = definition.filter(|_| changed <= MAX_CHANGES);
        if let Some(definition) = &few {
            Details::read(session, definition, &names).add(lexicon);
            waiting = own::COUNT_DELTA
                .run(&[lexicon.into()], |rows| rows.get(0, 1))
                .unwrap_or(0);
        }
        let detailed = if waiting > MAX_CHANGES && may_rebase(session) {
            // What keeps it from compiling is told to who matches, not to who changes a term.
            rebase(session, lexicon).is_ok_and(|rebased| rebased.has_base)
        } else {
            few.is_some()
        };
        note(lexicon, detailed);
    });
}

/// Compiles the source as it is now, and stores the result if it is large enough to be worth it. Runs as
/// the owner of the source.
fn rebase(session: &Session, lexicon: &str) -> Result<Rebased, Raise> {
    own::LOCK_LEXICON.execute(&[lexicon.into()]);
    with_snapshot(|| {
        let seen = session.run("SELECT pg_current_snapshot()::text", &[], Mode::Read);
        let seen: String = seen.get(0, 1).unwrap_or_default();
        let definition = Definition::read(lexicon)?;
        let compiled = compile(&definition, &Variant::of(&definition))?;
        let has_base = compiled.terms() >= base::MIN_TERMS && may_rebase(session);
        if has_base {
            base::store(&definition, &compiled, &seen);
        } else {
            base::remove(lexicon);
        }
        Ok(Rebased {
            has_base,
            lexicon: compiled,
        })
    })
}

/// Compiles the lexicon anew for everybody, whatever its triggers have seen.
pub fn renew(lexicon: &str, source: pg_sys::Oid) -> Result<Lexicon, Raise> {
    let owner = owner(source);
    access::check_source(lexicon, owner.is_some())?;
    let rebased = restricted(owner.unwrap_or(pg_sys::InvalidOid), SAFE_PATH, || {
        session::connect(|session| rebase(session, lexicon))
    })?;
    note(lexicon, rebased.has_base);
    Ok(rebased.lexicon)
}

/// What [`rebase`] has made.
struct Rebased {
    /// Whether changes can stand beside it from now on.
    has_base: bool,
    lexicon: Lexicon,
}

/// Under a stricter isolation level another session's base may have come in between, unseen.
fn may_rebase(session: &Session) -> bool {
    let isolation = session.run(
        "SELECT current_setting('transaction_isolation') = 'read committed'",
        &[],
        Mode::Write,
    );
    isolation.get(0, 1) == Some(true)
}

/// Notes a change for whoever will see it. `detailed`: it stands in `lexicon_delta` or in the base.
pub fn note(lexicon: &str, detailed: bool) {
    super::pin::lift();
    let unfolded: Option<i64> =
        own::NOTE_CHANGE.run(&[lexicon.into(), detailed.into()], |rows| rows.get(0, 1));
    if unfolded.unwrap_or(0) > CHANGES_UNFOLDED {
        // Above read committed it fails where another session has folded meanwhile: then it is done.
        match subtransaction(|| own::FOLD_CHANGES.execute(&[lexicon.into()])) {
            Err(error) if error.sqlstate != SERIALIZATION_FAILURE => error.rethrow(),
            _ => {}
        }
    }
}

fn has_base(lexicon: &str) -> bool {
    own::HAS_BASE.run(&[lexicon.into()], |rows| !rows.is_empty())
}

fn count(session: &Session, transition_table: &str) -> i64 {
    let query = format!(
        "SELECT count(*) FROM {}",
        quote_identifier(transition_table)
    );
    session.run(&query, &[], Mode::Write).get(0, 1).unwrap_or(0)
}

/// Terms that came and went in a statement, column by column.
#[derive(Default)]
struct Details {
    ids: Vec<Option<i64>>,
    terms: Vec<Option<String>>,
    guards: Vec<Option<bool>>,
    edits: Vec<Option<i32>>,
    /// 1 for a term that came, -1 for one that went.
    changes: Vec<i32>,
}

impl Details {
    /// A term that only changed beside its columns has neither come nor gone.
    fn read(session: &Session, definition: &Definition, names: &[String]) -> Details {
        let option = |column: &Option<String>| match column {
            Some(column) => quote_identifier(column),
            None => "NULL".to_owned(),
        };
        let columns = format!(
            "SELECT {}::pg_catalog.int8, {}::pg_catalog.text, {}::pg_catalog.bool, {}::pg_catalog.int4",
            quote_identifier(&definition.id_column),
            quote_identifier(&definition.term_column),
            option(&definition.guard_column),
            option(&definition.distance_column),
        );
        let rows_of = |name: &str| match names.iter().any(|there| there == name) {
            true => format!("{columns} FROM {}", quote_identifier(name)),
            false => format!("{columns} FROM {} WHERE false", quote_identifier(&names[0])),
        };
        let (came, went) = (rows_of(CAME), rows_of(WENT));
        let mut details = Details::default();
        for (rows, others, change) in [(&came, &went, 1), (&went, &came, -1)] {
            let query = format!("({rows}) EXCEPT ALL ({others})");
            let rows = session.run(&query, &[], Mode::Write);
            for number in 0..rows.len() {
                let mut row = rows.cells(number);
                details.ids.push(row.take());
                details.terms.push(row.take());
                details.guards.push(row.take());
                details.edits.push(row.take());
                details.changes.push(change);
            }
        }
        details
    }

    /// Writes them down.
    fn add(self, lexicon: &str) {
        own::ADD_DELTA.execute(&[
            lexicon.into(),
            self.ids.into(),
            self.terms.into(),
            self.guards.into(),
            self.edits.into(),
            self.changes.into(),
        ]);
    }
}

/// The names under which the triggers see the rows of a statement.
pub const CAME: &str = "termstream_came";
pub const WENT: &str = "termstream_went";
