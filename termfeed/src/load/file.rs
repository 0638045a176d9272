//! A file to load: its format, its identity, and its rows from any position.
//!
//! A position counts unpacked bytes. A file is known by its path, and by what it has before the position:
//! so one that has grown is still the same, and one that has other bytes there is not. A packed file has
//! no such place: it is known by all of its length. Standard input is nothing that could be known again.

use indicatif::ProgressBar;
use openssl::sha::sha256;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::SeekFrom;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeekExt, BufReader};
use tokio_util::io::InspectReader;

use crate::error::Error;
use crate::pipeline::CHUNK_BYTES;
use crate::unpack::{FILE_WINDOW, Packing, unpack};

/// How many bytes of the beginning, and before the position, are hashed.
const HASHED_BYTES: u64 = 64 << 10;

pub struct Source {
    path: PathBuf,
    /// The name as given, for messages.
    pub name: String,
    /// `None` is standard input.
    file: Option<File>,
    packing: Packing,
}

/// The identity of a file, stored in the database beside a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Lines before the position.
    pub line: u64,
    /// The number of bytes that the hashes cover.
    known_bytes: u64,
    head: String,
    tail: String,
}

/// Rows from a position on.
pub struct Opened {
    pub reader: Box<dyn AsyncRead + Send + Unpin>,
    /// The byte before the position.
    pub last_byte: u8,
}

impl Source {
    pub fn open(path: &Path) -> Result<Source, Error> {
        let name = path.display().to_string();
        if path == Path::new("-") {
            return Ok(Source {
                path: path.to_owned(),
                name: "standard input".into(),
                file: None,
                packing: Packing::None,
            });
        }
        let failed = |error| Error::io(format!("open \"{name}\""), error);
        let file = File::open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Error::Input(format!(
                "\"{name}\" is no regular file: give \"-\" and bring its bytes to standard input"
            )));
        }
        let mut magic = [0; 4];
        let read = file.read_at(&mut magic, 0).map_err(failed)?;
        Ok(Source {
            path: path.canonicalize().map_err(failed)?,
            packing: packing(magic.get(..read).unwrap_or_default()),
            name,
            file: Some(file),
        })
    }

    /// Whether the file can be read again from a position.
    pub fn can_go_on(&self) -> bool {
        self.file.is_some()
    }

    /// The key under which the position is stored.
    pub fn part(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// Whether the name ends as that of a file of JSON lines.
    pub fn has_json_lines(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let plain = name.strip_suffix(".gz").or(name.strip_suffix(".zst"));
        let plain = plain.unwrap_or(&name);
        plain.ends_with(".jsonl") || plain.ends_with(".ndjson")
    }

    pub fn size(&self) -> Result<u64, Error> {
        match &self.file {
            Some(file) => Ok(file.metadata().map_err(|error| self.failed(error))?.len()),
            None => Ok(0),
        }
    }

    /// The progress at a position; a compressed file is read from its start in any case.
    pub fn bar_at(&self, position: u64) -> u64 {
        match self.packing {
            Packing::None => position,
            _ => 0,
        }
    }

    /// Returns the identity of the file at a position.
    pub fn known(&self, position: u64, line: u64) -> Result<Option<Known>, Error> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let known_bytes = match self.packing {
            Packing::None => position,
            _ => self.size()?,
        };
        let hash = |from: u64, to: u64| {
            let mut bytes = vec![0; (to - from) as usize];
            file.read_exact_at(&mut bytes, from)
                .map_err(|error| self.failed(error))?;
            let digest = sha256(&bytes);
            Ok::<_, Error>(digest.iter().map(|byte| format!("{byte:02x}")).collect())
        };
        Ok(Some(Known {
            line,
            known_bytes,
            head: hash(0, known_bytes.min(HASHED_BYTES))?,
            tail: hash(known_bytes.saturating_sub(HASHED_BYTES), known_bytes)?,
        }))
    }

    /// Refuses a file that is not the one for which the position was stored.
    pub fn check(&self, known: &Known, position: u64) -> Result<(), Error> {
        let enough = match self.packing {
            Packing::None => self.size()? >= known.known_bytes,
            _ => self.size()? == known.known_bytes,
        };
        if enough && self.known(position, known.line)?.as_ref() == Some(known) {
            return Ok(());
        }
        Err(Error::Input(format!(
            "\"{}\" has changed since {position} bytes of it were loaded: give --restart to load it from \
             its start",
            self.name
        )))
    }

    /// Reads from a position, and reports the bytes read to the progress bar.
    pub async fn read_from(&self, position: u64, bar: &ProgressBar) -> Result<Opened, Error> {
        let bar = bar.clone();
        let count = move |bytes: &[u8]| bar.inc(bytes.len() as u64);
        let Some(file) = &self.file else {
            let counted = InspectReader::new(tokio::io::stdin(), count);
            let mut buffered = BufReader::with_capacity(CHUNK_BYTES, counted);
            let magic = buffered.fill_buf().await.map_err(|e| self.failed(e))?;
            let packing = packing(magic);
            return Ok(Opened {
                reader: unpack(packing, buffered),
                last_byte: b'\n',
            });
        };
        let file = file.try_clone().map_err(|error| self.failed(error))?;
        let mut file = tokio::fs::File::from_std(file);
        let mut last_byte = [b'\n'];
        let start = match self.packing {
            Packing::None => position,
            _ => 0,
        };
        file.seek(SeekFrom::Start(start.saturating_sub(1)))
            .await
            .map_err(|error| self.failed(error))?;
        if start > 0 {
            file.read_exact(&mut last_byte)
                .await
                .map_err(|error| self.failed(error))?;
        }
        let counted = InspectReader::new(file, count);
        let buffered = BufReader::with_capacity(CHUNK_BYTES, counted);
        let mut reader = unpack(self.packing, buffered);
        let mut to_skip = position - start;
        let mut buffer = vec![0; CHUNK_BYTES];
        while to_skip > 0 {
            let most = to_skip.min(CHUNK_BYTES as u64) as usize;
            let piece = buffer.get_mut(..most).unwrap_or_default();
            reader
                .read_exact(piece)
                .await
                .map_err(|error| self.failed(error))?;
            last_byte = [piece.last().copied().unwrap_or(b'\n')];
            to_skip -= most as u64;
        }
        Ok(Opened {
            reader,
            last_byte: last_byte[0],
        })
    }

    fn failed(&self, error: std::io::Error) -> Error {
        Error::io(format!("read \"{}\"", self.name), error)
    }
}

/// Recognises compression by the first bytes, with which no text begins.
fn packing(magic: &[u8]) -> Packing {
    if magic.starts_with(&[0x1f, 0x8b]) {
        Packing::Gzip
    } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Packing::Zstd {
            window: FILE_WINDOW,
        }
    } else {
        Packing::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(name: &str, content: &[u8]) -> (PathBuf, Source) {
        let path = std::env::temp_dir().join(format!("termfeed-{}-{name}", std::process::id()));
        File::create(&path).unwrap().write_all(content).unwrap();
        let source = Source::open(&path).unwrap();
        (path, source)
    }

    #[test]
    fn a_file_that_has_grown_is_known_and_one_that_has_changed_is_not() {
        let (path, source) = file("grown.csv", b"a\n1\n2\n");
        let known = source.known(4, 2).unwrap().unwrap();
        source.check(&known, 4).unwrap();
        std::fs::write(&path, b"a\n1\n2\n3\n").unwrap();
        source.check(&known, 4).unwrap();
        for changed in [b"a\n9\n2\n3\n".as_slice(), b"a\n1"] {
            std::fs::write(&path, changed).unwrap();
            assert!(source.check(&known, 4).is_err(), "{changed:?}");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_packed_file_is_known_by_all_of_it() {
        let packed = [0x1f, 0x8b, 8, 0, 1, 2, 3];
        let (path, source) = file("packed", &packed);
        let known = source.known(1000, 9).unwrap().unwrap();
        source.check(&known, 1000).unwrap();
        std::fs::write(&path, [&packed[..], &[4]].concat()).unwrap();
        assert!(source.check(&known, 1000).is_err());
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_a_file_has_is_told_by_its_name_and_its_first_bytes() {
        for (name, json) in [
            ("a.csv", false),
            ("a.jsonl.gz", true),
            ("a.NDJSON", true),
            ("jsonl", false),
        ] {
            let (path, source) = file(name, b"{}");
            assert_eq!(source.has_json_lines(), json, "{name}");
            std::fs::remove_file(path).unwrap();
        }
        assert_eq!(packing(&[0x1f, 0x8b, 8]), Packing::Gzip);
        assert_eq!(packing(b"id,"), Packing::None);
    }
}
