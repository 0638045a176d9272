//! Reading the rows of a query through a cursor, so that memory does not depend on how many there are.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::error::Raise;
use super::position::with_users_position;
use super::session::{Plan, Rows, Session};
use super::table::checked;

/// The most rows that are fetched at once: a fetch takes some microseconds, a row some tenths of one.
const MAX_FETCHED_ROWS: std::ffi::c_long = 512;
/// If a fetch returns more bytes than this, fewer rows are fetched next.
const FETCHED_BYTES: usize = 256 << 10;

impl Session {
    /// Calls `each` for each row of a query of the user's. A mistake in the query is an error with its
    /// position and the hint. Values that `each` detoasts are freed after each row. An error of `each` ends
    /// the reading.
    pub fn for_each(
        &self,
        query: &str,
        hint: &str,
        each: impl FnMut(&Rows, usize) -> Result<(), Raise>,
    ) -> Result<(), Raise> {
        let plan = with_users_position(query, 0, hint, || self.prepare(query, &[]))?;
        self.read(plan, query, each)
    }

    /// Calls `each` for each row of a query, as [`Session::for_each`] does. The query must name `table`,
    /// and no other relation of the catalog.
    pub fn for_each_on(
        &self,
        table: pg_sys::Oid,
        query: &str,
        each: impl FnMut(&Rows, usize) -> Result<(), Raise>,
    ) -> Result<(), Raise> {
        self.read(checked(table, || self.prepare(query, &[])), query, each)
    }

    fn read(
        &self,
        plan: Plan<'_>,
        query: &str,
        mut each: impl FnMut(&Rows, usize) -> Result<(), Raise>,
    ) -> Result<(), Raise> {
        let plan = plan.plan;
        // SAFETY: the portal is closed before the plan it came from; each set of rows is freed before the
        // next is fetched; the row's memory is left before it is reset, and holds no Rust value that is
        // kept.
        unsafe {
            if !pg_sys::SPI_is_cursor_plan(plan) {
                return Err(no_query(query));
            }
            let portal = pg_sys::SPI_cursor_open(
                std::ptr::null(),
                plan,
                std::ptr::null_mut(),
                std::ptr::null(),
                true,
            );
            let row_memory = pg_sys::AllocSetContextCreateInternal(
                pg_sys::CurrentMemoryContext,
                c"termstream row".as_ptr(),
                0,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            );
            let mut at_once = 1;
            let mut outcome = Ok(());
            while outcome.is_ok() {
                pg_sys::SPI_cursor_fetch(portal, true, at_once);
                let rows = Rows::take();
                if rows.is_empty() {
                    break;
                }
                at_once = match rows.bytes_fetched() {
                    0..FETCHED_BYTES => (2 * at_once).min(MAX_FETCHED_ROWS),
                    _ => (at_once / 2).max(1),
                };
                for row in 0..rows.len() {
                    pgrx::check_for_interrupts!();
                    let before = pg_sys::MemoryContextSwitchTo(row_memory);
                    outcome = each(&rows, row);
                    pg_sys::MemoryContextSwitchTo(before);
                    pg_sys::MemoryContextReset(row_memory);
                    if outcome.is_err() {
                        break;
                    }
                }
            }
            pg_sys::MemoryContextDelete(row_memory);
            pg_sys::SPI_cursor_close(portal);
            pg_sys::SPI_freeplan(plan);
            outcome
        }
    }
}

/// The error for a text that is not one query.
fn no_query(text: &str) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
        "this is not one query that returns rows",
    )
    .detail(format!("It is \"{text}\"."))
    .hint("Give one SELECT.")
}
