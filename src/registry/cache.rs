//! Compiled lexicons shared by all backends of the server: the first that needs one compiles it and
//! leaves a file, the others map that file.
//!
//! A file is named by the lexicon's generation and the fingerprint of the terms, both of them random;
//! one that was written into since it was checked is checked again, and made anew if it is damaged.

use std::sync::Arc;

use super::base;
use super::compile::{Variant, compile};
use super::definition::Definition;
use crate::lexicon::Lexicon;
use crate::pg::error::Raise;
use crate::pg::shared_file::SharedFile;

/// The compiled form for this definition: from its base where it has one, mapped where it can be
/// shared, else of this backend alone.
pub fn obtain(definition: &Definition) -> Result<Lexicon, Raise> {
    if let Some(version) = definition.base
        && let Some(lexicon) = base::open_with_changes(definition, version)?
    {
        return Ok(lexicon);
    }
    let build = || compile(definition, &Variant::of(definition));
    if !definition.is_committed {
        // Nobody else will ever see these terms as they are now.
        return build();
    }
    let file = SharedFile {
        group: definition.generation as u64,
        version: definition.fingerprint as u64,
    };
    let mut raised = None;
    let lexicon = shared(&file, || build().map_err(|raise| raised = Some(raise)).ok());
    match (lexicon, raised) {
        (Some(lexicon), _) => Ok(lexicon),
        (None, Some(raise)) => Err(raise),
        (None, None) => build(),
    }
}

/// Maps the file; the first to need it makes its contents, the others wait for that.
pub fn shared(file: &SharedFile, make: impl FnOnce() -> Option<Lexicon>) -> Option<Lexicon> {
    if let Some(lexicon) = mapped(file) {
        return Some(lexicon);
    }
    file.alone(|| {
        // Another backend may have been at it meanwhile.
        if let Some(lexicon) = mapped(file) {
            return Some(lexicon);
        }
        let lexicon = make()?;
        match file.write(lexicon.to_bytes()) {
            Ok(()) => Some(mapped(file).unwrap_or(lexicon)),
            Err(error) => {
                // A full disk must not keep anybody from matching.
                pgrx::debug1!("could not share a compiled lexicon: {error}");
                Some(lexicon)
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
    let lexicon = Lexicon::from_shared(Arc::new(mapped.bytes)).ok()?;
    // Where it cannot be marked, the next backend checks it again.
    let _ = file.set_checked();
    Some(lexicon)
}
