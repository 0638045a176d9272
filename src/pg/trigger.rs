//! The call of a trigger: its relation, its arguments and its row.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::{CStr, CString};

use super::argument::bytes_of;
use super::error::Raise;
use super::session::{Arg, Session};
use termstream_core::bounds::Grow;

/// The call of a trigger, valid while the call runs.
pub struct TriggerCall {
    data: *mut pg_sys::TriggerData,
}

impl TriggerCall {
    /// The call of `fcinfo`; raises an error if it is not that of a trigger.
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

    /// The table or view that the trigger fired on.
    pub fn relation(&self) -> pg_sys::Oid {
        // SAFETY: set for the whole call.
        unsafe { (*(*self.data).tg_relation).rd_id }
    }

    /// The name of the trigger.
    pub fn name(&self) -> String {
        // SAFETY: set for the whole call.
        let name = unsafe { CStr::from_ptr((*(*self.data).tg_trigger).tgname) };
        name.to_string_lossy().into_owned()
    }

    /// The trigger's row in pg_trigger.
    pub fn oid(&self) -> pg_sys::Oid {
        // SAFETY: set for the whole call.
        unsafe { (*(*self.data).tg_trigger).tgoid }
    }

    /// The trigger's arguments, as written in CREATE TRIGGER.
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

    /// The names of the transition tables of this call, the old one first.
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

    /// A column's value in the row before or after the change; `None` if there is no such row or column, or
    /// if it is a system column.
    pub fn value(&self, side: Side, column: &str) -> Option<Arg> {
        let column = CString::new(column).ok()?;
        // SAFETY: the tuples of a row trigger belong to this call, with its relation's descriptor.
        unsafe {
            let data = &*self.data;
            let operation = data.tg_event & pg_sys::TRIGGER_EVENT_OPMASK;
            let tuple = match side {
                Side::Old if operation == pg_sys::TRIGGER_EVENT_INSERT => return None,
                Side::New if operation == pg_sys::TRIGGER_EVENT_DELETE => return None,
                Side::New if operation == pg_sys::TRIGGER_EVENT_UPDATE => data.tg_newtuple,
                Side::Old | Side::New => data.tg_trigtuple,
            };
            let descriptor = (*data.tg_relation).rd_att;
            let number = pg_sys::SPI_fnumber(descriptor, column.as_ptr());
            if number <= 0 {
                return None;
            }
            let mut null = true;
            let datum = pg_sys::SPI_getbinval(tuple, descriptor, number, &mut null);
            let oid = pg_sys::SPI_gettypeid(descriptor, number);
            Some(Arg::of_type((!null).then_some(datum), oid))
        }
    }

    /// Whether the trigger fires before the statement or the row.
    pub fn is_before(&self) -> bool {
        // SAFETY: set for the whole call.
        unsafe {
            (*self.data).tg_event & pg_sys::TRIGGER_EVENT_TIMINGMASK == pg_sys::TRIGGER_EVENT_BEFORE
        }
    }

    /// Whether the trigger fires for each row.
    pub fn is_for_row(&self) -> bool {
        // SAFETY: set for the whole call.
        unsafe { (*self.data).tg_event & pg_sys::TRIGGER_EVENT_ROW != 0 }
    }

    /// The memory context that is freed when the statement which fired this BEFORE trigger ends. Postgres
    /// calls such a trigger in a context for the row, whose parent is the context of the execution.
    pub(super) fn execution_memory(&self) -> pg_sys::MemoryContext {
        // SAFETY: every context but the topmost has a parent; a trigger runs in none that is so high.
        unsafe {
            let parent = (*pg_sys::CurrentMemoryContext).parent;
            if parent.is_null() {
                pg_sys::CurTransactionContext
            } else {
                parent
            }
        }
    }

    /// What the function must return to change nothing: the new row (null would skip it) if it is called
    /// before a row, otherwise null.
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

    /// Whether the relation has so many columns, all of type text or a domain over it. The owner of a view
    /// can add columns of any type, but neither remove a column nor change its type.
    pub fn has_text_columns(&self, columns: usize) -> bool {
        // SAFETY: the descriptor belongs to this call; the numbers are in its range.
        unsafe {
            let descriptor = (*(*self.data).tg_relation).rd_att;
            let natts = (*descriptor).natts;
            natts as usize == columns
                && (1..=natts).all(|n| {
                    let oid = pg_sys::SPI_gettypeid(descriptor, n);
                    // A dropped column has no type.
                    oid != pg_sys::InvalidOid && pg_sys::getBaseType(oid) == pg_sys::TEXTOID
                })
        }
    }

    /// Reads the row's fields into `fields`; false if their number is not `columns`. The fields must be
    /// text, as [`TriggerCall::has_text_columns`] has checked for the statement.
    ///
    /// Their bytes may be invalid in the encoding of the database: with a client encoding of SQL_ASCII
    /// Postgres does not check them.
    pub fn read_fields(&self, fields: &mut Fields, columns: usize) -> bool {
        // SAFETY: the tuple and its relation's descriptor belong to this call, and the arrays are
        // as long as it has columns.
        unsafe {
            let descriptor = (*(*self.data).tg_relation).rd_att;
            if (*descriptor).natts as usize != columns {
                return false;
            }
            fields.values.resize(columns, pg_sys::Datum::from(0));
            fields.nulls.resize(columns, true);
            pg_sys::heap_deform_tuple(
                (*self.data).tg_trigtuple,
                descriptor,
                fields.values.as_mut_ptr(),
                fields.nulls.as_mut_ptr(),
            );
        }
        true
    }
}

/// Whether this session fires only triggers that are enabled as REPLICA or ALWAYS.
pub fn are_triggers_off() -> bool {
    // SAFETY: a plain read of a setting.
    let role = unsafe { pg_sys::SessionReplicationRole };
    role == pg_sys::SESSION_REPLICATION_ROLE_REPLICA as i32
}

/// Which version of a row: before or after its change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Old,
    New,
}

/// The fields of a row, in memory that is reused for each row.
#[derive(Default)]
pub struct Fields {
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

impl Fields {
    /// The fields of the row that was read last, in this call of the trigger.
    pub fn texts(&self, _call: &TriggerCall) -> impl Iterator<Item = Option<&[u8]>> {
        // SAFETY: the columns of the relation are text: see `read_fields`. They lie in the row, which
        // lives as long as the call, as does a detoasted copy.
        std::iter::zip(&self.values, &self.nulls)
            .map(|(value, null)| (!*null).then(|| unsafe { bytes_of(*value) }))
    }
}

/// The row that a trigger returns, in memory that is reused for each row.
///
/// An INSTEAD OF trigger must return a row to be counted, and must not return the one it was given:
/// Postgres would keep that one until the end of the statement, 160 bytes and more for each row.
pub struct ReturnedRow {
    /// Boxed, since Postgres is given its address.
    tuple: Box<pg_sys::HeapTupleData>,
    /// The data that the tuple points to, aligned as Postgres needs it.
    body: Vec<u64>,
}

/// Memory that is kept for the next row; that of an unusually big row is freed.
const KEPT_ROW_BYTES: usize = 64 << 10;

impl ReturnedRow {
    /// Memory for a row, still empty.
    pub fn new() -> ReturnedRow {
        ReturnedRow {
            tuple: Box::default(),
            body: Vec::new(),
        }
    }

    /// A copy of the call's row, valid until the next copy. The executor has finished with it by then.
    pub fn copy(&mut self, call: &TriggerCall) -> pg_sys::Datum {
        // SAFETY: the row is one piece of memory, `t_len` bytes from `t_data`, and `body` is at least as
        // long.
        unsafe {
            let row = &*(*call.data).tg_trigtuple;
            let bytes = row.t_len as usize;
            self.body.clear();
            self.body.shrink_to(KEPT_ROW_BYTES / size_of::<u64>());
            if let Err(error) = self.body.try_grow_exact(bytes.div_ceil(size_of::<u64>())) {
                Raise::from(error).raise();
            }
            *self.tuple = *row;
            self.tuple.t_data = self.body.as_mut_ptr().cast();
            std::ptr::copy_nonoverlapping(
                row.t_data.cast::<u8>(),
                self.tuple.t_data.cast::<u8>(),
                bytes,
            );
        }
        pg_sys::Datum::from(&raw mut *self.tuple)
    }
}
