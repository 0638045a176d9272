//! The stored compiled form of a large lexicon, and the terms that came and went since.
//!
//! The table is the truth: standbys and restored backups have it. Backends map the same bytes from a
//! file (`cache`), and lay the changes they see over it; so a change of one term in a million costs
//! each of them a small query.

use pgrx::pg_sys;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::compile::term_options;
use super::definition::Definition;
use crate::bounds::{OutOfMemory, extend};
use crate::lexicon::{Delta, Lexicon};
use crate::own;
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::memory::in_own_context;
use crate::pg::shared_file::SharedFile;

/// Smaller lexicons are compiled in each change's stead: 20,000 terms take 0.1 s.
pub const MIN_TERMS: usize = 20_000;

/// Bytes of a row of `lexicon_chunk`: one that TOAST stores without copying it many times.
const CHUNK_BYTES: usize = 1 << 20;

thread_local! {
    /// The base last opened of each lexicon, by its generation.
    static OPENED: RefCell<HashMap<i64, (i64, Rc<Lexicon>)>> = RefCell::default();
}

/// Stores a compiled form as the new base. `seen` is the snapshot it was compiled under: the changes
/// in it are in the base, those of others since then stay beside it.
pub fn store(definition: &Definition, lexicon: &Lexicon, seen: &str) {
    let name = definition.name.as_str();
    own::DROP_BASE.execute(&[name.into()]);
    own::DROP_CHUNKS.execute(&[name.into()]);
    own::DROP_DELTA_SEEN.execute(&[name.into(), seen.into()]);
    own::DROP_CHANGES_SEEN.execute(&[name.into(), seen.into()]);
    let version: i64 = own::ADD_BASE
        .run(&[name.into(), definition.files.into()], |rows| {
            rows.get(0, 1)
        })
        .unwrap_or(0);
    let chunks = lexicon.to_bytes().chunks(CHUNK_BYTES).enumerate();
    own::ADD_CHUNK.execute_each(
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

/// Removes the base and the changes since, for a lexicon that is small again, or dropped.
pub fn remove(lexicon: &str) {
    for drop in [
        own::DROP_BASE,
        own::DROP_CHUNKS,
        own::DROP_DELTA,
        own::DROP_CHANGES,
    ] {
        drop.execute(&[lexicon.into()]);
    }
}

/// The lexicon as the statement sees it: the base with the changes laid over it.
pub fn open_with_changes(definition: &Definition, version: i64) -> Result<Option<Lexicon>, Raise> {
    let Some(base) = open(definition, version) else {
        return Ok(None);
    };
    let delta = changes(definition)?;
    match base.with_delta(delta, &interrupts()) {
        Ok(lexicon) => Ok(Some(lexicon)),
        // Too much changed for this; the caller compiles.
        Err(_) => Ok(None),
    }
}

fn open(definition: &Definition, version: i64) -> Option<Rc<Lexicon>> {
    let generation = definition.generation;
    let opened = OPENED.with_borrow(|opened| {
        let (known, base) = opened.get(&generation)?;
        (*known == version).then(|| Rc::clone(base))
    });
    if opened.is_some() {
        return opened;
    }
    let file = SharedFile {
        group: generation as u64,
        version: version as u64,
    };
    let read = || {
        let bytes = chunks(&definition.name, version)?;
        Lexicon::from_bytes(&bytes, &interrupts())
    };
    let base = if definition.is_committed {
        super::cache::shared(&file, read)
    } else {
        read()
    };
    let base = Rc::new(base.ok()?);
    OPENED.with_borrow_mut(|opened| {
        opened.insert(generation, (version, Rc::clone(&base)));
    });
    Some(base)
}

fn chunks(lexicon: &str, version: i64) -> Result<Vec<u8>, OutOfMemory> {
    let mut bytes = Vec::new();
    for number in 0.. {
        pgrx::check_for_interrupts!();
        let is_there = in_own_context(|| {
            own::CHUNK.read(
                &[lexicon.into(), version.into(), number.into()],
                |rows| match rows.get::<&[u8]>(0, 1) {
                    Some(chunk) => extend(&mut bytes, chunk).map(|()| true),
                    None => Ok(false),
                },
            )
        })?;
        if !is_there {
            break;
        }
    }
    Ok(bytes)
}

fn changes(definition: &Definition) -> Result<Delta, Raise> {
    own::DELTA.read(&[definition.name.as_str().into()], |rows| {
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
