//! A batch of typed rows that SQL sees as a relation, without a table.
//!
//! Only this file knows how the relation is stored: as a named tuplestore, the fastest form that needs no
//! catalog entry. It cannot be used by a distributed INSERT … SELECT (Citus), for which the rows would have
//! to be a value, `unnest($1::row_type[])`, or a temporary table, with other implementations of `new`,
//! `push`, `select` and `register`.

use pgrx::pg_sys;
use std::ffi::CString;

use super::column::Column;
use super::error::Raise;
use super::input::Converter;
use super::session::{Rows, Session};

/// Typed rows in a tuplestore, which spills to disk beyond `work_mem`.
///
/// Must not outlive the memory context that was current when it was made.
pub struct BatchRelation {
    store: *mut pg_sys::Tuplestorestate,
    descriptor: pg_sys::TupleDesc,
    name: CString,
    rows: usize,
}

impl BatchRelation {
    /// An empty relation `name` with the given columns.
    pub fn new(name: &str, columns: &[Column]) -> BatchRelation {
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: both belong to the current context and resource owner.
        unsafe {
            let descriptor = pg_sys::CreateTemplateTupleDesc(columns.len() as i32);
            for (n, column) in columns.iter().enumerate() {
                let column_name = CString::new(column.name.as_str()).unwrap_or_default();
                pg_sys::TupleDescInitEntry(
                    descriptor,
                    (n + 1) as pg_sys::AttrNumber,
                    column_name.as_ptr(),
                    column.type_oid,
                    column.typmod,
                    0,
                );
            }
            let store = pg_sys::tuplestore_begin_heap(true, false, pg_sys::work_mem);
            BatchRelation {
                store,
                descriptor,
                name,
                rows: 0,
            }
        }
    }

    /// A relation `name` with the rows and columns that a query has returned.
    pub fn of_rows(name: &str, rows: &Rows) -> BatchRelation {
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: as for `new`; the store copies the rows, which are of this descriptor.
        unsafe {
            let store = pg_sys::tuplestore_begin_heap(true, false, pg_sys::work_mem);
            let descriptor = match rows.table() {
                None => pg_sys::CreateTemplateTupleDesc(0),
                Some(table) => {
                    for row in 0..table.numvals as usize {
                        pg_sys::tuplestore_puttuple(store, *table.vals.add(row));
                    }
                    pg_sys::CreateTupleDescCopy(table.tupdesc)
                }
            };
            BatchRelation {
                store,
                descriptor,
                name,
                rows: rows.len(),
            }
        }
    }

    /// Adds the converter's row. The converter must have been made for the same columns.
    pub fn push(&mut self, converter: &mut Converter) {
        let (values, nulls) = converter.row();
        // SAFETY: as many values as columns; the store copies them.
        unsafe { pg_sys::tuplestore_putvalues(self.store, self.descriptor, values, nulls) }
        self.rows += 1;
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// A relation of the same name with some of the rows, given by ascending numbers from 0.
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> BatchRelation {
        // SAFETY: both stores are ours. The first read pointer of this one is nobody else's: a scan
        // takes a pointer of its own. A tuple is copied into the other store before the next is read.
        unsafe {
            let descriptor = pg_sys::CreateTupleDescCopy(self.descriptor);
            let mut selected = BatchRelation {
                store: pg_sys::tuplestore_begin_heap(true, false, pg_sys::work_mem),
                descriptor,
                name: self.name.clone(),
                rows: 0,
            };
            let slot = pg_sys::MakeSingleTupleTableSlot(descriptor, &pg_sys::TTSOpsMinimalTuple);
            pg_sys::tuplestore_select_read_pointer(self.store, 0);
            pg_sys::tuplestore_rescan(self.store);
            let mut next = 0;
            for row in rows {
                if row > next {
                    pg_sys::tuplestore_skiptuples(self.store, (row - next) as i64, true);
                }
                if !pg_sys::tuplestore_gettupleslot(self.store, true, false, slot) {
                    break;
                }
                pg_sys::tuplestore_puttupleslot(selected.store, slot);
                selected.rows += 1;
                next = row + 1;
            }
            pg_sys::ExecDropSingleTupleTableSlot(slot);
            selected
        }
    }

    /// How many rows the last scan has read, of a statement that has failed; `None` if it has not scanned
    /// the relation.
    pub fn read(&self) -> Option<usize> {
        let mut left = 0;
        // SAFETY: moves the read pointer of a scan that is over to the end, a row at a time.
        unsafe {
            while pg_sys::tuplestore_advance(self.store, true) {
                left += 1;
            }
        }
        self.rows.checked_sub(left).filter(|read| *read > 0)
    }

    /// Makes the relation visible to the statements of this connection, under its name. Statements are
    /// planned as if it had `rows` rows.
    pub fn register(&self, _session: &Session, rows: usize) {
        // SAFETY: SPI keeps the pointer until the connection ends, which the borrow of the caller
        // outlasts; the struct lives in SPI's own memory.
        let code = unsafe {
            let relation = pg_sys::palloc0(size_of::<pg_sys::EphemeralNamedRelationData>())
                .cast::<pg_sys::EphemeralNamedRelationData>();
            (*relation).md.name = self.name.as_ptr().cast_mut();
            (*relation).md.reliddesc = pg_sys::InvalidOid;
            (*relation).md.tupdesc = self.descriptor;
            (*relation).md.enrtype = pg_sys::EphemeralNameRelationType::ENR_NAMED_TUPLESTORE;
            (*relation).md.enrtuples = rows as f64;
            (*relation).reldata = self.store.cast();
            pg_sys::SPI_register_relation(relation)
        };
        if code < 0 {
            Raise::new(
                pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
                format!("could not register the batch: code {code}"),
            )
            .raise();
        }
    }
}

impl Drop for BatchRelation {
    fn drop(&mut self) {
        // While an error unwinds, the end of the (sub)transaction frees the store.
        if !std::thread::panicking() {
            // SAFETY: ours, ended once.
            unsafe { pg_sys::tuplestore_end(self.store) }
        }
    }
}
