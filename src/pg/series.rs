//! The rows of a set-returning function that is called for each row of a large table.
//!
//! The rows are kept in buffers of the call site, which are reused for the next set. They are returned in
//! the way that is cheapest for the caller: all at once if it puts them into a tuplestore anyway (a
//! function in FROM), otherwise one per call (a function in the select list), as long as they are few. An
//! empty set allocates nothing. The module `rows` is simpler, and sufficient for a function that is called
//! once.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::error::Raise;
use super::rows::{Returned, row_type};
use termstream_core::bounds::Grow;

/// A set of more rows than this is put into a tuplestore.
const KEPT_ROWS: usize = 256;

/// A set whose texts have more 32-bit words than this (64 KiB) is put into a tuplestore.
const KEPT_WORDS: usize = 16 << 10;

/// One value of a row.
#[derive(Clone, Copy)]
pub enum Value<'v> {
    Bigint(i64),
    Integer(i32),
    Real(f32),
    Text(&'v str),
}

/// A value as it is stored until its row is returned.
#[derive(Clone, Copy)]
enum Stored {
    ByValue(pg_sys::Datum),
    /// A text that begins at this index of `texts`.
    Text(usize),
}

/// The rows of sets of `N` columns, one set after the other. A row of one column is returned as its value,
/// as in RETURNS SETOF bigint.
pub struct Series<const N: usize> {
    rows: Vec<[Stored; N]>,
    /// The tuplestore for rows that are too many to be kept.
    store: Option<*mut pg_sys::Tuplestorestate>,
    /// The call that began the set.
    fcinfo: pg_sys::FunctionCallInfo,
    /// Texts in Postgres' format: a 32-bit word with the length, then the bytes, padded to the next word.
    texts: Vec<u32>,
    /// The number of rows of this set that were returned one by one.
    given: usize,
    /// Whether a set is being returned one by one, and has not ended.
    is_open: bool,
    /// Whether the callback is registered that is called when the caller gives up a set.
    is_watched: bool,
}

impl<const N: usize> Default for Series<N> {
    fn default() -> Series<N> {
        Series {
            rows: Vec::new(),
            store: None,
            fcinfo: std::ptr::null_mut(),
            texts: Vec::new(),
            given: 0,
            is_open: false,
            is_watched: false,
        }
    }
}

impl<const N: usize> Series<N> {
    /// The next row of the set that an earlier call began; `None` if this call begins a set.
    ///
    /// `self` must be part of the state of this call site (`callsite`).
    pub fn resume(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Option<Returned> {
        self.is_open.then(|| self.next(fcinfo))
    }

    /// Begins the set of a running call.
    pub fn begin(&mut self, fcinfo: pg_sys::FunctionCallInfo) {
        self.forget();
        self.given = 0;
        self.store = None;
        self.fcinfo = fcinfo;
    }

    fn forget(&mut self) {
        self.rows.clear();
        self.texts.clear();
        self.texts.shrink_to(KEPT_WORDS);
    }

    /// Adds a row to the set.
    pub fn push(&mut self, row: [Value; N]) {
        if self.rows.len() >= KEPT_ROWS || self.texts.len() >= KEPT_WORDS {
            self.put_aside();
        }
        let kept = row.map(|value| match value {
            Value::Bigint(value) => Stored::ByValue(pg_sys::Datum::from(value)),
            Value::Integer(value) => Stored::ByValue(pg_sys::Datum::from(value)),
            Value::Real(value) => Stored::ByValue(pg_sys::Datum::from(value.to_bits())),
            Value::Text(text) => Stored::Text(self.keep(text)),
        });
        self.rows.push(kept);
    }

    fn keep(&mut self, text: &str) -> usize {
        let start = self.texts.len();
        let length = 1 + text.len().div_ceil(size_of::<u32>());
        if let Err(error) = self.texts.try_grow(length) {
            Raise::from(error).raise();
        }
        self.texts.resize(start + length, 0);
        let (header, bytes) = self.texts[start..].split_at_mut(1);
        // SET_VARSIZE of a little-endian machine; a text is shorter than a GiB.
        header[0] = (text.len() as u32 + size_of::<u32>() as u32) << 2;
        bytemuck::cast_slice_mut::<u32, u8>(bytes)[..text.len()].copy_from_slice(text.as_bytes());
        start
    }

    fn values(&self, row: usize) -> [pg_sys::Datum; N] {
        self.rows[row].map(|kept| match kept {
            Stored::ByValue(datum) => datum,
            Stored::Text(start) => pg_sys::Datum::from(self.texts[start..].as_ptr()),
        })
    }

    /// The one row of a function that returns a composite type; NULL without a row.
    pub fn single(&self, fcinfo: pg_sys::FunctionCallInfo) -> Returned {
        // SAFETY: the row type of this running call.
        Returned((!self.rows.is_empty()).then(|| unsafe { self.form(0, row_type(fcinfo)) }))
    }

    /// Returns the set, or its first row.
    pub fn hand_over(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Returned {
        let info = result_info(fcinfo);
        // SAFETY: `result_info` has checked what it points to, and the caller keeps it.
        let allowed = unsafe { (*info).allowedModes as u32 };
        use pg_sys::SetFunctionReturnMode::*;
        if self.store.is_none()
            && allowed & SFRM_ValuePerCall != 0
            && (allowed & SFRM_Materialize_Preferred == 0 || allowed & SFRM_Materialize == 0)
        {
            return self.next(fcinfo);
        }
        if !self.rows.is_empty() {
            self.put_aside();
        }
        // SAFETY: as above; a set without a store is an empty one.
        unsafe {
            (*info).returnMode = SFRM_Materialize;
            if let Some(store) = self.store.take() {
                (*info).setResult = store;
            }
        }
        Returned::SET
    }

    /// Moves the rows into a tuplestore, which spills to disk beyond `work_mem`, if the caller accepts one.
    fn put_aside(&mut self) {
        let info = result_info(self.fcinfo);
        use pg_sys::SetFunctionReturnMode::*;
        // SAFETY: store and rows as InitMaterializedSRF makes them, in the memory of the query; the call
        // that began the set is still running. The descriptor is the caller's own, so it need not be
        // given to him to compare.
        unsafe {
            let allowed = (*info).allowedModes as u32;
            if allowed & SFRM_Materialize == 0 {
                return;
            }
            let previous = pg_sys::MemoryContextSwitchTo((*(*info).econtext).ecxt_per_query_memory);
            let descriptor = match (*info).expectedDesc {
                none if none.is_null() => row_type(self.fcinfo),
                descriptor => descriptor,
            };
            let store = *self.store.get_or_insert_with(|| {
                let random = allowed & SFRM_Materialize_Random != 0;
                pg_sys::tuplestore_begin_heap(random, false, pg_sys::work_mem)
            });
            for row in 0..self.rows.len() {
                let mut nulls = [false; N];
                pg_sys::tuplestore_putvalues(
                    store,
                    descriptor,
                    self.values(row).as_mut_ptr(),
                    nulls.as_mut_ptr(),
                );
            }
            pg_sys::MemoryContextSwitchTo(previous);
        }
        self.forget();
    }

    /// Returns the next row of the set.
    fn next(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Returned {
        let info = result_info(fcinfo);
        let row = self.given;
        self.is_open = row < self.rows.len();
        // SAFETY: as in `hand_over`. The series is in the state of the call site: it does not move,
        // and outlives the expression context, whose callbacks run before its memory goes.
        unsafe {
            if !self.is_open {
                (*info).isDone = pg_sys::ExprDoneCond::ExprEndResult;
                return Returned(None);
            }
            self.given += 1;
            (*info).isDone = pg_sys::ExprDoneCond::ExprMultipleResult;
            if !self.is_watched {
                let series: *mut Series<N> = self;
                pg_sys::RegisterExprContextCallback(
                    (*info).econtext,
                    Some(give_up::<N>),
                    pg_sys::Datum::from(series),
                );
                self.is_watched = true;
            }
            if N == 1 {
                return Returned(Some(self.values(row)[0]));
            }
            let descriptor = match (*info).expectedDesc {
                none if none.is_null() => row_type(fcinfo),
                descriptor => descriptor,
            };
            Returned(Some(self.form(row, descriptor)))
        }
    }

    /// A row as a value of the composite type.
    ///
    /// # Safety
    /// The descriptor must have N columns of the types of the row.
    unsafe fn form(&self, row: usize, descriptor: pg_sys::TupleDesc) -> pg_sys::Datum {
        let mut nulls = [false; N];
        // SAFETY: by contract; blessed, so that the value can be passed on.
        unsafe {
            let tuple = pg_sys::heap_form_tuple(
                pg_sys::BlessTupleDesc(descriptor),
                self.values(row).as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            pg_sys::HeapTupleHeaderGetDatum((*tuple).t_data)
        }
    }
}

/// Called when the caller begins again or ends: the next call begins a new set.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn give_up<const N: usize>(series: pg_sys::Datum) {
    // SAFETY: registered by `next` with the series of a call site, which is not running now.
    let series = unsafe { &mut *series.cast_mut_ptr::<Series<N>>() };
    series.is_open = false;
    series.is_watched = false;
}

/// The call's information about how to return the set; raises an error if the caller accepts none.
fn result_info(fcinfo: pg_sys::FunctionCallInfo) -> *mut pg_sys::ReturnSetInfo {
    // SAFETY: a running call; the tag tells what kind of node it is.
    unsafe {
        let info = (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>();
        if info.is_null() || (*info).type_ != pg_sys::NodeTag::T_ReturnSetInfo {
            Raise::new(
                PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
                "set-valued function called in context that cannot accept a set",
            )
            .raise();
        }
        info
    }
}
