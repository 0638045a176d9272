//! Where a load of a file begins: after what an earlier load of it has committed.
//!
//! A file is known by its path, its stream and the role that loads it, and by what it has before the
//! committed position: so a file that has grown is still the same, and the load goes on at its old end.
//! One that has shrunk, or has other bytes there, is refused. Of a compressed file all that was there
//! is compared, for no place in it is that of a position.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::source::{Fingerprint, Source, changed};
use crate::load::Position;
use crate::own;
use crate::pg::error::Raise;
use crate::pg::session::{Mode, Session};
use crate::pg::user::{current_role, on_safe_path};

pub enum Start {
    Beginning,
    At(Earlier),
    /// All of the file is loaded.
    Done,
}

/// An earlier load of the file.
pub struct Earlier {
    pub load_id: i64,
    pub position: Position,
    /// It came to the end that the file had then.
    done: bool,
}

impl Earlier {
    /// A last line without line end was taken for a row; what follows it would be half a row.
    pub fn check_line_end(&self, path: &str, last_byte: u8) -> Result<(), Raise> {
        if !self.done || matches!(last_byte, b'\n' | b'\r') {
            return Ok(());
        }
        Err(changed(
            path,
            "It has grown, and its last line had no line end when it was loaded.".to_owned(),
        ))
    }
}

/// The newest load of the file that has a place to go on at. The transaction's lock keeps two sessions
/// from finding the same one.
const LAST: &str = "
SELECT l.position, l.line, l.head_hash, l.tail_hash, l.state, s.state = 'running', l.load_id, l.pid,
       l.total_bytes
  FROM termstream.load l JOIN termstream.loads s USING (load_id)
 WHERE l.stream = $1 AND l.source = $2 AND l.userid = $3 AND l.tail_hash IS NOT NULL
 ORDER BY l.load_id DESC LIMIT 1";

const LOCK: &str = "SELECT pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended(pg_catalog.concat('termstream', $1::oid, ' ', $2), 0))";

pub fn find(session: &Session, stream: pg_sys::Oid, source: &Source) -> Result<Start, Raise> {
    let path = source.path();
    let last = on_safe_path(|| {
        session.execute(LOCK, &[stream.into(), path.into()]);
        let args = [stream.into(), path.into(), current_role().into()];
        session.run(LAST, &args, Mode::Write)
    });
    let number = |column| last.get::<i64>(0, column);
    let (Some(bytes), Some(lines)) = (number(1), number(2)) else {
        return Ok(Start::Beginning);
    };
    let load_id = number(7).unwrap_or(0);
    if last.get(0, 6) == Some(true) {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_OBJECT_IN_USE,
            format!("file \"{path}\" is being loaded into the stream"),
        )
        .detail(format!(
            "Load {load_id} runs in the process {}.",
            last.get::<i32>(0, 8).unwrap_or(0)
        ))
        .hint("Wait for it, or give resume => false to load the file a second time."));
    }
    let known = Fingerprint {
        head: number(3).unwrap_or(0),
        tail: number(4).unwrap_or(0),
    };
    let earlier = Earlier {
        load_id,
        position: Position {
            bytes: bytes as u64,
            lines: lines as u64,
        },
        done: last.get::<String>(0, 5).as_deref() == Some("done"),
    };
    let known_bytes = known_bytes(source, earlier.position, number(9).unwrap_or(0) as u64);
    let now = source.size()?;
    if now < known_bytes || source.fingerprint(known_bytes)? != known {
        return Err(changed(
            path,
            format!("What was loaded of it, {known_bytes} bytes, is not what it has there now."),
        ));
    }
    Ok(match earlier.position.bytes {
        0 => Start::Beginning,
        _ if earlier.done && now == known_bytes => Start::Done,
        _ => Start::At(earlier),
    })
}

/// How many bytes of the file the fingerprint is of.
fn known_bytes(source: &Source, position: Position, total: u64) -> u64 {
    match source.is_compressed() {
        true => total,
        false => position.bytes,
    }
}

/// Writes the load's position, and beside it what the file has before it and how long it is; `begin` is
/// how far the file had been read when the load began.
pub fn remember(
    load_id: i64,
    position: Position,
    begin: u64,
    source: &Source,
) -> Result<(), Raise> {
    let total = source.size()?;
    let known = source.fingerprint(known_bytes(source, position, total))?;
    let read = match source.is_compressed() {
        true => source.file_position(),
        false => position.bytes,
    };
    let args = [
        load_id.into(),
        (position.bytes as i64).into(),
        (position.lines as i64).into(),
        known.head.into(),
        known.tail.into(),
        (total as i64).into(),
        crate::pg::clock::now().into(),
        (begin as i64).into(),
        (read as i64).into(),
    ];
    own::REMEMBER_FILE.execute(&args);
    Ok(())
}
