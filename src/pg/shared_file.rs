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
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const PREFIX: &str = "termstream";

/// A file of the current database: `group` names what it is about, `version` which state of it. Both
/// are random numbers, so that no file is taken for another one.
#[derive(Clone, Copy)]
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
            let mut file = File::create(&unfinished)?;
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

    /// Lets one backend at a time do what `work` does for this version; the others wait, and can be
    /// cancelled meanwhile. The lock goes with the process, however it ends.
    pub fn alone<R>(&self, work: impl FnOnce() -> R) -> R {
        // A handful of locks for all groups, so that dropped ones leave nothing behind.
        let path = folder().join(format!("{PREFIX}.lock.{:x}", self.group % 16));
        let lock = File::create(path).ok();
        if let Some(lock) = &lock {
            while matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)) {
                pgrx::check_for_interrupts!();
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
        let result = work();
        drop(lock);
        result
    }
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
