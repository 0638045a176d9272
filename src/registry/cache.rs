//! Compiled lexicons shared by all backends of the server: the first that needs one compiles it and
//! leaves a file, the others map that file.
//!
//! A file is named by the lexicon's generation and the fingerprint of the terms, both of them random,
//! so it cannot be taken for another one; and by the start of the server, so that a file is compared
//! with its checksum once after each start and then trusted.

use std::sync::Arc;

use super::compile::{Variant, compile};
use super::definition::Definition;
use crate::lexicon::Lexicon;
use crate::pg::error::Raise;
use crate::pg::shared_file::SharedFile;

/// The compiled form for this definition: mapped where it can be shared, else of this backend alone.
pub fn obtain(definition: &Definition) -> Result<Lexicon, Raise> {
    let build = || compile(definition, &Variant::of(definition));
    if !definition.is_committed {
        // Nobody else will ever see these terms as they are now.
        return build();
    }
    let file = file_of(definition);
    if let Some(lexicon) = mapped(&file) {
        return Ok(lexicon);
    }
    file.alone(|| {
        // Another backend may have been at it meanwhile.
        if let Some(lexicon) = mapped(&file).or_else(|| left_behind(&file)) {
            return Ok(lexicon);
        }
        let lexicon = build()?;
        match file.write(lexicon.to_bytes()) {
            Ok(()) => Ok(mapped(&file).unwrap_or(lexicon)),
            Err(error) => {
                // A full disk must not keep anybody from matching.
                pgrx::debug1!("could not share lexicon \"{}\": {error}", definition.name);
                Ok(lexicon)
            }
        }
    })
}

/// Removes the files of a lexicon that was dropped.
pub fn remove(generation: i64) {
    SharedFile { group: generation as u64, version: 0 }.remove();
}

fn file_of(definition: &Definition) -> SharedFile {
    SharedFile {
        group: definition.generation as u64,
        version: definition.fingerprint as u64,
    }
}

/// The file of this run of the server, which was checked when it was written or found.
fn mapped(file: &SharedFile) -> Option<Lexicon> {
    Lexicon::from_trusted(Arc::new(file.open()?)).ok()
}

/// The file of an earlier run of the server, if it is undamaged.
fn left_behind(file: &SharedFile) -> Option<Lexicon> {
    let mut checked = None;
    file.open_earlier(|mapped| {
        checked = Lexicon::from_bytes(mapped).ok();
        checked.is_some()
    })?;
    mapped(file)
}
