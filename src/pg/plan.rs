//! Plans of a stream's statements, made once and used for many batches and loads.
//!
//! A plan outlives the connection that it was made on. Postgres plans again when a table, a function or the
//! search_path that the plan depends on has changed.

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;

use super::error::Raise;
use super::parse::{items, statements};
use super::session::{Session, text};

/// The plan of one or several statements without parameters, freed when dropped.
pub struct KeptPlan {
    parts: Vec<Part>,
}

/// The plan of one statement. Each has a plan of its own, since SPI counts only the rows of a plan's last
/// statement.
struct Part {
    plan: pg_sys::SPIPlanPtr,
}

impl KeptPlan {
    /// Plans the statement, which may name the relations that are registered on the session.
    pub fn new(session: &Session, statement: &str) -> KeptPlan {
        let parts = match statements(statement) {
            Ok(parts) => parts,
            Err((error, _)) => error.rethrow(),
        };
        let parts = parts
            .iter()
            .filter_map(|part| statement.get(part.range.clone()))
            .map(|part| Part::new(session, part));
        KeptPlan {
            parts: parts.collect(),
        }
    }

    /// The tables that the statements themselves write, with views and rules resolved, but without what
    /// triggers write.
    pub fn written(&self) -> Vec<pg_sys::Oid> {
        let mut found = Vec::new();
        for part in &self.parts {
            // SAFETY: a kept plan has sources, each with the queries of its statement as they were
            // analysed; a utility command has no tables.
            unsafe {
                for source in items(pg_sys::SPI_plan_get_plan_sources(part.plan)) {
                    let source = source.cast::<pg_sys::CachedPlanSource>();
                    for query in items((*source).query_list) {
                        add_written(query.cast(), &mut found);
                    }
                }
            }
        }
        found
    }

    /// Executes the statements; returns the number of rows that one statement has processed, or that all
    /// writing ones of several have. The relations that the plan was made with must be registered on this
    /// session too, with the same columns.
    pub fn execute(&self, session: &Session) -> u64 {
        match &self.parts[..] {
            [one] => one.execute(session).rows,
            parts => {
                let done = parts.iter().map(|part| part.execute(session));
                done.filter(|part| part.writes).map(|part| part.rows).sum()
            }
        }
    }
}

/// Adds the tables that a query writes.
///
/// # Safety
/// `query` must be an analysed query.
unsafe fn add_written(query: *mut pg_sys::Query, found: &mut Vec<pg_sys::Oid>) {
    // SAFETY: the result relation is a number in the range table, from 1; 0 is none. The query of a CTE
    // is analysed, too.
    unsafe {
        let query = &*query;
        if let Some(number) = (query.resultRelation as usize).checked_sub(1)
            && let Some(entry) = items(query.rtable).get(number)
        {
            found.push((*entry.cast::<pg_sys::RangeTblEntry>()).relid);
        }
        for cte in items(query.cteList) {
            let inner = (*cte.cast::<pg_sys::CommonTableExpr>()).ctequery;
            if (*inner).type_ == pg_sys::NodeTag::T_Query {
                add_written(inner.cast(), found);
            }
        }
    }
}

struct Done {
    writes: bool,
    rows: u64,
}

impl Part {
    fn new(_session: &Session, statement: &str) -> Part {
        let statement = text(statement);
        // SAFETY: no parameters; the plan is moved out of SPI's memory once.
        unsafe {
            let plan = pg_sys::SPI_prepare(statement.as_ptr(), 0, std::ptr::null_mut());
            let code = match plan.is_null() {
                true => pg_sys::SPI_result,
                false => pg_sys::SPI_keepplan(plan),
            };
            if code < 0 {
                refuse("plan", code);
            }
            Part { plan }
        }
    }

    fn execute(&self, _session: &Session) -> Done {
        // SAFETY: a kept plan without parameters.
        unsafe {
            let code = pg_sys::SPI_execute_plan(
                self.plan,
                std::ptr::null_mut(),
                std::ptr::null(),
                false,
                0,
            );
            if code < 0 {
                refuse("execute", code);
            }
            // Rows that the statement returns are discarded.
            pg_sys::SPI_freetuptable(pg_sys::SPI_tuptable);
            pg_sys::SPI_tuptable = std::ptr::null_mut();
            let reads = [pg_sys::SPI_OK_SELECT, pg_sys::SPI_OK_UTILITY];
            Done {
                writes: !reads.contains(&(code as u32)),
                rows: pg_sys::SPI_processed,
            }
        }
    }
}

fn refuse(action: &str, code: i32) -> ! {
    Raise::new(
        PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        format!("SPI could not {action} a stream's statement: code {code}"),
    )
    .raise()
}

impl Drop for Part {
    fn drop(&mut self) {
        // SAFETY: ours, freed once; raises nothing. A plan that is being executed is held by its
        // caller.
        unsafe {
            pg_sys::SPI_freeplan(self.plan);
        }
    }
}
