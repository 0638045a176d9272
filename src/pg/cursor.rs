//! The rows of a query, read some at a time and handed over one by one, so that memory does not depend on
//! how many there are.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::error::Raise;
use super::position::with_users_position;
use super::session::{Plan, Rows, Session};
use super::table::checked;

/// Rows fetched at once, from one to so many: a fetch costs some microseconds, a row some tenths.
const MOST_ROWS: std::ffi::c_long = 512;
/// Rows of more bytes than this together are too many to be fetched at once.
const FETCHED_BYTES: usize = 256 << 10;

impl Session {
    /// Reads the rows of a query of the caller's; a mistake in it is told at its place, with a hint. What
    /// `each` unpacks of a row (a value that is stored compressed, or apart) is freed behind it; an error
    /// of `each` ends the reading.
    pub fn for_each(
        &self,
        query: &str,
        hint: &str,
        each: impl FnMut(&Rows, usize) -> Result<(), Raise>,
    ) -> Result<(), Raise> {
        let plan = with_users_position(query, 0, hint, || self.prepare(query, &[]))?;
        self.read(plan, query, each)
    }

    /// Reads a query's rows as [`Session::for_each`] does, if it names `table` and no other relation that has
    /// a number.
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
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
                    "this is not one query that returns rows",
                )
                .detail(format!("It is \"{query}\"."))
                .hint("Give one SELECT."));
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
                    0..FETCHED_BYTES => (2 * at_once).min(MOST_ROWS),
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
