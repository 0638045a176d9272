//! Statements on one table that is meant by its number, though SQL can only name it.
//!
//! Whoever owns a schema can rename it while its tables are locked, and put another one in its place: a name
//! then means another table, or a view, whose code would run as the role that acts here. So a statement is
//! looked at when its names have become numbers, and before anything of it runs. A plan that Postgres makes
//! anew reads the names again, so it is looked at before each execution.

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;
use std::cell::RefCell;

use super::error::Raise;
use super::memory::in_temporary_context;
use super::parse::items;
use super::session::{Arg, Plan, Rows, Session, Snapshot};

/// Schemas are not renamed so often.
const ATTEMPTS: u32 = 10;

/// A planned statement on one table, gone with its connection.
pub struct TablePlan<'s> {
    session: &'s Session,
    table: pg_sys::Oid,
    statement: &'s str,
    types: &'s [pg_sys::Oid],
    plan: RefCell<Plan<'s>>,
}

impl Session {
    /// Plans a statement that names `table`, and no other relation that has a number, for many executions
    /// on this connection.
    pub fn prepare_on<'s>(
        &'s self,
        table: pg_sys::Oid,
        statement: &'s str,
        types: &'s [pg_sys::Oid],
    ) -> TablePlan<'s> {
        let plan = RefCell::new(checked(table, || self.prepare(statement, types)));
        TablePlan {
            session: self,
            table,
            statement,
            types,
            plan,
        }
    }

    /// Runs a statement that names `table`, and no other relation that has a number, and returns its rows.
    pub fn run_on(
        &self,
        table: pg_sys::Oid,
        statement: &str,
        args: &[Arg],
        snapshot: Snapshot,
    ) -> Rows {
        let types: Vec<pg_sys::Oid> = args.iter().map(|arg| arg.oid).collect();
        let plan = checked(table, || self.prepare(statement, &types));
        plan.run(args, snapshot)
    }
}

impl TablePlan<'_> {
    /// Runs it for what it does; returns the number of rows it touched.
    pub fn execute<const N: usize>(&self, args: impl FnOnce() -> [Arg; N]) -> u64 {
        in_temporary_context(|| {
            // Making them may look into the catalog, and hear of what others have done.
            let args = args();
            let mut plan = self.plan.borrow_mut();
            if !is_valid(&plan) {
                *plan = checked(self.table, || {
                    self.session.prepare(self.statement, self.types)
                });
            }
            plan.run(&args, Snapshot::Latest).processed
        })
    }
}

impl Rows {
    /// How many rows the statement has touched.
    pub fn touched(&self) -> u64 {
        self.processed
    }
}

/// A plan that is on this table, and that Postgres does not make anew when it is used next: the table is
/// locked since its name was read, so that nothing is heard of other sessions before the plan runs.
pub(super) fn checked<'s>(table: pg_sys::Oid, make: impl Fn() -> Plan<'s>) -> Plan<'s> {
    for _ in 0..ATTEMPTS {
        let plan = make();
        if is_on(&plan, table) && is_valid(&plan) {
            return plan;
        }
    }
    Raise::new(
        PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE,
        "the name of a table means another relation than a moment ago",
    )
    .detail("Its schema was renamed, or a rule puts another relation in its place.")
    .hint("Try again.")
    .raise()
}

fn is_valid(plan: &Plan<'_>) -> bool {
    // SAFETY: the plan lives as long as its connection.
    unsafe { pg_sys::SPI_plan_is_valid(plan.plan) }
}

/// Whether all that the statement names as it was analysed is the table, read or written as such.
fn is_on(plan: &Plan<'_>, table: pg_sys::Oid) -> bool {
    use pg_sys::RTEKind::{RTE_RELATION, RTE_SUBQUERY};
    let mut is_named = false;
    // SAFETY: a plan has sources, each with the queries of its statement, which live as long as the plan.
    unsafe {
        for source in items(pg_sys::SPI_plan_get_plan_sources(plan.plan)) {
            for query in items((*source.cast::<pg_sys::CachedPlanSource>()).query_list) {
                let query = &*query.cast::<pg_sys::Query>();
                // What rules of the table add is the table's own.
                if query.querySource != pg_sys::QuerySource::QSRC_ORIGINAL {
                    continue;
                }
                for entry in items(query.rtable) {
                    let entry = &*entry.cast::<pg_sys::RangeTblEntry>();
                    match entry.rtekind {
                        RTE_RELATION if entry.relid == table => is_named = true,
                        // A view is a query, too.
                        RTE_RELATION | RTE_SUBQUERY => return false,
                        _ => {}
                    }
                }
            }
        }
    }
    is_named
}
