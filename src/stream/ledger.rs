//! The ledger: each load's row in `termstream.load`, written in the transaction of the rows it counts.

use super::Load;
use crate::load::Position;
use crate::pg::session::{self, Arg, Mode};
use crate::pg::user::as_extension_owner;

/// The state of a load that goes well; see [`fail`] for the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Some batches are committed, more are to come.
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

/// A number for a new load.
pub fn next_id() -> i64 {
    as_extension_owner(|| {
        session::connect(|session| {
            session
                .run("SELECT nextval('termstream.load_id')", &[], Mode::Write)
                .get(0, 1)
        })
    })
    .unwrap_or(0)
}

/// Writes the load's row as it stands now.
pub fn write(load: &Load, state: State, position: Option<Position>) {
    let counts = &load.counts;
    let finished = (state != State::Running).then(crate::pg::clock::now);
    let args: [Arg; 14] = [
        load.id.into(),
        load.definition.stream.into(),
        load.file.as_deref().into(),
        crate::pg::user::current_role().into(),
        (counts.read as i64).into(),
        (counts.taken as i64).into(),
        (counts.rejected as i64).into(),
        (counts.pairs as i64).into(),
        (counts.bytes as i64).into(),
        load.started.into(),
        finished.into(),
        state.as_str().into(),
        position.map(|position| position.bytes as i64).into(),
        position.map(|position| position.lines as i64).into(),
    ];
    as_extension_owner(|| {
        session::connect(|session| {
            session.execute(
                "INSERT INTO termstream.load (load_id, stream, source, userid, read, taken, rejected,
                        pairs, bytes, started, finished, state, position, line)
                 VALUES ($1, $2::regclass, $3, $4::regrole, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                        $14)
                 ON CONFLICT (load_id) DO UPDATE
                    SET read = $5, taken = $6, rejected = $7, pairs = $8, bytes = $9, finished = $11,
                        state = $12, position = $13, line = $14",
                &args,
            )
        })
    });
}

/// Marks a load as done whose counts its workers have written.
pub fn finish(load_id: i64) {
    as_extension_owner(|| {
        session::connect(|session| {
            session.execute(
                "UPDATE termstream.load SET state = 'done', finished = $2 WHERE load_id = $1",
                &[load_id.into(), crate::pg::clock::now().into()],
            )
        })
    });
}

/// Marks a load as failed. Its counts and position are those of its last committed batch.
pub fn fail(load_id: i64, error: &str) {
    as_extension_owner(|| {
        session::connect(|session| {
            session.execute(
                "UPDATE termstream.load SET state = 'failed', error = $2, finished = $3
                  WHERE load_id = $1",
                &[load_id.into(), error.into(), crate::pg::clock::now().into()],
            )
        })
    });
}
