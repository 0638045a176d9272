//! The default of a column, used as COPY does: compiled once, and computed for each row that leaves the
//! column out.

use pgrx::pg_sys;
use std::ffi::CString;

use super::column::Column;
use super::parse::expression;

/// A compiled default. Must not outlive the memory context that was current when it was made.
pub struct ColumnDefault {
    state: *mut pg_sys::ExprState,
    executor: *mut pg_sys::EState,
}

impl ColumnDefault {
    /// Compiles the default of a column, as the current role and on the current search_path; `None` if the
    /// column has none.
    pub fn new(column: &Column) -> Option<ColumnDefault> {
        let text = format!(
            "CAST(({}\n) AS {})",
            column.default.as_ref()?,
            column.type_name()
        );
        let name = CString::new(column.name.as_str()).ok()?;
        let tree = expression(&text).ok()??;
        // SAFETY: the tree is what the parser has made; cookDefault refuses what no default may hold
        // (columns, subqueries, aggregates), and the executor's state keeps what is compiled.
        unsafe {
            let parse = pg_sys::make_parsestate(std::ptr::null_mut());
            let typmod = column.typmod;
            let cooked =
                pg_sys::cookDefault(parse, tree, column.type_oid, typmod, name.as_ptr(), 0);
            let executor = pg_sys::CreateExecutorState();
            let state = pg_sys::ExecPrepareExpr(cooked.cast(), executor);
            Some(ColumnDefault { state, executor })
        }
    }

    /// Computes the default for a row, in the current memory context; `None` is NULL.
    pub fn value(&self) -> Option<pg_sys::Datum> {
        let mut is_null = true;
        // SAFETY: compiled by this executor state, and refers to no row. What is computed on the way
        // lies in the caller's context, which goes with the row.
        unsafe {
            let context = pg_sys::MakePerTupleExprContext(self.executor);
            let value = pg_sys::ExecEvalExpr(self.state, context, &mut is_null);
            (!is_null).then_some(value)
        }
    }
}
