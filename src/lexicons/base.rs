//! The stored compiled form of a lexicon, its base, and the terms that were added and removed since.
//!
//! The base is stored in a table, so that standbys and restored backups have it. Backends map a copy of its
//! bytes from a file (`shared`) and apply the changes that they see; so a change of one term in a million
//! costs each backend one small query.

use pgrx::pg_sys;
use std::rc::Rc;

use super::For;
use super::cache::{self, Base};
use super::compile::term_options;
use super::definition::LexiconDefinition;
use super::shared::{self, Opened};
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::memory::in_temporary_context;
use crate::pg::shared_file::SharedFile;
use crate::tables;
use termstream_core::bounds::{OutOfMemory, extend};
use termstream_core::lexicon::{Delta, Lexicon, english_dictionary};

/// Bytes in a row of `lexicon_chunk`: few enough that TOAST stores them without copying them many times.
const CHUNK_BYTES: usize = 1 << 20;

/// Stores a compiled form as the new base. `seen` is the snapshot it was compiled under: changes that it
/// sees are in the base, others stay in `lexicon_delta`.
pub fn store(definition: &LexiconDefinition, lexicon: &Lexicon, seen: &str) {
    let name = definition.name.as_str();
    tables::DROP_BASE.execute(&[name.into()]);
    tables::DROP_CHUNKS.execute(&[name.into()]);
    tables::DROP_DELTA_SEEN.execute(&[name.into(), seen.into()]);
    let args = [
        name.into(),
        definition.files.into(),
        (lexicon.terms() as i64).into(),
        seen.into(),
    ];
    let version: Option<i64> = tables::ADD_BASE.run(&args, |rows| rows.get(0, 1));
    let version = version.unwrap_or(0);
    let pieces = lexicon.to_stored().into_iter();
    let chunks = pieces
        .flat_map(|piece| piece.chunks(CHUNK_BYTES))
        .enumerate();
    tables::ADD_CHUNK.execute_each(
        [
            pg_sys::TEXTOID,
            pg_sys::INT8OID,
            pg_sys::INT4OID,
            pg_sys::BYTEAOID,
        ],
        chunks.map(|(number, bytes)| {
            move || {
                [
                    name.into(),
                    version.into(),
                    (number as i32).into(),
                    bytes.into(),
                ]
            }
        }),
    );
}

/// Removes the base and the changes since it was made.
pub fn remove(lexicon: &str) {
    for drop in [
        tables::DROP_BASE,
        tables::DROP_CHUNKS,
        tables::DROP_DELTA,
        tables::DROP_CHANGES,
    ] {
        drop.execute(&[lexicon.into()]);
    }
}

/// The lexicon as the statement sees it: the base with the changes applied. `None` if the base cannot be
/// opened, or if too much has changed for this.
pub fn open_with_changes(
    definition: &LexiconDefinition,
    version: i64,
    purpose: For,
) -> Result<Option<Opened>, Raise> {
    let Some(base) = open(definition, version, purpose) else {
        return Ok(None);
    };
    let delta = changes(definition)?;
    match base.lexicon.with_delta(delta, &interrupts()) {
        Ok(lexicon) => Ok(Some((lexicon, base.file))),
        // Too much has changed; the caller compiles.
        Err(_) => Ok(None),
    }
}

fn open(definition: &LexiconDefinition, version: i64, purpose: For) -> Option<Base> {
    let (name, generation) = (definition.name.as_str(), definition.generation);
    if let Some(base) = cache::base(name, generation, version) {
        return Some(base);
    }
    let file = SharedFile {
        group: generation as u64,
        version: version as u64,
    };
    let read = || {
        let bytes = chunks(name, version)?;
        Lexicon::from_stored(&bytes, english_dictionary(), &interrupts())
    };
    let (lexicon, file) = if definition.base_is_uncommitted {
        (read().ok()?, None)
    } else {
        shared::shared(&file, purpose, read).ok()??
    };
    let base = Base {
        version,
        lexicon: Rc::new(lexicon),
        file,
    };
    cache::keep_base(name, generation, base.clone());
    Some(base)
}

fn chunks(lexicon: &str, version: i64) -> Result<Vec<u8>, OutOfMemory> {
    let mut bytes = Vec::new();
    for number in 0.. {
        pgrx::check_for_interrupts!();
        let is_there = in_temporary_context(|| {
            tables::CHUNK.read(&[lexicon.into(), version.into(), number.into()], |rows| {
                match rows.get::<&[u8]>(0, 1) {
                    Some(chunk) => extend(&mut bytes, chunk).map(|()| true),
                    None => Ok(false),
                }
            })
        })?;
        if !is_there {
            break;
        }
    }
    Ok(bytes)
}

fn changes(definition: &LexiconDefinition) -> Result<Delta, Raise> {
    tables::DELTA.read(&[definition.name.as_str().into()], |rows| {
        let mut delta = Delta::default();
        for number in 0..rows.len() {
            pgrx::check_for_interrupts!();
            let mut row = rows.cells(number);
            let (id, term) = (row.take().unwrap_or(0), row.take().unwrap_or_default());
            let options = term_options(definition, id, row.take(), row.take())?;
            let times: i64 = row.take().unwrap_or(0);
            let list = if times > 0 {
                &mut delta.added
            } else {
                &mut delta.removed
            };
            list.extend(std::iter::repeat_n(
                (id, term, options),
                times.unsigned_abs() as usize,
            ));
        }
        Ok(delta)
    })
}
