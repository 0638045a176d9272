//! Statements on one table that is known by its oid, although SQL can only name it.
//!
//! The owner of a schema can rename it even while its tables are locked, and create another schema of the
//! old name. A qualified name then means another table, or a view, whose code would run as the role that
//! acts here. So a statement is checked after its names were resolved to oids, and before it runs. When
//! Postgres plans it again it resolves the names again, so the plan is checked before each execution.

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;
use std::cell::RefCell;

use super::error::Raise;
use super::memory::in_temporary_context;
use super::parse::items;
use super::session::{Arg, Plan, Rows, Session, Snapshot};

/// Attempts to plan a statement; only a schema that is renamed each time makes all of them fail.
const ATTEMPTS: u32 = 10;

/// A planned statement on one table, valid as long as its connection.
pub struct TablePlan<'s> {
    session: &'s Session,
    table: pg_sys::Oid,
    statement: &'s str,
    types: &'s [pg_sys::Oid],
    plan: RefCell<Plan<'s>>,
}

impl Session {
    /// Plans a statement for many executions on this connection. It must name `table`, and no other
    /// relation of the catalog.
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

    /// Runs a statement and returns its rows. It must name `table`, and no other relation of the catalog.
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
    /// Executes the statement; returns the number of rows that it has processed.
    pub fn execute<const N: usize>(&self, args: impl FnOnce() -> [Arg; N]) -> u64 {
        in_temporary_context(|| {
            // Making the arguments may look into the catalog, which can invalidate the plan.
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
    /// How many rows the statement has processed.
    pub fn processed(&self) -> u64 {
        self.processed
    }
}

/// A plan that is on this table, and that Postgres will not make again before its next execution: the table
/// is locked since its name was resolved, so no invalidation is processed in between.
pub(super) fn checked<'s>(table: pg_sys::Oid, make: impl Fn() -> Plan<'s>) -> Plan<'s> {
    for _ in 0..ATTEMPTS {
        let plan = make();
        if is_on(&plan, table) && is_valid(&plan) {
            return plan;
        }
    }
    Raise::new(
        PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE,
        "a table was replaced by another relation while its name was looked up",
    )
    .detail("Its schema was renamed, or a rule puts another relation in its place.")
    .hint("Try again.")
    .raise()
}

fn is_valid(plan: &Plan<'_>) -> bool {
    // SAFETY: the plan lives as long as its connection.
    unsafe { pg_sys::SPI_plan_is_valid(plan.plan) }
}

/// Whether the table is the only relation that the analysed statement names.
fn is_on(plan: &Plan<'_>, table: pg_sys::Oid) -> bool {
    use pg_sys::RTEKind::{RTE_RELATION, RTE_SUBQUERY};
    let mut is_named = false;
    // SAFETY: a plan has sources, each with the queries of its statement, which live as long as the plan.
    unsafe {
        for source in items(pg_sys::SPI_plan_get_plan_sources(plan.plan)) {
            for query in items((*source.cast::<pg_sys::CachedPlanSource>()).query_list) {
                let query = &*query.cast::<pg_sys::Query>();
                // What rules of the table have added is not checked.
                if query.querySource != pg_sys::QuerySource::QSRC_ORIGINAL {
                    continue;
                }
                for entry in items(query.rtable) {
                    let entry = &*entry.cast::<pg_sys::RangeTblEntry>();
                    match entry.rtekind {
                        RTE_RELATION if entry.relid == table => is_named = true,
                        // A view has become a subquery.
                        RTE_RELATION | RTE_SUBQUERY => return false,
                        _ => {}
                    }
                }
            }
        }
    }
    is_named
}
