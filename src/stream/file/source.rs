//! The file of the server: who may read it, its bytes as they were before they were compressed, and
//! what identifies it.
//!
//! gzip and zstd are known by their first bytes, which no text begins with. Positions count the bytes
//! that were compressed, so that a load goes on in a compressed file by reading it again up to there.
//! Memory does not depend on how much a file unpacks to.

use flate2::bufread::MultiGzDecoder;
use pgrx::prelude::*;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};

use crate::pg::error::Raise;
use crate::pg::user;

/// Read from the file at once. A pipe from the page cache is no faster beyond 64 KiB.
const CHUNK_BYTES: u64 = 64 << 10;

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

pub struct Source {
    path: String,
    file: File,
    reader: Reader,
    /// Behind the last byte that was read.
    position: u64,
    last_byte: u8,
    /// What was wrong behind the last byte: a decompressor that is asked again may know no more of it.
    failed: Option<std::io::Error>,
}

enum Reader {
    Plain(File),
    Gzip(Box<MultiGzDecoder<BufReader<Heard>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Heard>>>),
}

/// A file in which a cancel is heard with each piece: any number of compressed bytes may come to nothing.
struct Heard(File);

impl Read for Heard {
    fn read(&mut self, piece: &mut [u8]) -> std::io::Result<usize> {
        pgrx::check_for_interrupts!();
        self.0.read(piece)
    }
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Source {
    pub fn open(path: &str) -> Result<Source, Raise> {
        let failed = |error| file_error("open", path, &error);
        // Asked before it is opened: to open a pipe is to wait for its writer, where no cancel is heard.
        let kind = std::fs::metadata(path).map_err(failed)?.file_type();
        if !kind.is_file() {
            let (what, hint) = match kind.is_dir() {
                true => ("a directory", "Call load_file for each file in it."),
                false => (
                    "no regular file",
                    "It cannot be gone back in: COPY it into the stream, from the file or FROM PROGRAM.",
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

    pub fn is_compressed(&self) -> bool {
        !matches!(self.reader, Reader::Plain(_))
    }

    /// Behind the last byte that was read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether the last byte that was read ends a line.
    pub fn at_line_end(&self) -> bool {
        matches!(self.last_byte, b'\n' | b'\r')
    }

    /// How far the file itself has been read, compressed as it is.
    pub fn file_position(&self) -> u64 {
        let behind = |reader: &BufReader<Heard>| {
            let mut file = &reader.get_ref().0;
            let read = file.stream_position().unwrap_or(0);
            read.saturating_sub(reader.buffer().len() as u64)
        };
        match &self.reader {
            Reader::Plain(_) => self.position,
            Reader::Gzip(decoder) => behind(decoder.get_ref()),
            Reader::Zstd(decoder) => behind(decoder.get_ref()),
        }
    }

    /// Goes to a position; returns the byte before it, a line end at the beginning.
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
            let anew = Reader::new(&self.file);
            self.reader = anew.map_err(|error| file_error("read", &self.path, &error))?;
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
                        "It holds {} bytes, and {position} were loaded of it.",
                        self.position
                    ),
                ));
            }
        }
        Ok(self.last_byte)
    }

    /// The next bytes, at most so many; none at the end.
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
            // What came before the fault is good.
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
                "What was committed stays; mend the file, and call load_file with resume => false.",
            ),
        };
        Raise::new(
            PgSqlErrorCode::ERRCODE_DATA_CORRUPTED,
            format!("file \"{}\" {what}", self.path),
        )
        .detail(format!(
            "Behind {} bytes of text its {kind} data are not right: {error}.",
            self.position
        ))
        .hint(hint)
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// How long the file is now, compressed as it is.
    pub fn size(&self) -> Result<u64, Raise> {
        let metadata = self.file.metadata();
        let metadata = metadata.map_err(|error| file_error("open", &self.path, &error))?;
        Ok(metadata.len())
    }

    pub fn identity(&self) -> Result<Identity, Raise> {
        let metadata = self.file.metadata();
        let metadata = metadata.map_err(|error| file_error("open", &self.path, &error))?;
        Ok(Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// What the file has before a place in it, compressed as it is.
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
    /// Reads from the beginning.
    fn new(file: &File) -> std::io::Result<Reader> {
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        let mut magic = [0; 4];
        let read = file.read_at(&mut magic, 0)?;
        let buffered = |file| BufReader::with_capacity(CHUNK_BYTES as usize, Heard(file));
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

/// The error of a file that is not what was loaded.
pub fn changed(path: &str, detail: String) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("file \"{path}\" has changed since it was loaded"),
    )
    .detail(detail)
    .hint("Give resume => false to load it from its start.")
}

/// What a file had before a place in it, so that it can be known again after it has grown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash of the first 64 KiB, of the bytes before the place.
    pub head: i64,
    /// Hash of the last 64 KiB before the place.
    pub tail: i64,
}

/// FNV-1a of 64 bits: the same on every machine and with every compiler, for it is stored. It tells a
/// changed file from a grown one, and guards against nobody's ill will.
fn fnv1a(bytes: &[u8]) -> i64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash as i64
}
