//! Compiled lexicons shared by all backends of the server: the first that needs one compiles it and
//! leaves a file, the others map that file.
//!
//! A file is named by the lexicon's generation and the fingerprint of the terms, both of them random;
//! one that was written into since it was checked is checked again, and made anew if it is damaged.
//! Whoever writes a file removes those that nobody will ask for again.

use std::collections::HashSet;
use std::sync::Arc;

use super::For;
use crate::pg::interrupts::interrupts;
use crate::pg::lock::{Kind, Lock};
use crate::pg::session::{self, Snapshot};
use crate::pg::shared_file::{self, SharedFile, Stale};
use termstream_core::lexicon::Lexicon;

/// A compiled lexicon, and the file that it maps, if it does.
pub type Opened = (Lexicon, Option<SharedFile>);

/// Maps the file; the first to need it makes its contents, the others wait for that, or are given `None`
/// where it is for a report.
///
/// Who makes them reads tables under the lock; a session that has one of them locked and waits for the
/// form is in a deadlock with it, which Postgres finds. So the caller locks the source before.
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
        // Another backend may have been at it meanwhile.
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
                // A full disk must not keep anybody from matching.
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

/// The files that nobody will ask for again: of lexicons and databases that were dropped.
pub fn stale() -> Vec<Stale> {
    let known: HashSet<u64> = session::connect(|session| {
        let rows = session.run(
            "SELECT generation FROM termstream.lexicon",
            &[],
            Snapshot::Active,
        );
        let generations = (0..rows.len()).filter_map(|row| rows.get::<i64>(row, 1));
        generations.map(|generation| generation as u64).collect()
    });
    shared_file::stale(|group| known.contains(&group))
}

fn remove_stale() {
    for file in stale() {
        // Another backend may have been faster.
        let _ = std::fs::remove_file(file.path);
    }
}

/// The lexicon in the file, if there is one and it is undamaged.
pub fn mapped(file: &SharedFile) -> Option<Opened> {
    let mapped = file.open()?;
    if mapped.is_checked {
        let lexicon = Lexicon::from_trusted(Arc::new(mapped.bytes)).ok()?;
        return Some((lexicon, Some(*file)));
    }
    let lexicon = Lexicon::from_shared(Arc::new(mapped.bytes), &interrupts()).ok()?;
    // Where it cannot be marked, the next backend checks it again.
    let _ = file.set_checked();
    Some((lexicon, Some(*file)))
}
