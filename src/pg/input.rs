//! Conversion of text to typed values, by the input functions of the declared types.
//!
//! The two most common cases, which no input function would reject, are converted here: text, and integers
//! of plain digits (20 ms for a million fields, not 90 ms).

use pgrx::pg_sys;

use super::column::Column;
use super::default::ColumnDefault;

/// Converts rows of a list of columns, whose input functions are looked up once.
///
/// Must not outlive the memory context that was current when it was made.
pub struct Converter {
    columns: Vec<ColumnInput>,
    /// The column's default, compiled when the first row leaves the column out.
    defaults: Vec<Option<ColumnDefault>>,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
    /// The field that is being converted, with the NUL that an input function needs.
    text: Vec<u8>,
    memory: pg_sys::MemoryContext,
    row_memory: pg_sys::MemoryContext,
}

struct ColumnInput {
    kind: Kind,
    function: pg_sys::FmgrInfo,
    ioparam: pg_sys::Oid,
    typmod: i32,
}

/// How the fields of a column are converted.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// An integer type, in which numbers of so many digits fit.
    Digits(usize),
    Other,
}

impl Kind {
    fn of(column: &Column) -> Kind {
        match column.type_oid {
            pg_sys::TEXTOID => Kind::Text,
            pg_sys::INT4OID => Kind::Digits(9),
            pg_sys::INT8OID => Kind::Digits(18),
            _ => Kind::Other,
        }
    }
}

impl Converter {
    /// A converter for rows of these columns.
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
                    kind: Kind::of(column),
                    function: info,
                    ioparam,
                    typmod: column.typmod,
                }
            })
            .collect();
        // SAFETY: the current context, and a child of it that is freed with it.
        let (memory, row_memory) = unsafe {
            let memory = pg_sys::CurrentMemoryContext;
            let row_memory = pg_sys::AllocSetContextCreateInternal(
                memory,
                c"termstream row".as_ptr(),
                0,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            );
            (memory, row_memory)
        };
        Converter {
            columns: inputs,
            defaults: columns.iter().map(|_| None).collect(),
            values: vec![pg_sys::Datum::from(0); columns.len()],
            nulls: vec![true; columns.len()],
            text: Vec::new(),
            memory,
            row_memory,
        }
    }

    /// Begins a row, and frees the values of the last one.
    pub fn start_row(&mut self) {
        // SAFETY: the batch holds copies of what it was given.
        unsafe { pg_sys::MemoryContextReset(self.row_memory) }
    }

    /// Converts one field of the row; `None` is NULL, which a domain may reject too. A value that is not
    /// valid for its type raises the error of the type's input function. The field must be valid text
    /// without a NUL.
    pub fn convert(&mut self, column: usize, field: Option<&[u8]>) {
        let input = &mut self.columns[column];
        self.nulls[column] = field.is_none();
        match (input.kind, field) {
            (Kind::Text, Some(field)) => {
                self.values[column] = text_in(self.row_memory, field);
                return;
            }
            (Kind::Digits(most), Some(field)) => {
                if let Some(number) = digits(field, most) {
                    self.values[column] = pg_sys::Datum::from(number);
                    return;
                }
            }
            _ => {}
        }
        self.text.clear();
        self.text.extend_from_slice(field.unwrap_or_default());
        self.text.push(0);
        let text = match field {
            Some(_) => self.text.as_mut_ptr().cast(),
            None => std::ptr::null_mut(),
        };
        // SAFETY: the text ends in a NUL; InputFunctionCall keeps NULL away from strict functions.
        unsafe {
            let previous = pg_sys::MemoryContextSwitchTo(self.row_memory);
            self.values[column] =
                pg_sys::InputFunctionCall(&mut input.function, text, input.ioparam, input.typmod);
            pg_sys::MemoryContextSwitchTo(previous);
        }
    }

    /// Computes the column's default for this row; false if it is NULL. Raises the errors of the
    /// expression.
    pub fn convert_default(&mut self, number: usize, column: &Column) -> bool {
        // SAFETY: both contexts live as long as the converter.
        let value = unsafe {
            let previous = pg_sys::MemoryContextSwitchTo(self.memory);
            let default = &mut self.defaults[number];
            if default.is_none() {
                *default = ColumnDefault::new(column);
            }
            pg_sys::MemoryContextSwitchTo(self.row_memory);
            let value = default.as_ref().and_then(ColumnDefault::value);
            pg_sys::MemoryContextSwitchTo(previous);
            value
        };
        self.values[number] = value.unwrap_or(pg_sys::Datum::from(0));
        self.nulls[number] = value.is_none();
        value.is_some()
    }

    /// The converted row, as arrays of values and nulls.
    pub(super) fn row(&mut self) -> (*mut pg_sys::Datum, *mut bool) {
        (self.values.as_mut_ptr(), self.nulls.as_mut_ptr())
    }
}

/// A value of type text.
fn text_in(memory: pg_sys::MemoryContext, field: &[u8]) -> pg_sys::Datum {
    let size = field.len() + pg_sys::VARHDRSZ;
    // SAFETY: the allocation is as long as header and bytes; Postgres refuses a value of a GiB.
    unsafe {
        let value = pg_sys::MemoryContextAlloc(memory, size).cast::<pg_sys::varlena>();
        pgrx::set_varsize_4b(value, size as i32);
        std::ptr::copy_nonoverlapping(
            field.as_ptr(),
            value.cast::<u8>().add(pg_sys::VARHDRSZ),
            field.len(),
        );
        pg_sys::Datum::from(value)
    }
}

/// The number that a field of 1 to `most` plain digits stands for; `None` for any other field.
fn digits(field: &[u8], most: usize) -> Option<i64> {
    if !(1..=most).contains(&field.len()) || !field.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = field
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some(number)
}

/// Whether the bytes are text in the database's encoding, which is UTF-8.
pub fn is_valid_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0)
}
