//! Files that every backend of the server maps: written whole or not at all, and checked before they
//! are believed.
//!
//! They live in `pg_stat_tmp`, which belongs to the server, is in no backup, and may be emptied at any
//! time. Nothing in them is the truth of anything.
//!
//! Comparing a checksum reads the whole file, which is too slow for each backend. So whoever has
//! compared it sets the file's time of modification to a mark; whatever writes into the file later
//! moves that time, and the next to open it compares again.

use memmap2::Mmap;
use pgrx::pg_sys;
use std::ffi::CStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const PREFIX: &str = "termstream";

/// A file of the current database: `group` names what it is about, `version` which state of it. Both
/// are random numbers, so that no file is taken for another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SharedFile {
    pub group: u64,
    pub version: u64,
}

/// A mapped file.
pub struct Mapped {
    pub bytes: Mmap,
    /// Nobody has written into it since it was checked.
    pub is_checked: bool,
}

impl SharedFile {
    fn path(&self) -> PathBuf {
        folder().join(format!("{}{:016x}", self.group_prefix(), self.version))
    }

    fn group_prefix(&self) -> String {
        // SAFETY: a plain read of a setting of the backend.
        let database = unsafe { pg_sys::MyDatabaseId };
        format!("{PREFIX}.{}.{:016x}.", database.to_u32(), self.group)
    }

    /// The time that says "checked": one long past, which no write of today leaves behind.
    fn mark(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(500_000_000 + self.version % 500_000_000)
    }

    /// Maps the file, if it is there.
    pub fn open(&self) -> Option<Mapped> {
        let file = File::open(self.path()).ok()?;
        let is_checked = file.metadata().ok()?.modified().ok()? == self.mark();
        // SAFETY: our backends write a file before it has its name, and never after; somebody else
        // who cuts it short while it is read stops the backend, as with any file of the server.
        let bytes = unsafe { Mmap::map(&file) }.ok()?;
        Some(Mapped { bytes, is_checked })
    }

    /// Whether the file is still there: who has it mapped keeps its disk while it is not.
    pub fn is_there(&self) -> bool {
        self.path().exists()
    }

    /// Says that the file was found undamaged.
    pub fn set_checked(&self) -> io::Result<()> {
        File::open(self.path())?.set_modified(self.mark())
    }

    /// Writes the file, and removes the other versions of its group. A backend that has one of them
    /// mapped keeps it.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let path = self.path();
        let unfinished = path.with_extension(format!("{:x}.{}", self.version, std::process::id()));
        let write = || {
            // Terms are nobody's to read but the server's.
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&unfinished)?;
            file.write_all(bytes)?;
            // On disk before it is marked: a crash must not leave a marked file without its bytes.
            file.sync_all()?;
            file.set_modified(self.mark())?;
            fs::rename(&unfinished, &path)
        };
        write().inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })?;
        self.remove_but(&path);
        Ok(())
    }

    /// Removes every version of the group.
    pub fn remove(&self) {
        self.remove_but(Path::new(""));
    }

    fn remove_but(&self, kept: &Path) {
        let prefix = self.group_prefix();
        for path in entries() {
            if has_prefix(&path, &prefix) && path != kept {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// A file of ours that nobody will ask for again.
pub struct Stale {
    pub path: PathBuf,
    pub reason: &'static str,
}

/// The files of databases that are no more, of groups of the current database that `is_known` does not
/// know, and what a backend that was killed has not finished.
pub fn stale(is_known: impl Fn(u64) -> bool) -> Vec<Stale> {
    let look = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        let mut parts = name.strip_prefix(PREFIX)?.strip_prefix('.')?.split('.');
        let database: u32 = parts.next()?.parse().ok()?;
        let group = u64::from_str_radix(parts.next()?, 16).ok()?;
        let _version = parts.next()?;
        let is_unfinished = parts.next().is_some();
        // SAFETY: a plain read of a setting of the backend.
        let own = unsafe { pg_sys::MyDatabaseId }.to_u32();
        let reason = if !is_database(database) {
            "its database was dropped"
        } else if database == own && !is_known(group) {
            "its lexicon was dropped"
        } else if is_unfinished && is_older_than(&path, UNFINISHED_FOR) {
            "its writer was killed"
        } else {
            return None;
        };
        Some(Stale { path, reason })
    };
    entries().into_iter().filter_map(look).collect()
}

/// Nobody takes so long to write a file; a million terms are written in a second.
const UNFINISHED_FOR: Duration = Duration::from_secs(3600);

fn is_older_than(path: &Path, age: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|since| since > age))
}

fn is_database(oid: u32) -> bool {
    // SAFETY: a look-up by value in the catalog of the server; null for what is not there.
    unsafe { !pg_sys::get_database_name(pg_sys::Oid::from(oid)).is_null() }
}

fn folder() -> PathBuf {
    // SAFETY: set before any backend starts.
    let data = unsafe { CStr::from_ptr(pg_sys::DataDir) };
    PathBuf::from(data.to_string_lossy().into_owned())
        .join(pg_sys::PG_STAT_TMP_DIR.to_string_lossy().into_owned())
}

fn entries() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder()) else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.path()).collect()
}

fn has_prefix(path: &Path, prefix: &str) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}
