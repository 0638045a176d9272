//! SPI: statements with parameters, their rows, and the snapshot that they see.
//!
//! pgrx's own client picks the snapshot by whether the transaction has written. A function that is STABLE,
//! or runs in a parallel worker, must see exactly what its statement sees: [`Snapshot::Active`].

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CString;

use super::error::Raise;
use super::memory::in_temporary_context;
use super::user::on_safe_path;

/// Which rows a statement sees, and whether it may change rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {
    /// What the calling statement sees. The statement may not change rows.
    Active,
    /// Everything up to now. The statement may change rows.
    Latest,
}

/// A parameter of a statement: a value, never a name.
pub struct Arg {
    datum: Option<pg_sys::Datum>,
    pub(super) oid: pg_sys::Oid,
}

impl<T: IntoDatum> From<T> for Arg {
    fn from(value: T) -> Arg {
        let oid = T::type_oid();
        Arg {
            datum: value.into_datum(),
            oid,
        }
    }
}

impl Arg {
    /// A value of a type that is known only at run time.
    pub(super) fn of_type(datum: Option<pg_sys::Datum>, oid: pg_sys::Oid) -> Arg {
        Arg { datum, oid }
    }
}

/// A connection to SPI, open while the closure given to [`connect`] runs.
pub struct Session {
    _private: (),
}

/// Opens a connection, runs `work`, closes it. An error in `work` closes it with its transaction.
pub fn connect<R>(work: impl FnOnce(&Session) -> R) -> R {
    open(0, work)
}

pub(super) fn open<R>(options: i32, work: impl FnOnce(&Session) -> R) -> R {
    // SAFETY: connect and finish in pairs; results are copied out of SPI's memory before finish.
    unsafe {
        check(pg_sys::SPI_connect_ext(options), "connect");
        let result = work(&Session { _private: () });
        check(pg_sys::SPI_finish(), "finish");
        result
    }
}

pub(super) fn check(code: i32, action: &str) -> i32 {
    if code < 0 {
        Raise::new(
            PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            format!("SPI could not {action}: code {code}"),
        )
        .raise();
    }
    code
}

/// A statement's text as a C string; raises an error if it contains a NUL.
pub(super) fn text(statement: &str) -> CString {
    CString::new(statement).unwrap_or_else(|_| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
            "a statement contains a NUL character",
        )
        .raise()
    })
}

impl Session {
    /// Runs one statement and returns its rows.
    pub fn run(&self, statement: &str, args: &[Arg], snapshot: Snapshot) -> Rows {
        let statement = text(statement);
        let (mut oids, mut values, nulls) = unzip(args);
        // SAFETY: the three arrays have the length given, and outlive the call.
        unsafe {
            let code = pg_sys::SPI_execute_with_args(
                statement.as_ptr(),
                args.len() as i32,
                oids.as_mut_ptr(),
                values.as_mut_ptr(),
                nulls.as_ptr().cast(),
                snapshot == Snapshot::Active,
                0,
            );
            check(code, "execute");
            Rows::take()
        }
    }

    /// Executes one statement; returns the number of rows that it has processed.
    pub fn execute(&self, statement: &str, args: &[Arg]) -> u64 {
        self.run(statement, args, Snapshot::Latest).processed
    }

    /// Plans a statement once for many executions on this connection.
    pub fn prepare(&self, statement: &str, types: &[pg_sys::Oid]) -> Plan<'_> {
        let statement = text(statement);
        let mut types = types.to_vec();
        // SAFETY: `types` has the length given, and SPI copies it.
        let plan = unsafe {
            pg_sys::SPI_prepare(statement.as_ptr(), types.len() as i32, types.as_mut_ptr())
        };
        if plan.is_null() {
            // SAFETY: a plain read of SPI's status.
            check(unsafe { pg_sys::SPI_result }.min(-1), "prepare");
        }
        Plan {
            plan,
            _session: self,
        }
    }
}

type Unzipped = (Vec<pg_sys::Oid>, Vec<pg_sys::Datum>, Vec<u8>);

fn unzip(args: &[Arg]) -> Unzipped {
    let oids = args.iter().map(|arg| arg.oid).collect();
    let values = args
        .iter()
        .map(|arg| arg.datum.unwrap_or(pg_sys::Datum::from(0)))
        .collect();
    let nulls = args
        .iter()
        .map(|arg| if arg.datum.is_some() { b' ' } else { b'n' })
        .collect();
    (oids, values, nulls)
}

/// A planned statement, valid as long as its connection.
pub struct Plan<'s> {
    pub(super) plan: pg_sys::SPIPlanPtr,
    _session: &'s Session,
}

impl Plan<'_> {
    /// Executes the statement and frees its arguments; returns the number of rows that it has processed.
    pub fn execute<const N: usize>(&self, args: impl FnOnce() -> [Arg; N]) -> u64 {
        in_temporary_context(|| self.run(&args(), Snapshot::Latest).processed)
    }

    pub fn run(&self, args: &[Arg], snapshot: Snapshot) -> Rows {
        let (_, mut values, nulls) = unzip(args);
        // SAFETY: the plan lives as long as its connection; the arrays outlive the call.
        unsafe {
            let code = pg_sys::SPI_execute_plan(
                self.plan,
                values.as_mut_ptr(),
                nulls.as_ptr().cast(),
                snapshot == Snapshot::Active,
                0,
            );
            check(code, "execute");
            Rows::take()
        }
    }
}

/// The rows that a statement has returned, in SPI's memory until dropped.
pub struct Rows {
    table: *mut pg_sys::SPITupleTable,
    pub(super) processed: u64,
}

impl Rows {
    /// Takes the result of the last statement from SPI's globals.
    pub(super) fn take() -> Rows {
        // SAFETY: plain reads; the table is ours until freed.
        unsafe {
            let table = pg_sys::SPI_tuptable;
            pg_sys::SPI_tuptable = std::ptr::null_mut();
            Rows {
                table,
                processed: pg_sys::SPI_processed,
            }
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        if self.table.is_null() {
            return 0;
        }
        // SAFETY: not null, and ours.
        unsafe { (*self.table).numvals as usize }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows and their columns as Postgres stores them; `None` for a statement that returns no rows.
    pub(super) fn table(&self) -> Option<&pg_sys::SPITupleTable> {
        // SAFETY: null, or ours until dropped.
        unsafe { self.table.as_ref() }
    }

    /// The value in `row` (from 0) and `column` (from 1); `None` for NULL, and if there is no such row or
    /// column.
    pub fn get<T: FromDatum>(&self, row: usize, column: i32) -> Option<T> {
        if row >= self.len() {
            return None;
        }
        // SAFETY: row is in range; SPI answers a column out of range with an error code and NULL;
        // the type is the statement's, which stands beside each call.
        unsafe {
            let tuple = *(*self.table).vals.add(row);
            let descriptor = (*self.table).tupdesc;
            let mut null = true;
            let datum = pg_sys::SPI_getbinval(tuple, descriptor, column, &mut null);
            T::from_polymorphic_datum(datum, null, pg_sys::SPI_gettypeid(descriptor, column))
        }
    }

    /// The values of one row, to be taken one by one in the order of the columns.
    pub fn cells(&self, row: usize) -> Cells<'_> {
        Cells {
            rows: self,
            row,
            column: 0,
        }
    }

    /// The size of the fetched rows in bytes, without values that are stored out of line.
    pub(super) fn bytes_fetched(&self) -> usize {
        let tuples = (0..self.len()).map(|row| {
            // SAFETY: a row in range, of a table that is there since it has rows.
            unsafe { (**(*self.table).vals.add(row)).t_len as usize }
        });
        tuples.sum()
    }

    /// The size of a value of variable length in bytes when it is detoasted. It is not detoasted for that.
    fn length(&self, row: usize, column: i32) -> usize {
        if row >= self.len() {
            return 0;
        }
        // SAFETY: row is in range; the column is one of variable length, or out of range and then NULL.
        unsafe {
            let tuple = *(*self.table).vals.add(row);
            let mut null = true;
            let datum = pg_sys::SPI_getbinval(tuple, (*self.table).tupdesc, column, &mut null);
            match null {
                true => 0,
                false => (pg_sys::toast_raw_datum_size(datum)).saturating_sub(pg_sys::VARHDRSZ),
            }
        }
    }

    /// The value of a text column, detoasted; an error if the column is of another type.
    pub fn text(&self, row: usize, column: i32) -> Result<Option<&str>, AnotherType> {
        const TEXTS: [pg_sys::Oid; 3] = [pg_sys::TEXTOID, pg_sys::VARCHAROID, pg_sys::BPCHAROID];
        match TEXTS.contains(&self.type_of(column)) {
            true => Ok(self.get(row, column)),
            false => Err(AnotherType),
        }
    }

    /// The value of a bytea column; an error if the column is of another type.
    pub fn bytes(&self, row: usize, column: i32) -> Result<Option<&[u8]>, AnotherType> {
        match self.type_of(column) {
            pg_sys::BYTEAOID => Ok(self.get(row, column)),
            _ => Err(AnotherType),
        }
    }

    /// The value of a jsonb column, as text; an error if the column is of another type.
    pub fn json(&self, row: usize, column: i32) -> Result<Option<String>, AnotherType> {
        match self.type_of(column) {
            pg_sys::JSONBOID => {
                let value: Option<pgrx::AnyElement> = self.get(row, column);
                Ok(value.map(|value| super::argument::json_text(value.datum())))
            }
            _ => Err(AnotherType),
        }
    }

    /// The value of a bigint column; an error if the column is of another type.
    pub fn bigint(&self, row: usize, column: i32) -> Result<Option<i64>, AnotherType> {
        match self.type_of(column) {
            pg_sys::INT8OID => Ok(self.get(row, column)),
            _ => Err(AnotherType),
        }
    }

    fn type_of(&self, column: i32) -> pg_sys::Oid {
        if self.table.is_null() {
            return pg_sys::InvalidOid;
        }
        // SAFETY: not null, and ours; a column out of range has the type InvalidOid.
        unsafe { pg_sys::SPI_gettypeid((*self.table).tupdesc, column) }
    }
}

/// The error of reading a column as a type that it does not have.
pub struct AnotherType;

/// The error of a text that has more bytes than allowed.
pub struct TooLong;

/// A row that is read column by column.
pub struct Cells<'r> {
    rows: &'r Rows,
    row: usize,
    column: i32,
}

impl Cells<'_> {
    /// The value of the next column; `None` for NULL, and after the last column.
    pub fn take<T: FromDatum>(&mut self) -> Option<T> {
        self.column += 1;
        self.rows.get(self.row, self.column)
    }

    /// The text of the next column. A text of more than `most` bytes is an error, and is not detoasted.
    pub fn take_text(&mut self, most: usize) -> Result<Option<&str>, TooLong> {
        self.column += 1;
        match self.rows.length(self.row, self.column) > most {
            true => Err(TooLong),
            false => Ok(self.rows.get(self.row, self.column)),
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        // An error frees SPI's memory as a whole, before Rust unwinds to here.
        if !self.table.is_null() && !std::thread::panicking() {
            // SAFETY: ours, and freed once.
            unsafe { pg_sys::SPI_freetuptable(self.table) }
        }
    }
}

/// A statement that is planned once in a backend, since it runs very often.
pub struct Saved {
    statement: &'static str,
    types: &'static [pg_sys::Oid],
    plan: std::cell::Cell<pg_sys::SPIPlanPtr>,
}

impl Saved {
    pub const fn new(statement: &'static str, types: &'static [pg_sys::Oid]) -> Saved {
        Saved {
            statement,
            types,
            plan: std::cell::Cell::new(std::ptr::null_mut()),
        }
    }

    /// Runs the statement on `session`. `args` must have the types that it was made with.
    ///
    /// It runs on the safe search_path: with the caller's it would be planned again whenever that changes,
    /// and could use operators of other users.
    pub fn run(&self, session: &Session, args: &[Arg], snapshot: Snapshot) -> Rows {
        on_safe_path(|| self.run_here(session, args, snapshot))
    }

    fn run_here(&self, session: &Session, args: &[Arg], snapshot: Snapshot) -> Rows {
        if self.plan.get().is_null() {
            let planned = session.prepare(self.statement, self.types);
            // SAFETY: moves the plan out of SPI's memory, once; Postgres replans it when what it
            // depends on has changed.
            check(unsafe { pg_sys::SPI_keepplan(planned.plan) }, "keep a plan");
            self.plan.set(planned.plan);
        }
        let (_, mut values, nulls) = unzip(args);
        // SAFETY: a kept plan lives as long as the backend; the arrays outlive the call.
        unsafe {
            let code = pg_sys::SPI_execute_plan(
                self.plan.get(),
                values.as_mut_ptr(),
                nulls.as_ptr().cast(),
                snapshot == Snapshot::Active,
                0,
            );
            check(code, "execute");
            Rows::take()
        }
    }
}
