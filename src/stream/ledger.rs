//! The ledger: each load's row in `termstream.load`, written in the transaction of the rows it counts.

use pgrx::pg_sys;

use super::{Load, retention};
use crate::load::{Counts, Position, RejectedByStage};
use crate::pg::session::{self, Arg, Mode, Session};
use crate::pg::user::{as_extension_owner, current_role, on_safe_path};

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

const WRITE: &str = "
INSERT INTO termstream.load (load_id, stream, source, userid, started, finished, state, position, line,
        read, taken, rejected, parse, convert, \"check\", statement, quality, predict, pairs, bytes, busy,
        stream_name)
VALUES ($1, $2::regclass, $3, $4::regrole, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
        $18, $19, $20, $21, $22)
ON CONFLICT (load_id) DO UPDATE
   SET finished = $6, state = $7, position = $8, line = $9, read = $10, taken = $11, rejected = $12,
       parse = $13, convert = $14, \"check\" = $15, statement = $16, quality = $17, predict = $18,
       pairs = $19, bytes = $20, busy = $21";

/// Writes the load's row as it stands now.
pub fn write(load: &Load, state: State, position: Option<Position>) {
    let counts = &load.counts;
    let rejected = &counts.rejected_by_stage;
    let finished = (state != State::Running).then(crate::pg::clock::now);
    let number = |count: u64| Arg::from(count as i64);
    let args: [Arg; 22] = [
        load.id.into(),
        load.definition.stream.into(),
        load.file.as_deref().into(),
        current_role().into(),
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
    as_extension_owner(|| session::connect(|session| session.execute(WRITE, &args)));
    if state == State::Done {
        retention::forget(load.definition.stream);
    }
}

/// Marks a load as done whose counts its workers have written.
pub fn finish(load_id: i64, stream: pg_sys::Oid) {
    as_extension_owner(|| {
        session::connect(|session| {
            session.execute(
                "UPDATE termstream.load SET state = 'done', finished = $2 WHERE load_id = $1",
                &[load_id.into(), crate::pg::clock::now().into()],
            )
        })
    });
    retention::forget(stream);
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

/// A load that this session has done in its running transaction, as the role that it is now.
pub struct OwnLoad {
    pub stream: pg_sys::Oid,
    pub counts: Counts,
    pub busy: f64,
}

const OWN: &str = "
SELECT stream::oid, read, taken, rejected, parse, convert, \"check\", statement, quality, predict, pairs,
       bytes, busy
  FROM termstream.load
 WHERE load_id = $1 AND userid = $2 AND pid = pg_backend_pid() AND started >= transaction_timestamp()";

pub fn find_own(session: &Session, load_id: i64) -> Option<OwnLoad> {
    let args = [load_id.into(), current_role().into()];
    let rows = on_safe_path(|| session.run(OWN, &args, Mode::Write));
    let stream = rows.get(0, 1)?;
    let number = |column| rows.get::<i64>(0, column).unwrap_or(0).max(0) as u64;
    Some(OwnLoad {
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
