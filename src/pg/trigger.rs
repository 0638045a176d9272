//! The running call of a trigger: which relation, which arguments, the row as fields.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CStr;

use super::error::Raise;
use super::session::Session;

/// The call of a trigger, good for as long as the call runs.
pub struct TriggerCall {
    data: *mut pg_sys::TriggerData,
}

impl TriggerCall {
    /// The call behind `fcinfo`; an error when it was called as a plain function.
    pub fn new(fcinfo: pg_sys::FunctionCallInfo) -> TriggerCall {
        // SAFETY: the node tag tells what the context is.
        unsafe {
            let context = (*fcinfo).context;
            if context.is_null() || (*context).type_ != pg_sys::NodeTag::T_TriggerData {
                Raise::new(
                    PgSqlErrorCode::ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
                    "this function can only be called as a trigger",
                )
                .raise();
            }
            TriggerCall {
                data: context.cast(),
            }
        }
    }

    /// The table or view it fired on.
    pub fn relation(&self) -> pg_sys::Oid {
        // SAFETY: set for the whole call.
        unsafe { (*(*self.data).tg_relation).rd_id }
    }

    /// The trigger's own arguments, as written in CREATE TRIGGER.
    pub fn arguments(&self) -> Vec<String> {
        // SAFETY: tgargs holds tgnargs strings.
        unsafe {
            let trigger = &*(*self.data).tg_trigger;
            (0..trigger.tgnargs as usize)
                .map(|n| {
                    CStr::from_ptr(*trigger.tgargs.add(n))
                        .to_string_lossy()
                        .into_owned()
                })
                .collect()
        }
    }

    /// The names of the transition tables that this call has, OLD and NEW in any order.
    pub fn transition_tables(&self) -> Vec<String> {
        // SAFETY: the names belong to the trigger; null where it does not refer to them.
        unsafe {
            let trigger = &*(*self.data).tg_trigger;
            [trigger.tgoldtable, trigger.tgnewtable]
                .into_iter()
                .filter(|name| !name.is_null())
                .map(|name| CStr::from_ptr(name).to_string_lossy().into_owned())
                .collect()
        }
    }

    /// Makes the transition tables visible to the statements of this connection.
    pub fn register_transition_tables(&self, _session: &Session) {
        // SAFETY: the call's own struct, which outlives the connection.
        let code = unsafe { pg_sys::SPI_register_trigger_data(self.data) };
        if code < 0 {
            Raise::new(
                PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
                format!("could not register the changed rows: code {code}"),
            )
            .raise();
        }
    }

    /// Whether it fires before the statement or the row.
    pub fn is_before(&self) -> bool {
        // SAFETY: set for the whole call.
        unsafe {
            (*self.data).tg_event & pg_sys::TRIGGER_EVENT_TIMINGMASK == pg_sys::TRIGGER_EVENT_BEFORE
        }
    }

    /// Whether it fires for each row.
    pub fn is_for_row(&self) -> bool {
        // SAFETY: set for the whole call.
        unsafe { (*self.data).tg_event & pg_sys::TRIGGER_EVENT_ROW != 0 }
    }

    /// What the function must return to change nothing: before a row, the row that is to come (null
    /// would skip it), else null.
    pub fn unchanged(&self) -> pg_sys::Datum {
        if !(self.is_before() && self.is_for_row()) {
            return pg_sys::Datum::from(0);
        }
        // SAFETY: both are set for a row trigger, the second one for an update.
        unsafe {
            let data = &*self.data;
            let operation = data.tg_event & pg_sys::TRIGGER_EVENT_OPMASK;
            pg_sys::Datum::from(if operation == pg_sys::TRIGGER_EVENT_UPDATE {
                data.tg_newtuple
            } else {
                data.tg_trigtuple
            })
        }
    }

    /// Gives the row's fields, all of them text, to `take`.
    ///
    /// The bytes are those of the database's encoding as they came in: with a client encoding of
    /// SQL_ASCII nobody has checked them.
    pub fn with_fields<R>(&self, take: impl FnOnce(&[Option<&[u8]>]) -> R) -> R {
        // SAFETY: the tuple and its relation's descriptor belong to this call; the columns of the
        // relation are text, which the caller has made so; a detoasted copy lives in the per-tuple
        // memory of the executor.
        unsafe {
            let descriptor = (*(*self.data).tg_relation).rd_att;
            let columns = (*descriptor).natts as usize;
            let mut values = vec![pg_sys::Datum::from(0); columns];
            let mut nulls = vec![true; columns];
            pg_sys::heap_deform_tuple(
                (*self.data).tg_trigtuple,
                descriptor,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            let fields: Vec<Option<&[u8]>> = values
                .iter()
                .zip(&nulls)
                .map(|(value, null)| {
                    if *null {
                        return None;
                    }
                    let text = pg_sys::pg_detoast_datum_packed(value.cast_mut_ptr());
                    Some(std::slice::from_raw_parts(
                        pgrx::vardata_any(text).cast::<u8>(),
                        pgrx::varsize_any_exhdr(text),
                    ))
                })
                .collect();
            take(&fields)
        }
    }
}

/// The row a trigger hands back, in a memory of its own that each row reuses.
///
/// An INSTEAD OF trigger must return a row to be counted, and must not return the one it was given:
/// Postgres would keep that one until the end of the statement, 160 bytes and more for each row.
pub struct ReturnedRow {
    context: pg_sys::MemoryContext,
}

impl ReturnedRow {
    pub fn new() -> ReturnedRow {
        // SAFETY: a context that nobody but its owner deletes.
        let context = unsafe {
            pg_sys::AllocSetContextCreateInternal(
                pg_sys::TopMemoryContext,
                c"termstream returned row".as_ptr(),
                0,
                pg_sys::ALLOCSET_SMALL_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            )
        };
        ReturnedRow { context }
    }

    /// A copy of the call's row, good until the next one.
    pub fn copy(&self, call: &TriggerCall) -> pg_sys::Datum {
        // SAFETY: the last copy has been stored and read by the executor before the next row.
        unsafe {
            pg_sys::MemoryContextReset(self.context);
            let previous = pg_sys::MemoryContextSwitchTo(self.context);
            let copy = pg_sys::heap_copytuple((*call.data).tg_trigtuple);
            pg_sys::MemoryContextSwitchTo(previous);
            pg_sys::Datum::from(copy)
        }
    }
}

impl Drop for ReturnedRow {
    fn drop(&mut self) {
        // SAFETY: ours, deleted once; the executor does not read the last copy after the statement.
        unsafe { pg_sys::MemoryContextDelete(self.context) }
    }
}
