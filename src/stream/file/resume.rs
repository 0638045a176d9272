//! Where a load of a file begins: after what an earlier load of it has committed.
//!
//! A file is known by its path, its stream and the name of the role that loads it, and by what it has
//! before the committed position: so a file that has grown is still the same, and the load goes on at its old end.
//! One that has shrunk, or has other bytes there, is refused. Of a compressed file all that was there
//! is compared, for no place in it is that of a position.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::source::{Fingerprint, Source, changed};
use crate::pg::error::Raise;
use crate::pg::lock::{Kind, Lock};
use crate::pg::session::Rows;
use crate::pg::user::{current_role, role_name};
use crate::tables;
use termstream_core::load::Position;

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

/// What the ledger has of the newest load of the file that has a place to go on at.
struct Last {
    earlier: Earlier,
    known: Fingerprint,
    total_bytes: u64,
    is_running: bool,
    pid: i32,
}

impl Last {
    fn take(row: &Rows) -> Option<Last> {
        let number = |column| row.get::<i64>(0, column);
        Some(Last {
            earlier: Earlier {
                load_id: number(7)?,
                position: Position {
                    bytes: number(1)? as u64,
                    lines: number(2)? as u64,
                },
                done: row.get::<String>(0, 5).as_deref() == Some("done"),
            },
            known: Fingerprint {
                head: number(3).unwrap_or(0),
                tail: number(4).unwrap_or(0),
            },
            total_bytes: number(9).unwrap_or(0) as u64,
            is_running: row.get(0, 6) == Some(true),
            pid: row.get(0, 8).unwrap_or(0),
        })
    }
}

/// The transaction's lock keeps two sessions from finding the same load.
pub fn find(stream: pg_sys::Oid, source: &Source) -> Result<Start, Raise> {
    let path = source.path();
    Lock::new(Kind::LoadedFile, key(stream, path)).hold();
    let args = [stream.into(), path.into(), role_name(current_role()).into()];
    let Some(last) = tables::LAST_LOAD.run(&args, Last::take) else {
        return Ok(Start::Beginning);
    };
    let Last { earlier, known, .. } = last;
    if last.is_running {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_OBJECT_IN_USE,
            format!("file \"{path}\" is being loaded into the stream"),
        )
        .detail(format!(
            "Load {} runs in the process {}.",
            earlier.load_id, last.pid
        ))
        .hint("Wait for it, or give resume => false to load the file a second time."));
    }
    let known_bytes = known_bytes(source, earlier.position, last.total_bytes);
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

/// The number by which the lock of a file is known. Where two files have the same, they wait for each other.
fn key(stream: pg_sys::Oid, path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (stream.to_u32(), path).hash(&mut hasher);
    hasher.finish()
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
    tables::REMEMBER_FILE.execute(&args);
    Ok(())
}
