//! The file of the server: who may read it, opening it, its next bytes, what identifies it.

use pgrx::prelude::*;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;

use crate::pg::error::Raise;
use crate::pg::user;

/// Read from the file at once. A pipe from the page cache is no faster beyond 64 KiB.
const CHUNK_BYTES: usize = 64 << 10;

/// How much of the head, and of the tail, of what was loaded tells a file from another one.
const HASHED_BYTES: u64 = 64 << 10;

pub fn may_read(path: &str) -> Result<(), Raise> {
    if !user::may_read_server_files() {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "permission denied to load a file of the server",
        )
        .detail("Only roles with privileges of the \"pg_read_server_files\" role may read files of the server.")
        .hint("Load it from the client: \\copy stream FROM 'file' (FORMAT csv, HEADER)."));
    }
    if !path.starts_with('/') {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_NAME,
            format!("path \"{path}\" is not absolute"),
        )
        .hint("The file is read by the server: give its full path there, or use \\copy."));
    }
    Ok(())
}

pub fn open(path: &str) -> Result<File, Raise> {
    let file = File::open(path).map_err(|error| file_error("open", path, &error))?;
    let is_folder = file
        .metadata()
        .map_err(|error| file_error("open", path, &error))?
        .is_dir();
    if is_folder {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("\"{path}\" is a directory"),
        )
        .hint("Call load_file for each file in it."));
    }
    Ok(file)
}

pub fn file_error(action: &str, path: &str, error: &std::io::Error) -> Raise {
    let (code, reason) = match error.kind() {
        std::io::ErrorKind::NotFound => (
            PgSqlErrorCode::ERRCODE_UNDEFINED_FILE,
            "No such file or directory".to_owned(),
        ),
        std::io::ErrorKind::PermissionDenied => (
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "Permission denied".to_owned(),
        ),
        _ => (PgSqlErrorCode::ERRCODE_IO_ERROR, error.to_string()),
    };
    Raise::new(code, format!("could not {action} file \"{path}\": {reason}")).hint(
        "load_file reads a file of the server, as the server's own user; for a file of the client use \\copy.",
    )
}

/// The next bytes of the file; none at its end.
pub fn read_chunk(file: &mut File, path: &str) -> Result<Vec<u8>, Raise> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    file.by_ref()
        .take(CHUNK_BYTES as u64)
        .read_to_end(&mut chunk)
        .map_err(|error| file_error("read", path, &error))?;
    Ok(chunk)
}

/// What a file had before a position, so that it can be known again after it has grown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash of the first 64 KiB, of the bytes before the position.
    pub head: i64,
    /// Hash of the last 64 KiB before the position.
    pub tail: i64,
}

impl Fingerprint {
    pub fn take(file: &File, path: &str, position: u64) -> Result<Fingerprint, Raise> {
        let part = |start, end: u64| {
            let mut bytes = vec![0; (end - start) as usize];
            file.read_exact_at(&mut bytes, start)
                .map_err(|error| file_error("read", path, &error))?;
            Ok::<i64, Raise>(fnv1a(&bytes))
        };
        Ok(Fingerprint {
            head: part(0, position.min(HASHED_BYTES))?,
            tail: part(position.saturating_sub(HASHED_BYTES), position)?,
        })
    }
}

/// The byte before a position; a line end at the beginning.
pub fn byte_before(file: &File, path: &str, position: u64) -> Result<u8, Raise> {
    let mut byte = [b'\n'];
    if let Some(before) = position.checked_sub(1) {
        file.read_exact_at(&mut byte, before)
            .map_err(|error| file_error("read", path, &error))?;
    }
    Ok(byte[0])
}

pub fn size(file: &File, path: &str) -> Result<u64, Raise> {
    let metadata = file
        .metadata()
        .map_err(|error| file_error("open", path, &error))?;
    Ok(metadata.len())
}

/// FNV-1a of 64 bits: the same on every machine and with every compiler, for it is stored. It tells a
/// changed file from a grown one, and guards against nobody's ill will.
fn fnv1a(bytes: &[u8]) -> i64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash as i64
}
