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
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::memory::in_own_context;
use crate::pg::session::{self, Mode};
use crate::pg::shared_file::SharedFile;
use crate::pg::user::as_extension_owner;

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
    as_extension_owner(|| {
        session::connect(|session| {
            for table in ["lexicon_base", "lexicon_chunk"] {
                session.execute(&delete_from(table), &[name.into()]);
            }
            for table in ["lexicon_delta", "lexicon_change"] {
                session.execute(
                    &format!(
                        "{} AND (xid = pg_current_xact_id()
                                 OR pg_visible_in_snapshot(xid, $2::pg_snapshot))",
                        delete_from(table)
                    ),
                    &[name.into(), seen.into()],
                );
            }
            let version = session.run(
                "INSERT INTO termstream.lexicon_base (lexicon, version, files)
                 VALUES ($1, hashtextextended(gen_random_uuid()::text, 0), $2) RETURNING version",
                &[name.into(), definition.files.into()],
                Mode::Write,
            );
            let version: i64 = version.get(0, 1).unwrap_or(0);
            let insert = session.prepare(
                "INSERT INTO termstream.lexicon_chunk VALUES ($1, $2, $3, $4)",
                &[
                    pg_sys::TEXTOID,
                    pg_sys::INT8OID,
                    pg_sys::INT4OID,
                    pg_sys::BYTEAOID,
                ],
            );
            for (number, bytes) in lexicon.to_bytes().chunks(CHUNK_BYTES).enumerate() {
                pgrx::check_for_interrupts!();
                insert.execute(|| {
                    [
                        name.into(),
                        version.into(),
                        (number as i32).into(),
                        bytes.into(),
                    ]
                });
            }
        });
    });
}

/// Removes the base and the changes since, for a lexicon that is small again, or dropped.
pub fn remove(lexicon: &str) {
    as_extension_owner(|| {
        session::connect(|session| {
            for table in [
                "lexicon_base",
                "lexicon_chunk",
                "lexicon_delta",
                "lexicon_change",
            ] {
                session.execute(&delete_from(table), &[lexicon.into()]);
            }
        });
    });
}

fn delete_from(table: &str) -> String {
    format!("DELETE FROM termstream.{table} WHERE lexicon = $1")
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
    as_extension_owner(|| {
        session::connect(|session| {
            let mut bytes = Vec::new();
            for number in 0.. {
                pgrx::check_for_interrupts!();
                let is_there = in_own_context(|| {
                    let chunk = session.run(
                        "SELECT bytes FROM termstream.lexicon_chunk
                          WHERE lexicon = $1 AND version = $2 AND number = $3",
                        &[lexicon.into(), version.into(), number.into()],
                        Mode::Read,
                    );
                    let chunk = chunk.get::<&[u8]>(0, 1);
                    chunk.map(|chunk| extend(&mut bytes, chunk)).transpose()
                })?;
                if is_there.is_none() {
                    break;
                }
            }
            Ok(bytes)
        })
    })
}

fn changes(definition: &Definition) -> Result<Delta, Raise> {
    as_extension_owner(|| {
        session::connect(|session| {
            let rows = session.run(
                "SELECT term_id, term, guard, max_distance, sum(change)
                   FROM termstream.lexicon_delta
                  WHERE lexicon = $1 AND term_id IS NOT NULL AND term IS NOT NULL
                  GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0 ORDER BY 1, 2",
                &[definition.name.as_str().into()],
                Mode::Read,
            );
            let mut delta = Delta::default();
            for number in 0..rows.len() {
                pgrx::check_for_interrupts!();
                let mut row = rows.cells(number);
                let (id, term) = (row.take().unwrap_or(0), row.take().unwrap_or_default());
                let options = term_options(definition, id, row.take(), row.take())?;
                // Equal rows count each: a term is there until the last of them is gone.
                let times: i64 = row.take().unwrap_or(0);
                let list = if times > 0 {
                    &mut delta.added
                } else {
                    &mut delta.removed
                };
                let changed =
                    std::iter::repeat_n((id, term, options), times.unsigned_abs() as usize);
                list.extend(changed);
            }
            Ok(delta)
        })
    })
}
