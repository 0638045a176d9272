//! Text to typed values, by the input functions of the declared types.

use pgrx::pg_sys;
use std::ffi::CStr;

use super::definition::Column;

/// The input functions of a list of columns, looked up once for many rows.
///
/// Lives in the memory context that was current when it was made.
pub struct Converter {
    columns: Vec<ColumnInput>,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
    row_memory: pg_sys::MemoryContext,
}

struct ColumnInput {
    function: pg_sys::FmgrInfo,
    ioparam: pg_sys::Oid,
    typmod: i32,
}

impl Converter {
    pub fn new(columns: &[Column]) -> Converter {
        let inputs = columns
            .iter()
            .map(|column| {
                let mut function = pg_sys::InvalidOid;
                let mut ioparam = pg_sys::InvalidOid;
                let mut info = pg_sys::FmgrInfo::default();
                // SAFETY: the out-pointers are ours.
                unsafe {
                    pg_sys::getTypeInputInfo(column.type_oid, &mut function, &mut ioparam);
                    pg_sys::fmgr_info(function, &mut info);
                }
                ColumnInput {
                    function: info,
                    ioparam,
                    typmod: column.typmod,
                }
            })
            .collect();
        // SAFETY: a child of the current context, and freed with it.
        let row_memory = unsafe {
            pg_sys::AllocSetContextCreateInternal(
                pg_sys::CurrentMemoryContext,
                c"termstream row".as_ptr(),
                0,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            )
        };
        Converter {
            columns: inputs,
            values: vec![pg_sys::Datum::from(0); columns.len()],
            nulls: vec![true; columns.len()],
            row_memory,
        }
    }

    /// Forgets the row before; its values are freed.
    pub fn start_row(&mut self) {
        // SAFETY: the batch holds copies of what it was given.
        unsafe { pg_sys::MemoryContextReset(self.row_memory) }
    }

    /// Converts one field of the row; a value that its type refuses raises that type's own error.
    /// `None` is NULL, which a domain may refuse too.
    pub fn convert(&mut self, column: usize, field: Option<&CStr>) {
        let input = &mut self.columns[column];
        let text = field.map_or(std::ptr::null_mut(), |field| field.as_ptr().cast_mut());
        // SAFETY: input functions do not write into their argument, and InputFunctionCall keeps
        // NULL away from strict ones.
        unsafe {
            let previous = pg_sys::MemoryContextSwitchTo(self.row_memory);
            self.values[column] =
                pg_sys::InputFunctionCall(&mut input.function, text, input.ioparam, input.typmod);
            pg_sys::MemoryContextSwitchTo(previous);
        }
        self.nulls[column] = field.is_none();
    }

    /// The converted row, as the arrays Postgres wants.
    pub(super) fn row(&mut self) -> (*mut pg_sys::Datum, *mut bool) {
        (self.values.as_mut_ptr(), self.nulls.as_mut_ptr())
    }
}

/// Whether the bytes are text in the database's encoding.
pub fn is_valid_text(bytes: &[u8]) -> bool {
    // SAFETY: reads `len` bytes and raises nothing (`noError`).
    unsafe { pg_sys::pg_verifymbstr(bytes.as_ptr().cast(), bytes.len() as i32, true) }
}
