//! Files that every backend of the server maps: written whole or not at all, named so that nobody
//! takes an old one for a new one.
//!
//! They live in `pg_stat_tmp`, which belongs to the server, survives no backup, and may be emptied at
//! any time. Nothing in them is the truth of anything.

use memmap2::Mmap;
use pgrx::pg_sys;
use std::ffi::CStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

const PREFIX: &str = "termstream";

/// A file for the current database: `group` names what it is about, `version` which state of it.
#[derive(Clone, Copy)]
pub struct SharedFile {
    pub group: u64,
    pub version: u64,
}

impl SharedFile {
    /// Written or checked since the server started.
    fn path(&self) -> PathBuf {
        folder().join(format!(
            "{}{:016x}.{:x}",
            self.group_prefix(),
            self.version,
            boot()
        ))
    }

    fn group_prefix(&self) -> String {
        // SAFETY: a plain read of a setting of the backend.
        let database = unsafe { pg_sys::MyDatabaseId };
        format!("{PREFIX}.{}.{:016x}.", database.to_u32(), self.group)
    }

    /// Maps the file, if it is there.
    pub fn open(&self) -> Option<Mmap> {
        map(&self.path())
    }

    /// Maps the file that an earlier run of the server has left, and keeps it if `is_good`.
    pub fn open_earlier(&self, is_good: impl FnOnce(&Mmap) -> bool) -> Option<Mmap> {
        let prefix = format!("{}{:016x}.", self.group_prefix(), self.version);
        let path = entries()
            .into_iter()
            .find(|path| has_prefix(path, &prefix))?;
        let mapped = map(&path)?;
        if !is_good(&mapped) {
            // Damaged or foreign; whoever removes it first is right.
            let _ = fs::remove_file(&path);
            return None;
        }
        fs::rename(&path, self.path()).ok()?;
        Some(mapped)
    }

    /// Writes the file, and removes the older versions of its group. A backend that has one of them
    /// mapped keeps it.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let path = self.path();
        let unfinished = path.with_extension(format!("{}.new", std::process::id()));
        let written = File::create(&unfinished)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&unfinished, &path));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        self.remove_but(&path);
        Ok(())
    }

    /// Removes every version of the group.
    pub fn remove(&self) {
        self.remove_but(&PathBuf::new());
    }

    fn remove_but(&self, kept: &PathBuf) {
        let prefix = self.group_prefix();
        for path in entries() {
            if has_prefix(&path, &prefix) && path != *kept {
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

fn map(path: &PathBuf) -> Option<Mmap> {
    let file = File::open(path).ok()?;
    // SAFETY: such files are never written after they have got their name, only unlinked.
    unsafe { Mmap::map(&file) }.ok()
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

fn has_prefix(path: &std::path::Path, prefix: &str) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}

/// When the server started: what is older was not checked since.
fn boot() -> i64 {
    // SAFETY: set by the postmaster, inherited by every backend.
    unsafe { pg_sys::PgStartTime }
}
