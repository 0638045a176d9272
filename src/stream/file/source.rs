//! A file of the server: who may read it, its bytes, decompressed, and what identifies it.
//!
//! gzip and zstd are recognised by their first bytes, with which no text begins. Positions count
//! decompressed bytes, so a load resumes in a compressed file by decompressing it again up to its position.
//! Memory does not depend on how large the decompressed file is.

use flate2::bufread::MultiGzDecoder;
use pgrx::prelude::*;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};

use crate::pg::error::Raise;
use crate::pg::user;

/// Bytes read from the file at once. More than 64 KiB is no faster from the page cache.
const CHUNK_BYTES: u64 = 64 << 10;

/// Bytes at the beginning, and at the end, of the loaded part of a file that are hashed to recognise it.
const HASHED_BYTES: u64 = 64 << 10;

/// Checks that the current role may read files of the server, and that the path is absolute.
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

/// A file that is being read.
pub struct Source {
    path: String,
    file: File,
    reader: Reader,
    /// The position after the last byte that was read.
    position: u64,
    last_byte: u8,
    /// The error after the last byte, kept because a decompressor may not report it a second time.
    failed: Option<std::io::Error>,
}

/// Reads a file, and decompresses it if it is compressed.
enum Reader {
    Plain(File),
    Gzip(Box<MultiGzDecoder<BufReader<Interruptible>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Interruptible>>>),
}

/// A file that checks for interrupts at each read: any number of compressed bytes may decompress to
/// nothing.
struct Interruptible(File);

impl Read for Interruptible {
    fn read(&mut self, piece: &mut [u8]) -> std::io::Result<usize> {
        pgrx::check_for_interrupts!();
        self.0.read(piece)
    }
}

/// The identity of a file, whatever its name.
#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Source {
    /// Opens a regular file.
    pub fn open(path: &str) -> Result<Source, Raise> {
        let failed = |error| file_error("open", path, &error);
        // Checked before it is opened: opening a pipe waits for its writer, which cannot be cancelled.
        let kind = std::fs::metadata(path).map_err(failed)?.file_type();
        if !kind.is_file() {
            let (what, hint) = match kind.is_dir() {
                true => ("a directory", "Call load_file for each file in it."),
                false => (
                    "not a regular file",
                    "It cannot be read a second time: use COPY into the stream, from the file or FROM PROGRAM.",
                ),
            };
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
                format!("\"{path}\" is {what}"),
            )
            .hint(hint));
        }
        let file = File::open(path).map_err(failed)?;
        Ok(Source {
            reader: Reader::new(&file).map_err(failed)?,
            path: path.to_owned(),
            file,
            position: 0,
            last_byte: b'\n',
            failed: None,
        })
    }

    /// Whether the file is compressed.
    pub fn is_compressed(&self) -> bool {
        !matches!(self.reader, Reader::Plain(_))
    }

    /// The position after the last byte that was read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether the last byte that was read ends a line.
    pub fn at_line_end(&self) -> bool {
        matches!(self.last_byte, b'\n' | b'\r')
    }

    /// How many bytes of the file, compressed or not, have been read.
    pub fn file_position(&self) -> u64 {
        let consumed = |reader: &BufReader<Interruptible>| {
            let mut file = &reader.get_ref().0;
            let read = file.stream_position().unwrap_or(0);
            read.saturating_sub(reader.buffer().len() as u64)
        };
        match &self.reader {
            Reader::Plain(_) => self.position,
            Reader::Gzip(decoder) => consumed(decoder.get_ref()),
            Reader::Zstd(decoder) => consumed(decoder.get_ref()),
        }
    }

    /// Goes to a position; returns the byte before it, or a line end at the beginning of the file.
    pub fn go_to(&mut self, position: u64) -> Result<u8, Raise> {
        if let Reader::Plain(file) = &mut self.reader {
            let mut byte = [b'\n'];
            if let Some(before) = position.checked_sub(1) {
                file.read_exact_at(&mut byte, before)
                    .map_err(|error| file_error("read", &self.path, &error))?;
            }
            file.seek(SeekFrom::Start(position))
                .map_err(|error| file_error("read", &self.path, &error))?;
            self.position = position;
            self.last_byte = byte[0];
            return Ok(byte[0]);
        }
        if position < self.position {
            let from_start = Reader::new(&self.file);
            self.reader = from_start.map_err(|error| file_error("read", &self.path, &error))?;
            self.position = 0;
            self.last_byte = b'\n';
            self.failed = None;
        }
        while self.position < position {
            pgrx::check_for_interrupts!();
            if self.read(position - self.position)?.is_empty() {
                return Err(changed(
                    &self.path,
                    format!(
                        "It has {} bytes, but {position} bytes of it were loaded.",
                        self.position
                    ),
                ));
            }
        }
        Ok(self.last_byte)
    }

    /// The next bytes, at most `at_most`; none at the end of the file.
    pub fn read(&mut self, at_most: u64) -> Result<Vec<u8>, Raise> {
        if let Some(error) = &self.failed {
            return Err(self.read_error(error));
        }
        let length = at_most.min(CHUNK_BYTES);
        let mut chunk = Vec::with_capacity(length as usize);
        let read = match &mut self.reader {
            Reader::Plain(file) => file.take(length).read_to_end(&mut chunk),
            Reader::Gzip(decoder) => decoder.take(length).read_to_end(&mut chunk),
            Reader::Zstd(decoder) => decoder.take(length).read_to_end(&mut chunk),
        };
        if let Err(error) = read {
            if chunk.is_empty() {
                return Err(self.read_error(&error));
            }
            // The bytes before the error are good.
            self.failed = Some(error);
        }
        self.position += chunk.len() as u64;
        self.last_byte = chunk.last().copied().unwrap_or(self.last_byte);
        Ok(chunk)
    }

    fn read_error(&self, error: &std::io::Error) -> Raise {
        let kind = match &self.reader {
            Reader::Plain(_) => return file_error("read", &self.path, error),
            Reader::Gzip(_) => "gzip",
            Reader::Zstd(_) => "zstd",
        };
        let truncated = error.kind() == std::io::ErrorKind::UnexpectedEof;
        let (what, hint) = match truncated {
            true => (
                "ends before its compressed data does",
                "What was committed stays; when the rest of the file is there, call load_file again.",
            ),
            false => (
                "cannot be decompressed",
                "What was committed stays; repair the file, and call load_file with resume => false.",
            ),
        };
        Raise::new(
            PgSqlErrorCode::ERRCODE_DATA_CORRUPTED,
            format!("file \"{}\" {what}", self.path),
        )
        .detail(format!(
            "Its {kind} data is damaged after {} bytes of text: {error}.",
            self.position
        ))
        .hint(hint)
    }

    /// The path as it was given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The present size of the file, compressed or not.
    pub fn size(&self) -> Result<u64, Raise> {
        let metadata = self.file.metadata();
        let metadata = metadata.map_err(|error| file_error("open", &self.path, &error))?;
        Ok(metadata.len())
    }

    /// The device and inode of the file.
    pub fn identity(&self) -> Result<Identity, Raise> {
        let metadata = self.file.metadata();
        let metadata = metadata.map_err(|error| file_error("open", &self.path, &error))?;
        Ok(Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// The fingerprint of the file, compressed or not, up to a byte.
    pub fn fingerprint(&self, before: u64) -> Result<Fingerprint, Raise> {
        let part = |start, end: u64| {
            let mut bytes = vec![0; (end - start) as usize];
            self.file
                .read_exact_at(&mut bytes, start)
                .map_err(|error| file_error("read", &self.path, &error))?;
            Ok::<i64, Raise>(fnv1a(&bytes))
        };
        Ok(Fingerprint {
            head: part(0, before.min(HASHED_BYTES))?,
            tail: part(before.saturating_sub(HASHED_BYTES), before)?,
        })
    }
}

impl Reader {
    /// A reader from the beginning of the file.
    fn new(file: &File) -> std::io::Result<Reader> {
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        let mut magic = [0; 4];
        let read = file.read_at(&mut magic, 0)?;
        let buffered = |file| BufReader::with_capacity(CHUNK_BYTES as usize, Interruptible(file));
        Ok(match magic.get(..read).unwrap_or_default() {
            [0x1f, 0x8b, ..] => Reader::Gzip(Box::new(MultiGzDecoder::new(buffered(file)))),
            [0x28, 0xb5, 0x2f, 0xfd] => {
                let decoder = zstd::stream::read::Decoder::with_buffer(buffered(file));
                Reader::Zstd(Box::new(decoder?))
            }
            _ => Reader::Plain(file),
        })
    }
}

/// The error of an operation on the file.
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

/// The error for a file that has changed since it was loaded.
pub fn changed(path: &str, detail: String) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("file \"{path}\" has changed since it was loaded"),
    )
    .detail(detail)
    .hint("Give resume => false to load it from its beginning.")
}

/// Hashes of a file up to some byte, by which it is recognised after it has grown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash of the first 64 KiB before that byte.
    pub head: i64,
    /// Hash of the last 64 KiB before that byte.
    pub tail: i64,
}

/// FNV-1a of 64 bits, which is stored and so must not depend on machine or compiler. It distinguishes a
/// changed file from a grown one; it does not protect against forged files.
fn fnv1a(bytes: &[u8]) -> i64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash as i64
}
