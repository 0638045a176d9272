//! Results of functions that return sets or composite types.

use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::pg_sys;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::prelude::*;

use super::error::Raise;

/// One value of a result row.
pub type Cell = Option<pg_sys::Datum>;

/// The rows that a set-returning function returns at once (materialize mode).
///
/// In the value-per-call mode Postgres would call the function for each row, and put the rows into such a
/// store itself.
pub struct RowSet {
    store: *mut pg_sys::Tuplestorestate,
    descriptor: pg_sys::TupleDesc,
}

impl RowSet {
    /// Opens the result set of the running call.
    pub fn open(fcinfo: pg_sys::FunctionCallInfo) -> RowSet {
        // SAFETY: the steps of Postgres' own InitMaterializedSRF: check what the caller accepts,
        // then build store and descriptor in the memory of the query.
        unsafe {
            let info = (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            let materialize = pg_sys::SetFunctionReturnMode::SFRM_Materialize;
            if info.is_null()
                || (*info).type_ != pg_sys::NodeTag::T_ReturnSetInfo
                || (*info).allowedModes as u32 & materialize == 0
            {
                Raise::new(
                    PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
                    "set-valued function called in context that cannot accept a set",
                )
                .raise();
            }
            let context = (*(*info).econtext).ecxt_per_query_memory;
            let previous = pg_sys::MemoryContextSwitchTo(context);
            let descriptor = if (*info).expectedDesc.is_null() {
                row_type(fcinfo)
            } else {
                // The executor frees what it is given, so it gets a copy.
                pg_sys::CreateTupleDescCopy((*info).expectedDesc)
            };
            let random = (*info).allowedModes as u32
                & pg_sys::SetFunctionReturnMode::SFRM_Materialize_Random
                != 0;
            let store = pg_sys::tuplestore_begin_heap(random, false, pg_sys::work_mem);
            pg_sys::MemoryContextSwitchTo(previous);
            (*info).returnMode = materialize;
            (*info).setResult = store;
            (*info).setDesc = descriptor;
            RowSet { store, descriptor }
        }
    }

    /// Adds one row.
    pub fn push<const N: usize>(&mut self, cells: [Cell; N]) {
        let (mut values, mut nulls) = split(cells);
        // SAFETY: N is the number of columns of the function's row type.
        unsafe {
            pg_sys::tuplestore_putvalues(
                self.store,
                self.descriptor,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
        }
    }
}

/// One row as the value of a function that returns a composite type.
pub fn single<const N: usize>(fcinfo: pg_sys::FunctionCallInfo, cells: [Cell; N]) -> Returned {
    let (mut values, mut nulls) = split(cells);
    // SAFETY: N is the number of columns of the function's row type, which is blessed so that the
    // value can be passed on.
    unsafe {
        let descriptor = pg_sys::BlessTupleDesc(row_type(fcinfo));
        let tuple = pg_sys::heap_form_tuple(descriptor, values.as_mut_ptr(), nulls.as_mut_ptr());
        Returned(Some(pg_sys::HeapTupleHeaderGetDatum((*tuple).t_data)))
    }
}

/// The result of a function whose return type is declared only in its CREATE FUNCTION; `None` is NULL.
pub struct Returned(pub Option<pg_sys::Datum>);

impl Returned {
    /// The result of a function that has returned a set at once.
    pub const SET: Returned = Returned(None);
}

// SAFETY: the datum was made for the type that the function declares.
unsafe impl BoxRet for Returned {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> pgrx::datum::Datum<'fcx> {
        match self.0 {
            // SAFETY: as above; the value lives in the memory the function was called in.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}

// SAFETY: the SQL of every such function is written by hand; this name is never used.
unsafe impl SqlTranslatable for Returned {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(Returned);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> =
        Err(ArgumentError::NotValidAsArgument("Returned"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("record")));
}

fn split<const N: usize>(cells: [Cell; N]) -> ([pg_sys::Datum; N], [bool; N]) {
    (
        cells.map(|cell| cell.unwrap_or(pg_sys::Datum::from(0))),
        cells.map(|cell| cell.is_none()),
    )
}

/// The row type that the function returns.
///
/// # Safety
/// `fcinfo` must be that of a running call.
pub(super) unsafe fn row_type(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::TupleDesc {
    let mut descriptor = std::ptr::null_mut();
    // SAFETY: by contract, and the out-pointer is ours.
    let class =
        unsafe { pg_sys::get_call_result_type(fcinfo, std::ptr::null_mut(), &mut descriptor) };
    if class != pg_sys::TypeFuncClass::TYPEFUNC_COMPOSITE {
        Raise::new(
            PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            "function returning record called in context that cannot accept type record",
        )
        .raise();
    }
    descriptor
}
