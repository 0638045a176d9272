//! The definition of a lexicon, as the running statement sees it.

use pgrx::pg_sys;
use std::cell::Cell;

use super::triggers::state;
use super::{access, uncommitted};
use crate::pg::error::Raise;
use crate::pg::session::{self, Cells, Saved, Snapshot};
use crate::tables::noted;
use termstream_core::lexicon::{Overlap, Settings};

/// A lexicon's row in `termstream.lexicon`, checked against its source.
pub struct LexiconDefinition {
    pub name: String,
    pub source: pg_sys::Oid,
    pub id_column: String,
    pub term_column: String,
    pub guard_column: Option<String>,
    pub distance_column: Option<String>,
    pub common_words: String,
    /// Whether document frequencies were learned.
    pub learned: bool,
    pub settings: Settings,
    /// Equal for two statements if they see the same definition and the same terms.
    pub fingerprint: i64,
    /// A random number that distinguishes the lexicon from an earlier one of the same name.
    pub generation: i64,
    /// Whether all visible changes of the terms are committed, so that other sessions can see them too.
    pub is_committed: bool,
    /// The version of the stored compiled form, if every change since it was made is recorded term by term.
    pub base: Option<i64>,
    /// The number of terms in the stored form.
    pub base_terms: i64,
    /// Whether the running transaction has stored the base.
    pub base_is_uncommitted: bool,
    /// A hash of the source's state: the numbers of its columns (another column may take over a name), and
    /// what [`triggers`](super::triggers) hashes of the table.
    pub files: i64,
    /// Whether other tables inherit from the source. Their rows fire its triggers, but are not terms.
    pub has_children: bool,
}

const READ: &str = concat!(
    "
SELECT l.source::pg_catalog.oid, c.oid IS NOT NULL,
       l.id_column::pg_catalog.text, i.atttypid,
       l.term_column::pg_catalog.text, t.atttypid,
       l.guard_column::pg_catalog.text, g.atttypid = 'pg_catalog.bool'::pg_catalog.regtype,
       l.distance_column::pg_catalog.text,
       d.atttypid IN ('pg_catalog.int2'::pg_catalog.regtype, 'pg_catalog.int4'::pg_catalog.regtype,
                      'pg_catalog.int8'::pg_catalog.regtype),
       pg_catalog.has_column_privilege(c.oid, i.attnum, 'SELECT')
         AND pg_catalog.has_column_privilege(c.oid, t.attnum, 'SELECT')
         AND COALESCE(pg_catalog.has_column_privilege(c.oid, g.attnum, 'SELECT'), true)
         AND COALESCE(pg_catalog.has_column_privilege(c.oid, d.attnum, 'SELECT'), true),
       pg_catalog.row_security_active(c.oid),
       l.max_distance, l.whole_words, l.overlap, l.common_words, l.learned > 0,
       l.generation, n.tokens, n.detailed, n.committed,
       b.version, b.files, b.terms, b.xid = pg_catalog.pg_current_xact_id_if_assigned(),
       pg_catalog.hashtextextended(
         pg_catalog.concat_ws(' ', i.attnum, t.attnum, g.attnum, d.attnum), 0) # s.files,
       c.relkind IN ('r', 'p'), s.remote, s.logged, s.fits, c.relkind = 'r' AND c.relhassubclass
  FROM termstream.lexicon l
 CROSS JOIN LATERAL (
       SELECT pg_catalog.bit_xor(token), COALESCE(pg_catalog.bool_and(detailed), true),
              COALESCE(pg_catalog.bool_and(
                xid IS DISTINCT FROM pg_catalog.pg_current_xact_id_if_assigned()), true)
         FROM (",
    noted!(),
    ") AS noted
       ) AS n (tokens, detailed, committed)
  LEFT JOIN termstream.lexicon_base b ON b.lexicon = l.lexicon
  LEFT JOIN pg_catalog.pg_class c ON c.oid = l.source
  LEFT JOIN LATERAL (",
    state!(),
    ") AS s ON true
  LEFT JOIN pg_catalog.pg_attribute i
    ON i.attrelid = c.oid AND i.attname = l.id_column AND i.attnum > 0 AND NOT i.attisdropped
  LEFT JOIN pg_catalog.pg_attribute t
    ON t.attrelid = c.oid AND t.attname = l.term_column AND t.attnum > 0 AND NOT t.attisdropped
  LEFT JOIN pg_catalog.pg_attribute g
    ON g.attrelid = c.oid AND g.attname = l.guard_column AND g.attnum > 0 AND NOT g.attisdropped
  LEFT JOIN pg_catalog.pg_attribute d
    ON d.attrelid = c.oid AND d.attname = l.distance_column AND d.attnum > 0 AND NOT d.attisdropped
 WHERE l.lexicon = $1"
);

thread_local! {
    static VERSION_FITS: Cell<bool> = const { Cell::new(false) };
    static READ_DEFINITION: Saved = const { Saved::new(READ, &[pg_sys::TEXTOID]) };
}

impl LexiconDefinition {
    /// Reads the definition of `lexicon` as the running statement sees it.
    ///
    /// # Errors
    /// There is no such lexicon, its source no longer fits, or the current role may not read it.
    pub fn read(lexicon: &str) -> Result<LexiconDefinition, Raise> {
        if !VERSION_FITS.get() {
            access::check_version()?;
            VERSION_FITS.set(true);
        }
        session::connect(|session| {
            let rows =
                READ_DEFINITION.with(|read| read.run(session, &[lexicon.into()], Snapshot::Active));
            if rows.is_empty() {
                return Err(access::unknown(lexicon));
            }
            LexiconDefinition::from_row(lexicon, rows.cells(0))
        })
    }

    /// Checks a row of [`READ`], in the order of its columns.
    fn from_row(lexicon: &str, mut row: Cells<'_>) -> Result<LexiconDefinition, Raise> {
        let source: pg_sys::Oid = row.take().unwrap_or(pg_sys::InvalidOid);
        access::check_source(lexicon, row.take() == Some(true))?;
        let (id_column, id_type) = required_column(lexicon, &mut row)?;
        access::check_id_type(&id_column, id_type)?;
        let (term_column, term_type) = required_column(lexicon, &mut row)?;
        access::check_term_type(&term_column, term_type)?;
        let guard_column = optional_column(lexicon, &mut row)?;
        let distance_column = optional_column(lexicon, &mut row)?;
        access::check_rights(lexicon, source, row.take() == Some(true))?;
        access::check_policies(lexicon, source, row.take() == Some(true))?;
        let settings = settings(&mut row);
        let common_words = row.take().unwrap_or_default();
        let learned = row.take().unwrap_or(false);
        let generation: i64 = row.take().unwrap_or(0);
        let tokens: i64 = row.take().unwrap_or(0);
        let detailed = row.take().unwrap_or(false);
        let is_committed = row.take().unwrap_or(false);
        let version: Option<i64> = row.take();
        let base_files: Option<i64> = row.take();
        let base_terms: i64 = row.take().unwrap_or(0);
        let base_is_uncommitted = row.take() == Some(true);
        let files: i64 = row.take().unwrap_or(0);
        access::check_kind(lexicon, source, row.take() == Some(true))?;
        access::check_foreign(lexicon, row.take::<String>().as_deref())?;
        access::check_logged(lexicon, source, row.take() == Some(true))?;
        access::check_triggers(lexicon, source, row.take() == Some(true))?;
        let has_children = row.take() == Some(true);
        // The changes of this transaction are one row, however many there are.
        let stamp = if is_committed {
            0
        } else {
            uncommitted::stamp(lexicon)
        };
        Ok(LexiconDefinition {
            name: lexicon.to_owned(),
            source,
            id_column,
            term_column,
            guard_column,
            distance_column,
            common_words,
            learned,
            settings,
            fingerprint: generation ^ tokens ^ files ^ version.unwrap_or(0) ^ stamp,
            generation,
            is_committed,
            base: version.filter(|_| detailed && base_files == Some(files)),
            base_terms,
            base_is_uncommitted,
            files,
            has_children,
        })
    }
}

/// The settings of the lexicon.
fn settings(row: &mut Cells<'_>) -> Settings {
    let max_distance = row.take::<i32>().and_then(|edits| u8::try_from(edits).ok());
    let whole_words = row.take().unwrap_or(true);
    let overlap = row.take::<String>();
    Settings {
        max_distance,
        whole_words,
        overlap: overlap
            .and_then(|overlap| overlap.parse().ok())
            .unwrap_or(Overlap::Longest),
    }
}

/// The name and type of a column that every lexicon has.
fn required_column(lexicon: &str, row: &mut Cells<'_>) -> Result<(String, pg_sys::Oid), Raise> {
    let column: String = row.take().unwrap_or_default();
    let column_type: Option<pg_sys::Oid> = row.take();
    access::check_column(lexicon, &column, column_type.is_some())?;
    Ok((column, column_type.unwrap_or(pg_sys::InvalidOid)))
}

/// The name of a column that the lexicon may have.
fn optional_column(lexicon: &str, row: &mut Cells<'_>) -> Result<Option<String>, Raise> {
    let (column, fits): (Option<String>, Option<bool>) = (row.take(), row.take());
    if let Some(column) = &column {
        access::check_column(lexicon, column, fits.is_some())?;
        access::check_option_type(lexicon, column, fits == Some(true))?;
    }
    Ok(column)
}
