//! Compiled lexicons in files, shared by all backends of the server: the first backend that needs one
//! compiles it and writes a file, the others map that file.
//!
//! A file is named after the lexicon's generation and the fingerprint of the terms, both of them random
//! numbers. A file that was written to since it was checked is checked again, and made again if it is
//! damaged. A backend that writes a file also removes those that will never be asked for again.

use std::collections::HashSet;
use std::sync::Arc;

use super::For;
use crate::pg::interrupts::interrupts;
use crate::pg::lock::{Kind, Lock};
use crate::pg::session::{self, Snapshot};
use crate::pg::shared_file::{self, SharedFile, Stale};
use termstream_core::lexicon::Lexicon;

/// A compiled lexicon, and the file that it maps, if any.
pub type Opened = (Lexicon, Option<SharedFile>);

/// Maps the file. If it is missing, makes its contents under a lock; if another session is doing so, waits
/// for it, or returns `None` for a report.
///
/// `make` reads tables while it holds that lock. A session that has locked one of them and waits for the
/// form would be in a deadlock with it, so the caller must lock the source first.
pub fn shared<E>(
    file: &SharedFile,
    purpose: For,
    make: impl FnOnce() -> Result<Lexicon, E>,
) -> Result<Option<Opened>, E> {
    if let Some(opened) = mapped(file) {
        return Ok(Some(opened));
    }
    let lock = Lock::new(Kind::CompiledForm, file.group);
    let make = || {
        // Another backend may have made it meanwhile.
        if let Some(opened) = mapped(file) {
            return Ok(opened);
        }
        let lexicon = make()?;
        match file.write(lexicon.to_bytes()) {
            Ok(()) => {
                remove_stale();
                Ok(mapped(file).unwrap_or((lexicon, None)))
            }
            Err(error) => {
                // A full disk must not prevent matching.
                pgrx::debug1!("could not share a compiled lexicon: {error}");
                Ok((lexicon, None))
            }
        }
    };
    match purpose {
        For::Use => lock.alone(make).map(Some),
        For::Report => lock.alone_if_free(make).transpose(),
    }
}

/// Removes the files of a lexicon that was dropped.
pub fn remove(generation: i64) {
    SharedFile {
        group: generation as u64,
        version: 0,
    }
    .remove();
}

/// The files that will never be asked for again: those of lexicons and databases that were dropped.
pub fn stale() -> Vec<Stale> {
    let generations: HashSet<u64> = session::connect(|session| {
        let rows = session.run(
            "SELECT generation FROM termstream.lexicon",
            &[],
            Snapshot::Active,
        );
        (0..rows.len())
            .filter_map(|row| rows.get::<i64>(row, 1))
            .map(|generation| generation as u64)
            .collect()
    });
    shared_file::stale(|group| generations.contains(&group))
}

fn remove_stale() {
    for file in stale() {
        // Another backend may have removed it already.
        let _ = std::fs::remove_file(file.path);
    }
}

/// The lexicon in the file, if the file exists and is undamaged.
pub fn mapped(file: &SharedFile) -> Option<Opened> {
    let mapped = file.open()?;
    if mapped.is_checked {
        let lexicon = Lexicon::from_trusted(Arc::new(mapped.bytes)).ok()?;
        return Some((lexicon, Some(*file)));
    }
    let lexicon = Lexicon::from_shared(Arc::new(mapped.bytes), &interrupts()).ok()?;
    // If it cannot be marked as checked, the next backend checks it again.
    let _ = file.set_checked();
    Some((lexicon, Some(*file)))
}
