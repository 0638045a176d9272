//! The stream's statement over a batch: run as a whole, or over the parts that it takes.
//!
//! It is planned once in a backend for batches of about the same size, and kept, for as long as it reads
//! the same, for all loads of one role: what it may run by itself stands in the plan, and is not asked
//! again. Postgres plans it anew for another search_path.
//!
//! `ON CONFLICT DO NOTHING` costs nearly as much as the rest of an INSERT: the index is looked up once
//! more, and each row is inserted on trial (measured: a million new pairs 2.6 s with the clause, 1.3 s
//! without). So a statement that ends in it is tried without it, as long as the load has met no
//! duplicate; where there is one, the trial is undone and the statement runs as it is written.

use pgrx::pg_sys;
use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use super::Load;
use crate::lexicons::pinned;
use crate::pg::column::Column;
use crate::pg::error::Caught;
use crate::pg::plan::KeptPlan;
use crate::pg::relation::BatchRelation;
use crate::pg::session::{self, Session};
use crate::pg::subtransaction::subtransaction;
use crate::pg::user::current_role;
use termstream_core::load::{Bisected, Failure, OnError, bisect, is_data_error};

/// Plans kept in a backend: of the streams it loads in turn, each in both forms and for some sizes.
const PLANS_KEPT: usize = 32;

/// What a trial undoes stays in the table as dead rows until it is vacuumed, so a small batch, which
/// gains little, is not tried.
const TRIAL_ROWS: usize = 1000;

struct Kept {
    role: pg_sys::Oid,
    statement: String,
    columns: Vec<Column>,
    /// The rows that it is planned for.
    rows: usize,
    plan: Rc<KeptPlan>,
}

thread_local! {
    /// The last used last. The end of the process frees them, after Postgres has cleaned up.
    static PLANS: ManuallyDrop<RefCell<Vec<Kept>>> =
        const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// Runs the statement over all rows at once if it takes them, else over the parts that it takes.
pub fn execute(load: &mut Load, all: &BatchRelation) -> Result<Bisected<u64, Caught>, Caught> {
    if load.definition.on_error == OnError::Stop && !is_trial(load, all.len()) {
        // Nothing has to be undone but everything, so no subtransaction is needed.
        let written = run(&load.definition.statement, &load.definition.columns, all);
        return Ok(Bisected {
            taken: vec![(0..all.len(), written)],
            guilty: Vec::new(),
        });
    }
    let bisected = pinned(|| {
        bisect(0..all.len(), load.reach, |range| {
            let outcome = if range.len() == all.len() {
                attempt(load, all)
            } else {
                attempt(load, &all.select(range))
            };
            outcome.map_err(|(error, read)| match is_data_error(&error.sqlstate) {
                true if load.definition.on_error != OnError::Stop => Failure::Data { error, read },
                _ => Failure::Fatal(error),
            })
        })
    })?;
    load.reach = bisected.reach();
    Ok(bisected)
}

/// One attempt, undone if it fails: the error, and how many rows had been read.
fn attempt(load: &mut Load, rows: &BatchRelation) -> Result<u64, (Caught, Option<usize>)> {
    let definition = &load.definition;
    if is_trial(load, rows.len())
        && let Some(statement) = without_conflict_clause(&definition.statement)
    {
        match subtransaction(|| run(statement, &definition.columns, rows)) {
            Err(error) if is_duplicate(&error.sqlstate) => load.has_duplicates = true,
            Err(error) => return Err((error, rows.read())),
            Ok(written) => return Ok(written),
        }
    }
    let definition = &load.definition;
    subtransaction(|| run(&definition.statement, &definition.columns, rows))
        .map_err(|error| (error, rows.read()))
}

fn is_trial(load: &Load, rows: usize) -> bool {
    !load.has_duplicates
        && rows >= TRIAL_ROWS
        && without_conflict_clause(&load.definition.statement).is_some()
}

/// A violation of a unique key, or of an exclusion constraint.
fn is_duplicate(sqlstate: &str) -> bool {
    ["23505", "23P01"].contains(&sqlstate)
}

/// The statement before the clause that it ends in.
fn without_conflict_clause(statement: &str) -> Option<&str> {
    let mut rest = statement.trim_end_matches(|c: char| c.is_whitespace() || c == ';');
    for word in ["nothing", "do", "conflict", "on"] {
        let start = rest.len().checked_sub(word.len())?;
        if !rest.get(start..)?.eq_ignore_ascii_case(word) {
            return None;
        }
        let before = &rest[..start];
        rest = before.trim_end();
        if rest.len() == before.len() {
            return None;
        }
    }
    Some(rest)
}

/// The tables that the statement writes for a batch of so many rows. Called as the role and on the
/// search_path that it runs with.
pub fn written(statement: &str, columns: &[Column], rows: usize) -> Vec<pg_sys::Oid> {
    session::connect(|session| {
        let rows = planned_rows(rows);
        let batch = BatchRelation::new("batch", columns);
        batch.register(session, rows);
        plan(session, statement, columns, rows).written()
    })
}

fn run(statement: &str, columns: &[Column], rows: &BatchRelation) -> u64 {
    session::connect(|session| {
        let planned = planned_rows(rows.len());
        rows.register(session, planned);
        plan(session, statement, columns, planned).execute(session)
    })
}

/// How many rows a batch is planned for: the next power of 16, so that a statement has at most six plans.
/// A join that is good for a few rows may take hours for many.
fn planned_rows(rows: usize) -> usize {
    let mut planned = 1;
    while planned < rows {
        planned *= 16;
    }
    planned
}

/// The plan of the statement for so many rows, made or kept. The batch is registered on the session.
fn plan(session: &Session, statement: &str, columns: &[Column], rows: usize) -> Rc<KeptPlan> {
    let role = current_role();
    let is_it = |kept: &Kept| {
        (kept.role, kept.rows) == (role, rows)
            && kept.statement == statement
            && kept.columns == columns
    };
    let kept = PLANS.with(|plans| {
        let mut plans = plans.borrow_mut();
        let place = plans.iter().position(is_it)?;
        let kept = plans.remove(place);
        let plan = Rc::clone(&kept.plan);
        plans.push(kept);
        Some(plan)
    });
    // Planning runs code of others' (functions that are folded), so nothing is borrowed meanwhile.
    kept.unwrap_or_else(|| {
        let plan = Rc::new(KeptPlan::new(session, statement));
        PLANS.with(|plans| {
            let mut plans = plans.borrow_mut();
            if plans.len() == PLANS_KEPT {
                plans.remove(0);
            }
            plans.push(Kept {
                role,
                statement: statement.to_owned(),
                columns: columns.to_vec(),
                rows,
                plan: Rc::clone(&plan),
            });
        });
        plan
    })
}
