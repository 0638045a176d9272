//! Where the load of a file begins: after what an earlier load of the file has committed.
//!
//! A file is recognised by its path, its stream, the role that loads it, and its bytes before the committed
//! position. So a file that has grown is the same file, and the load goes on at its old end; one that has
//! shrunk, or has other bytes there, is an error. Of a compressed file all bytes that it had are compared,
//! since positions do not correspond to bytes of the compressed file.

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

/// Where to begin.
pub enum Start {
    /// At the beginning of the file.
    Beginning,
    /// Where an earlier load has stopped.
    At(Earlier),
    /// Nowhere: all of the file is loaded.
    Done,
}

/// An earlier load of the file.
pub struct Earlier {
    pub load_id: i64,
    pub position: Position,
    /// Whether it reached the end that the file had then.
    done: bool,
}

impl Earlier {
    /// An error if the file has grown after a last line without a line end: that line was loaded as a row,
    /// and what follows it would be half a row.
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

/// The newest load of the file that can be resumed, as the ledger has it.
struct Last {
    earlier: Earlier,
    fingerprint: Fingerprint,
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
            fingerprint: Fingerprint {
                head: number(3).unwrap_or(0),
                tail: number(4).unwrap_or(0),
            },
            total_bytes: number(9).unwrap_or(0) as u64,
            is_running: row.get(0, 6) == Some(true),
            pid: row.get(0, 8).unwrap_or(0),
        })
    }
}

/// Finds where to begin. Takes a lock until the transaction ends, so that two sessions cannot resume the
/// same load.
pub fn find(stream: pg_sys::Oid, source: &Source) -> Result<Start, Raise> {
    let path = source.path();
    Lock::new(Kind::LoadedFile, key(stream, path)).hold();
    let args = [stream.into(), path.into(), role_name(current_role()).into()];
    let Some(last) = tables::LAST_LOAD.run(&args, Last::take) else {
        return Ok(Start::Beginning);
    };
    let Last {
        earlier,
        fingerprint,
        ..
    } = last;
    if last.is_running {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_OBJECT_IN_USE,
            format!("file \"{path}\" is being loaded into the stream"),
        )
        .detail(format!(
            "Load {} runs in process {}.",
            earlier.load_id, last.pid
        ))
        .hint("Wait for it, or give resume => false to load the file a second time."));
    }
    let hashed = fingerprinted_bytes(source, earlier.position, last.total_bytes);
    let now = source.size()?;
    if now < hashed || source.fingerprint(hashed)? != fingerprint {
        return Err(changed(
            path,
            format!("Its first {hashed} bytes are not those that were loaded."),
        ));
    }
    Ok(match earlier.position.bytes {
        0 => Start::Beginning,
        _ if earlier.done && now == hashed => Start::Done,
        _ => Start::At(earlier),
    })
}

/// The key of the lock of a file. Loads of two files with the same key wait for each other.
fn key(stream: pg_sys::Oid, path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (stream.to_u32(), path).hash(&mut hasher);
    hasher.finish()
}

/// How many bytes of the file its fingerprint covers.
fn fingerprinted_bytes(source: &Source, position: Position, total: u64) -> u64 {
    match source.is_compressed() {
        true => total,
        false => position.bytes,
    }
}

/// Writes the position of the load, and the fingerprint and size of the file. `begin` is how many bytes of
/// the file had been read when the load began.
pub fn remember(
    load_id: i64,
    position: Position,
    begin: u64,
    source: &Source,
) -> Result<(), Raise> {
    let total = source.size()?;
    let fingerprint = source.fingerprint(fingerprinted_bytes(source, position, total))?;
    let read = match source.is_compressed() {
        true => source.file_position(),
        false => position.bytes,
    };
    let args = [
        load_id.into(),
        (position.bytes as i64).into(),
        (position.lines as i64).into(),
        fingerprint.head.into(),
        fingerprint.tail.into(),
        (total as i64).into(),
        crate::pg::clock::now().into(),
        (begin as i64).into(),
        (read as i64).into(),
    ];
    tables::REMEMBER_FILE.execute(&args);
    Ok(())
}
