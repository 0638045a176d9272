//! The ledger: each load's row in `termstream.load`, written in the transaction of the rows it counts.

use pgrx::pg_sys;

use super::{Load, retention};
use crate::pg::session::{Arg, Rows};
use crate::pg::user::{current_role, role_name};
use crate::tables;
use termstream_core::load::{Counts, Position, RejectedByStage};

/// The state of a load that has not failed; [`fail`] marks one that has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Some batches are committed, and more will follow.
    Running,
    Done,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Done => "done",
        }
    }
}

/// The number of a new load.
pub fn next_id() -> i64 {
    tables::NEXT_LOAD_ID
        .run(&[], |rows| rows.get(0, 1))
        .unwrap_or(0)
}

/// Writes the load's row: its counts, state and position.
pub fn write(load: &Load, state: State, position: Option<Position>) {
    let counts = &load.counts;
    let rejected = &counts.rejected_by_stage;
    let finished = (state != State::Running).then(crate::pg::clock::now);
    let number = |count: u64| Arg::from(count as i64);
    let args: [Arg; 22] = [
        load.id.into(),
        load.definition.stream.into(),
        load.file.as_deref().into(),
        role_name(current_role()).into(),
        load.started.into(),
        finished.into(),
        state.as_str().into(),
        position.map(|position| position.bytes as i64).into(),
        position.map(|position| position.lines as i64).into(),
        number(counts.read),
        number(counts.taken),
        number(counts.rejected),
        number(rejected.parse),
        number(rejected.convert),
        number(rejected.check),
        number(rejected.statement),
        number(rejected.quality),
        number(rejected.predict),
        number(counts.pairs),
        number(counts.bytes),
        load.busy.as_secs_f64().into(),
        load.definition.name.as_str().into(),
    ];
    tables::WRITE_LOAD.execute(&args);
    if state == State::Done {
        retention::forget(load.definition.stream);
    }
}

/// Marks a load as done, whose counts its workers have written.
pub fn finish(load_id: i64, stream: pg_sys::Oid) {
    tables::FINISH_LOAD.execute(&[load_id.into(), crate::pg::clock::now().into()]);
    retention::forget(stream);
}

/// Marks a load as failed. Its counts and position stay those of the last committed batch.
pub fn fail(load_id: i64, error: &str) {
    tables::FAIL_LOAD.execute(&[load_id.into(), error.into(), crate::pg::clock::now().into()]);
}

/// A load that the current role has done in the running transaction.
pub struct TransactionLoad {
    pub stream: pg_sys::Oid,
    pub counts: Counts,
    pub busy: f64,
}

/// The load of this number, if the current role has done it in the running transaction.
pub fn find_in_transaction(load_id: i64) -> Option<TransactionLoad> {
    let role = role_name(current_role());
    tables::TRANSACTION_LOAD.run(&[load_id.into(), role.into()], transaction_load)
}

fn transaction_load(rows: &Rows) -> Option<TransactionLoad> {
    let stream = rows.get(0, 1)?;
    let number = |column| rows.get::<i64>(0, column).unwrap_or(0).max(0) as u64;
    Some(TransactionLoad {
        stream,
        counts: Counts {
            read: number(2),
            taken: number(3),
            rejected: number(4),
            rejected_by_stage: RejectedByStage {
                parse: number(5),
                convert: number(6),
                check: number(7),
                statement: number(8),
                quality: number(9),
                predict: number(10),
            },
            pairs: number(11),
            bytes: number(12),
            batches: 0,
        },
        busy: rows.get(0, 13).unwrap_or(0.0),
    })
}
