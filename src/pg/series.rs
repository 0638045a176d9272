//! The rows of a set-returning function that is called for each row of a large table.
//!
//! They are laid out in buffers of the call site, which are used again for the next set, and handed
//! over in the way that costs the caller least: all at once where he keeps them in a tuplestore
//! anyway (a function in FROM), one a call elsewhere (a function in the select list), as long as they
//! are few. A set without rows allocates nothing. `rows` is simpler, and enough for a function that is
//! called once.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::error::Raise;
use super::rows::{Returned, row_type};
use termstream_core::bounds::Grow;

/// Beyond as many rows, or words of their texts (64 KiB), a set goes into a store.
const KEPT_ROWS: usize = 256;
const KEPT_WORDS: usize = 16 << 10;

/// One value of a row.
#[derive(Clone, Copy)]
pub enum Value<'v> {
    Bigint(i64),
    Integer(i32),
    Real(f32),
    Text(&'v str),
}

/// A value as it is kept until its row is handed over.
#[derive(Clone, Copy)]
enum Stored {
    ByValue(pg_sys::Datum),
    /// Where in `texts` it begins.
    Text(usize),
}

/// The rows of one set after the other, of `N` columns. A row of one column is its value, as in
/// RETURNS SETOF bigint.
pub struct Series<const N: usize> {
    rows: Vec<[Stored; N]>,
    /// Where rows that are too many to be kept have gone.
    store: Option<*mut pg_sys::Tuplestorestate>,
    /// The call that began the set.
    fcinfo: pg_sys::FunctionCallInfo,
    /// Texts as Postgres has them: a word with the length, then the bytes up to the next word.
    texts: Vec<u32>,
    /// Rows of this set that were handed over one by one.
    given: usize,
    /// Whether a set is handed over one by one and has not come to its end.
    is_open: bool,
    /// Whether the caller will tell that he gives up a set.
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

    /// Adds a row to it.
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

    /// Hands the set over, or its first row.
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

    /// Moves the rows into a store, which goes to disk beyond `work_mem`, if the caller takes one.
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

    /// The next row of the set, one by one.
    fn next(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Returned {
        let info = result_info(fcinfo);
        let row = self.given;
        self.is_open = row < self.rows.len();
        // SAFETY: as in `hand_over`. The series is in the state of the call site: it has its place
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

    /// # Safety
    /// The descriptor has N columns of the types of the row.
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

/// Told that the caller starts anew or ends: the next call begins a set.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn give_up<const N: usize>(series: pg_sys::Datum) {
    // SAFETY: registered by `next` with the series of a call site, which is not running now.
    let series = unsafe { &mut *series.cast_mut_ptr::<Series<N>>() };
    series.is_open = false;
    series.is_watched = false;
}

/// Where the caller wants the set.
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
