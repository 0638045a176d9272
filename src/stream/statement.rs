//! Running the stream's statement over a batch: the whole batch, or the parts of it that the statement
//! takes.
//!
//! The plan of a statement is cached in a backend for batches of about the same size, as long as the
//! statement stays the same, and for one role: Postgres checks some rights only when it plans. Postgres
//! itself plans the statement again for another search_path.
//!
//! `ON CONFLICT DO NOTHING` costs nearly as much as the rest of an INSERT: the index is looked up once
//! more, and each row is inserted speculatively (a million new pairs take 2.6 s with the clause, 1.3 s
//! without). So a statement that ends in it is first tried without it, as long as the load has met no
//! duplicate. If there is one, the trial is undone and the statement runs as written.

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
use termstream_core::load::{
    Bisected, Failure, OnError, bisect, is_data_error, is_of_several_rows,
};

/// Plans cached in a backend: for some streams that it loads in turn, each with and without its conflict
/// clause, and for some sizes.
const CACHED_PLANS: usize = 32;

/// The smallest batch that is tried without the conflict clause. An undone trial leaves dead rows in the
/// table until VACUUM, and a small batch gains little.
const TRIAL_ROWS: usize = 1000;

/// A plan, and what it was made for.
struct CachedPlan {
    role: pg_sys::Oid,
    statement: String,
    columns: Vec<Column>,
    /// The number of rows that it is planned for.
    rows: usize,
    plan: Rc<KeptPlan>,
}

thread_local! {
    /// In the order of their last use, the latest last. Not dropped at the end of the process, when
    /// Postgres has freed them already.
    static PLANS: ManuallyDrop<RefCell<Vec<CachedPlan>>> =
        const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// Runs the statement over all rows at once if that succeeds, otherwise over the parts for which it does.
pub fn execute(load: &mut Load, all: &BatchRelation) -> Result<Bisected<u64, Caught>, Caught> {
    let bisected = pinned(|| {
        bisect(0..all.len(), load.reach, |range| {
            let count = range.len();
            let outcome = if count == all.len() {
                attempt(load, all)
            } else {
                attempt(load, &all.select(range))
            };
            let is_stop = load.definition.on_error == OnError::Stop;
            outcome.map_err(|(error, read)| {
                // A MERGE that meets a new key twice inserts it twice.
                let is_of_several =
                    is_of_several_rows(&error.sqlstate) || is_stop && is_duplicate(&error.sqlstate);
                match is_of_several {
                    true if !is_stop || count > 1 => Failure::Together { error, read },
                    false if !is_stop && is_data_error(&error.sqlstate) => {
                        Failure::Data { error, read }
                    }
                    _ => Failure::Fatal(error),
                }
            })
        })
    })?;
    load.reach = bisected.reach();
    Ok(bisected)
}

/// Runs the statement over some rows. If it fails, undoes it and returns the error, and how many rows it
/// had read.
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

/// Whether so many rows are first tried without the conflict clause.
fn is_trial(load: &Load, rows: usize) -> bool {
    !load.has_duplicates
        && rows >= TRIAL_ROWS
        && without_conflict_clause(&load.definition.statement).is_some()
}

/// Whether the SQLSTATE is that of a unique or an exclusion violation.
fn is_duplicate(sqlstate: &str) -> bool {
    ["23505", "23P01"].contains(&sqlstate)
}

/// The statement without the ON CONFLICT DO NOTHING that it ends in; `None` if it does not.
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

/// The tables that the statement itself writes, for a batch of so many rows. Must be called as the role and
/// on the search_path with which the statement runs.
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

/// The number of rows that a batch is planned for: the next power of 16, so that a statement has at most
/// six plans. Sizes have plans of their own because a join that is fast for a few rows may take hours for
/// many.
fn planned_rows(rows: usize) -> usize {
    let mut planned = 1;
    while planned < rows {
        planned *= 16;
    }
    planned
}

/// The plan of the statement for so many rows, cached or new. The batch must be registered on the session.
fn plan(session: &Session, statement: &str, columns: &[Column], rows: usize) -> Rc<KeptPlan> {
    let role = current_role();
    let is_wanted = |cached: &CachedPlan| {
        (cached.role, cached.rows) == (role, rows)
            && cached.statement == statement
            && cached.columns == columns
    };
    let cached = PLANS.with(|plans| {
        let mut plans = plans.borrow_mut();
        let index = plans.iter().position(is_wanted)?;
        let cached = plans.remove(index);
        let plan = Rc::clone(&cached.plan);
        plans.push(cached);
        Some(plan)
    });
    // Planning runs user-defined functions (constant folding), so the cache must not be borrowed meanwhile.
    cached.unwrap_or_else(|| {
        let plan = Rc::new(KeptPlan::new(session, statement));
        PLANS.with(|plans| {
            let mut plans = plans.borrow_mut();
            if plans.len() == CACHED_PLANS {
                plans.remove(0);
            }
            plans.push(CachedPlan {
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
