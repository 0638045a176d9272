//! Where a load of a file begins: after what an earlier load of it has committed.
//!
//! A file is known by its path, its stream and the role that loads it, and by what it has before the
//! committed position: so a file that has grown is still the same, and the load goes on at its old end.
//! One that has shrunk, or has other bytes there, is refused.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::fs::File;

use super::source::{Fingerprint, byte_before, size};
use crate::load::Position;
use crate::pg::error::Raise;
use crate::pg::session::{self, Mode, Session};
use crate::pg::user::{as_extension_owner, current_role, on_safe_path};

pub enum Start {
    Beginning,
    At(Position),
    /// All of the file is loaded.
    Done,
}

/// The newest load of the file that has a place to go on at. The transaction's lock keeps two sessions
/// from finding the same one.
const LAST: &str = "
SELECT l.position, l.line, l.head_hash, l.tail_hash, l.state, s.state = 'running', l.load_id, l.pid
  FROM termstream.load l JOIN termstream.loads s USING (load_id)
 WHERE l.stream = $1 AND l.source = $2 AND l.userid = $3 AND l.tail_hash IS NOT NULL
 ORDER BY l.load_id DESC LIMIT 1";

const LOCK: &str = "SELECT pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended(pg_catalog.concat('termstream', $1::oid, ' ', $2), 0))";

pub fn find(
    session: &Session,
    stream: pg_sys::Oid,
    path: &str,
    file: &File,
) -> Result<Start, Raise> {
    let last = on_safe_path(|| {
        session.execute(LOCK, &[stream.into(), path.into()]);
        let args = [stream.into(), path.into(), current_role().into()];
        session.run(LAST, &args, Mode::Write)
    });
    let (Some(position), Some(line)) = (last.get::<i64>(0, 1), last.get::<i64>(0, 2)) else {
        return Ok(Start::Beginning);
    };
    if last.get(0, 6) == Some(true) {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_OBJECT_IN_USE,
            format!("file \"{path}\" is being loaded into the stream"),
        )
        .detail(format!(
            "Load {} runs in the process {}.",
            last.get::<i64>(0, 7).unwrap_or(0),
            last.get::<i32>(0, 8).unwrap_or(0)
        ))
        .hint("Wait for it, or give resume => false to load the file a second time."));
    }
    let known = Fingerprint {
        head: last.get(0, 3).unwrap_or(0),
        tail: last.get(0, 4).unwrap_or(0),
    };
    let position = Position {
        bytes: position as u64,
        lines: line as u64,
    };
    let now = size(file, path)?;
    if now < position.bytes || Fingerprint::take(file, path, position.bytes)? != known {
        return Err(changed(
            path,
            format!(
                "What was loaded of it, {} bytes, is not what it has there now.",
                position.bytes
            ),
        ));
    }
    if position.bytes == 0 {
        return Ok(Start::Beginning);
    }
    let done = last.get::<String>(0, 5).as_deref() == Some("done");
    if done && now == position.bytes {
        return Ok(Start::Done);
    }
    // A last line without line end was taken for a row; what follows it would be half a row.
    if done && !matches!(byte_before(file, path, position.bytes)?, b'\n' | b'\r') {
        return Err(changed(
            path,
            "It has grown, and its last line had no line end when it was loaded.".to_owned(),
        ));
    }
    Ok(Start::At(position))
}

fn changed(path: &str, detail: String) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("file \"{path}\" has changed since it was loaded"),
    )
    .detail(detail)
    .hint("Give resume => false to load it from its start.")
}

/// Writes beside the load's position what the file has before it, and how long it is.
pub fn remember(load_id: i64, known: Fingerprint, total: u64) {
    as_extension_owner(|| {
        session::connect(|session| {
            session.execute(
                "UPDATE termstream.load
                    SET head_hash = $2, tail_hash = $3, total_bytes = $4, updated = $5
                  WHERE load_id = $1",
                &[
                    load_id.into(),
                    known.head.into(),
                    known.tail.into(),
                    (total as i64).into(),
                    crate::pg::clock::now().into(),
                ],
            )
        })
    });
}
