//! Noting that the terms of a lexicon changed, in the transaction that changes them.

use super::base;
use super::compile::{Variant, compile};
use super::definition::Definition;
use crate::lexicon::Lexicon;
use crate::pg::catalog::quote_identifier;
use crate::pg::error::Raise;
use crate::pg::session::{self, Mode, Session};
use crate::pg::snapshot::with_snapshot;
use crate::pg::subtransaction::subtransaction;
use crate::pg::trigger::TriggerCall;

/// Changes noted one by one until they are folded; each costs a statement some 50 ns.
const CHANGES_UNFOLDED: i64 = 64;

const SERIALIZATION_FAILURE: &str = "40001";

/// A statement that changes more terms than this makes a new base, and so does the one after which
/// more than this many changes stand beside the base: reading them takes 10 ms then.
const MAX_CHANGES: i64 = 10_000;

/// The trigger on a lexicon's source. Runs as the extension's owner.
pub fn on_trigger(call: &TriggerCall, lexicon: &str) {
    let names = call.transition_tables();
    session::connect(|session| {
        // Only what may be read is written down: a column of another type could run its owner's code.
        let has_base = has_base(session, lexicon) && Definition::read(lexicon).is_ok();
        if call.is_before() {
            return note(lexicon, has_base);
        }
        if names.is_empty() {
            // A row trigger (partitioned source), or TRUNCATE: nobody tells what changed.
            return note(lexicon, false);
        }
        call.register_transition_tables(session);
        let changed: i64 = names.iter().map(|name| count(session, name)).sum();
        if changed == 0 {
            return;
        }
        let mut waiting = changed;
        if has_base && changed <= MAX_CHANGES {
            add_details(session, lexicon, &names);
            waiting = session
                .run(
                    "SELECT count(*) FROM termstream.lexicon_delta WHERE lexicon = $1",
                    &[lexicon.into()],
                    Mode::Write,
                )
                .get(0, 1)
                .unwrap_or(0);
        }
        let detailed = if waiting > MAX_CHANGES && may_rebase(session) {
            // What keeps it from compiling is told to who matches, not to who changes a term.
            rebase(session, lexicon).is_ok_and(|rebased| rebased.has_base)
        } else {
            has_base && changed <= MAX_CHANGES
        };
        note(lexicon, detailed);
    });
}

/// Compiles the source as it is now, and stores the result if it is large enough to be worth it.
pub fn rebase(session: &Session, lexicon: &str) -> Result<Rebased, Raise> {
    // One at a time. Whoever waited sees what the other has done.
    session.execute(
        "SELECT FROM termstream.lexicon WHERE lexicon = $1 FOR NO KEY UPDATE",
        &[lexicon.into()],
    );
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
pub fn renew(lexicon: &str) -> Result<Lexicon, Raise> {
    let rebased = session::connect(|session| rebase(session, lexicon))?;
    note(lexicon, rebased.has_base);
    Ok(rebased.lexicon)
}

/// What [`rebase`] has made.
pub struct Rebased {
    /// Whether changes can stand beside it from now on.
    pub has_base: bool,
    pub lexicon: Lexicon,
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
    session::connect(|session| {
        let noted = session.run(
            "INSERT INTO termstream.lexicon_change AS c (lexicon, xid, token, detailed)
             VALUES ($1, pg_current_xact_id(), hashtextextended(gen_random_uuid()::text, 0), $2)
             ON CONFLICT (lexicon, xid) DO UPDATE
                SET token = EXCLUDED.token, detailed = c.detailed AND EXCLUDED.detailed
             RETURNING (SELECT count(*) FROM termstream.lexicon_change o WHERE o.lexicon = $1)",
            &[lexicon.into(), detailed.into()],
            Mode::Write,
        );
        if noted.get::<i64>(0, 1).unwrap_or(0) > CHANGES_UNFOLDED {
            // Above read committed it fails where another session has folded meanwhile: then it is
            // done.
            match subtransaction(|| session::connect(|inner| fold(inner, lexicon))) {
                Err(error) if error.sqlstate != SERIALIZATION_FAILURE => error.rethrow(),
                _ => {}
            }
        }
    });
}

/// Replaces the rows of transactions that ended by one token, in the row of this transaction: whoever
/// sees this change sees those too. Rows that another session folds at this moment are left to it.
fn fold(session: &Session, lexicon: &str) {
    session.execute(
        "WITH old AS (
             SELECT ctid FROM termstream.lexicon_change
              WHERE lexicon = $1 AND xid < pg_snapshot_xmin(pg_current_snapshot())
                FOR UPDATE SKIP LOCKED),
         gone AS (
             DELETE FROM termstream.lexicon_change USING old
              WHERE lexicon_change.ctid = old.ctid
          RETURNING lexicon_change.token, lexicon_change.detailed)
         UPDATE termstream.lexicon_change
            SET token = token # (SELECT bit_xor(gone.token) FROM gone),
                detailed = detailed AND (SELECT bool_and(gone.detailed) FROM gone)
          WHERE lexicon = $1 AND xid = pg_current_xact_id() AND EXISTS (SELECT FROM gone)",
        &[lexicon.into()],
    );
}

fn has_base(session: &Session, lexicon: &str) -> bool {
    // Rows of inheriting tables go through the triggers of their parent, but are no terms.
    let base = session.run(
        "SELECT FROM termstream.lexicon_base b
           JOIN termstream.lexicon l USING (lexicon)
           JOIN pg_catalog.pg_class c ON c.oid = l.source AND NOT c.relhassubclass
          WHERE lexicon = $1",
        &[lexicon.into()],
        Mode::Write,
    );
    !base.is_empty()
}

fn count(session: &Session, transition_table: &str) -> i64 {
    let query = format!(
        "SELECT count(*) FROM {}",
        quote_identifier(transition_table)
    );
    session.run(&query, &[], Mode::Write).get(0, 1).unwrap_or(0)
}

/// Writes down which terms came and went. A term that only changed beside its columns does neither.
fn add_details(session: &Session, lexicon: &str, names: &[String]) {
    let columns = session.run(
        "SELECT format('SELECT %I::pg_catalog.int8, %I::pg_catalog.text, %s, %s FROM ',
                       id_column, term_column,
                       coalesce(quote_ident(guard_column), 'NULL') || '::pg_catalog.bool',
                       coalesce(quote_ident(distance_column), 'NULL') || '::pg_catalog.int4')
           FROM termstream.lexicon WHERE lexicon = $1",
        &[lexicon.into()],
        Mode::Write,
    );
    let Some(columns) = columns.get::<String>(0, 1) else {
        return;
    };
    let rows_of = |name: &str| match names.iter().any(|there| there == name) {
        true => format!("{columns} {name}"),
        false => format!("{columns} {} WHERE false", names[0]),
    };
    let (came, went) = (rows_of(CAME), rows_of(WENT));
    for (rows, others, change) in [(&came, &went, 1), (&went, &came, -1)] {
        session.execute(
            &format!(
                "INSERT INTO termstream.lexicon_delta
                 SELECT $1, pg_current_xact_id(), d.*, {change}
                   FROM (({rows}) EXCEPT ALL ({others})) AS d"
            ),
            &[lexicon.into()],
        );
    }
}

/// The names under which the triggers see the rows of a statement.
pub const CAME: &str = "termstream_came";
pub const WENT: &str = "termstream_went";
