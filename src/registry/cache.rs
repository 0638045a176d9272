//! Compiled lexicons shared by all backends of the server: the first that needs one compiles it and
//! leaves a file, the others map that file.
//!
//! A file is named by the lexicon's generation and the fingerprint of the terms, both of them random;
//! one that was written into since it was checked is checked again, and made anew if it is damaged.

use std::sync::Arc;

use crate::lexicon::Lexicon;
use crate::pg::interrupts::interrupts;
use crate::pg::shared_file::SharedFile;

/// Maps the file; the first to need it makes its contents, the others wait for that.
pub fn shared<E>(
    file: &SharedFile,
    make: impl FnOnce() -> Result<Lexicon, E>,
) -> Result<Lexicon, E> {
    if let Some(lexicon) = mapped(file) {
        return Ok(lexicon);
    }
    file.alone(|| {
        // Another backend may have been at it meanwhile.
        if let Some(lexicon) = mapped(file) {
            return Ok(lexicon);
        }
        let lexicon = make()?;
        match file.write(lexicon.to_bytes()) {
            Ok(()) => Ok(mapped(file).unwrap_or(lexicon)),
            Err(error) => {
                // A full disk must not keep anybody from matching.
                pgrx::debug1!("could not share a compiled lexicon: {error}");
                Ok(lexicon)
            }
        }
    })
}

/// Removes the files of a lexicon that was dropped.
pub fn remove(generation: i64) {
    SharedFile {
        group: generation as u64,
        version: 0,
    }
    .remove();
}

/// The lexicon in the file, if there is one and it is undamaged.
fn mapped(file: &SharedFile) -> Option<Lexicon> {
    let mapped = file.open()?;
    if mapped.is_checked {
        return Lexicon::from_trusted(Arc::new(mapped.bytes)).ok();
    }
    let lexicon = Lexicon::from_shared(Arc::new(mapped.bytes), &interrupts()).ok()?;
    // Where it cannot be marked, the next backend checks it again.
    let _ = file.set_checked();
    Some(lexicon)
}
