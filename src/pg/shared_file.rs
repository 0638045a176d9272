//! Files that all backends of the server can map: written atomically, and checked before use.
//!
//! They are in `pg_stat_tmp`, which belongs to the server, is in no backup, and may be emptied at any time.
//! They hold only what can be made again.
//!
//! Verifying a checksum reads the whole file, which is too slow for each backend. So a backend that has
//! verified it sets the file's modification time to a special value. Whatever writes to the file later
//! changes that time, and the next backend that opens the file verifies it again.

use memmap2::Mmap;
use pgrx::pg_sys;
use std::ffi::CStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const PREFIX: &str = "termstream";

/// A file of the current database: `group` identifies a lexicon, `version` a state of it. Both are random
/// numbers, so that no file is mistaken for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SharedFile {
    pub group: u64,
    pub version: u64,
}

/// A mapped file.
pub struct Mapped {
    pub bytes: Mmap,
    /// Whether the file was checked, and not written to since.
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

    /// The modification time that means "checked": one long past, which no write can cause.
    fn mark(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(500_000_000 + self.version % 500_000_000)
    }

    /// Maps the file; `None` if it does not exist.
    pub fn open(&self) -> Option<Mapped> {
        let file = File::open(self.path()).ok()?;
        let is_checked = file.metadata().ok()?.modified().ok()? == self.mark();
        // SAFETY: backends write a file before it has its name, and never afterwards. If another program
        // truncates it while it is read, the backend crashes, as with any file of the server.
        let bytes = unsafe { Mmap::map(&file) }.ok()?;
        Some(Mapped { bytes, is_checked })
    }

    /// Whether the file still exists. A removed file takes disk space as long as a backend has it mapped.
    pub fn is_there(&self) -> bool {
        self.path().exists()
    }

    /// Marks the file as checked.
    pub fn set_checked(&self) -> io::Result<()> {
        File::open(self.path())?.set_modified(self.mark())
    }

    /// Writes the file, and removes the other versions of its group. Backends that have one of them mapped
    /// can go on reading it.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let path = self.path();
        let unfinished = path.with_extension(format!("{:x}.{}", self.version, std::process::id()));
        let write = || {
            // Only the server may read the terms in it.
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&unfinished)?;
            file.write_all(bytes)?;
            // Synced before it is marked: a crash must not leave a marked file without its bytes.
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

/// A file that will never be asked for again, and why.
pub struct Stale {
    pub path: PathBuf,
    pub reason: &'static str,
}

/// The files of dropped databases, the files of the current database whose group does not exist any more,
/// and files that a backend was killed while writing.
pub fn stale(group_exists: impl Fn(u64) -> bool) -> Vec<Stale> {
    let look = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        let mut parts = name.strip_prefix(PREFIX)?.strip_prefix('.')?.split('.');
        let database: u32 = parts.next()?.parse().ok()?;
        let group = u64::from_str_radix(parts.next()?, 16).ok()?;
        let _version = parts.next()?;
        let is_unfinished = parts.next().is_some();
        // SAFETY: a plain read of a setting of the backend.
        let current = unsafe { pg_sys::MyDatabaseId }.to_u32();
        let reason = if !is_database(database) {
            "its database was dropped"
        } else if database == current && !group_exists(group) {
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

/// An unfinished file older than this is stale; writing a million terms takes a second.
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
