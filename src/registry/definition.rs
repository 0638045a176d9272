//! What a lexicon is, as the running statement sees it, and whether the current role may use it.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::lexicon::{Overlap, Settings};
use crate::pg::catalog;
use crate::pg::error::Raise;
use crate::pg::session::{self, Mode, Saved};

/// A lexicon's row in `termstream.lexicon`, checked against its source.
pub struct Definition {
    pub name: String,
    pub source: pg_sys::Oid,
    pub id_column: String,
    pub term_column: String,
    pub guard_column: Option<String>,
    pub distance_column: Option<String>,
    pub common_words: String,
    pub learned: bool,
    pub settings: Settings,
    /// Equal for two statements that see the same definition and the same terms.
    pub fingerprint: i64,
}

// The fingerprint holds the definition (generation), the changes noted by the triggers, which columns
// they are (another one may take over the name), and the files of the source: TRUNCATE and a rewriting
// ALTER TABLE show there. Of a partition also its row in pg_inherits: what was detached, changed and
// attached again has a new one.
const READ: &str = "
SELECT l.source::pg_catalog.oid, l.id_column::pg_catalog.text, l.term_column::pg_catalog.text,
       l.max_distance, l.whole_words, l.overlap,
       c.oid IS NOT NULL,
       i.atttypid, t.atttypid,
       pg_catalog.has_column_privilege(c.oid, i.attnum, 'SELECT')
         AND pg_catalog.has_column_privilege(c.oid, t.attnum, 'SELECT')
         AND COALESCE(pg_catalog.has_column_privilege(c.oid, g.attnum, 'SELECT'), true)
         AND COALESCE(pg_catalog.has_column_privilege(c.oid, d.attnum, 'SELECT'), true),
       pg_catalog.row_security_active(c.oid),
       l.generation
         # COALESCE((SELECT pg_catalog.bit_xor(n.token) FROM termstream.lexicon_change n
                     WHERE n.lexicon = l.lexicon), 0)
         # pg_catalog.hashtextextended(
             pg_catalog.concat_ws(' ', i.attnum, t.attnum, g.attnum, d.attnum), 0)
         # CASE c.relkind
             WHEN 'p' THEN COALESCE(
               (SELECT pg_catalog.bit_xor(pg_catalog.hashtextextended(
                         pg_catalog.concat_ws(' ', p.oid, p.relfilenode, h.xmin, h.ctid), 0))
                  FROM pg_catalog.pg_partition_tree(c.oid) AS tree
                  JOIN pg_catalog.pg_class p ON p.oid = tree.relid
                  LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = tree.relid), 0)
             ELSE COALESCE(pg_catalog.hashint8extended(
                         c.oid::pg_catalog.int8, c.relfilenode::pg_catalog.int8), 0)
           END,
       l.guard_column::pg_catalog.text, g.atttypid = 'pg_catalog.bool'::pg_catalog.regtype,
       l.distance_column::pg_catalog.text,
       d.atttypid IN ('pg_catalog.int2'::pg_catalog.regtype, 'pg_catalog.int4'::pg_catalog.regtype,
                      'pg_catalog.int8'::pg_catalog.regtype),
       l.common_words, l.learned > 0
  FROM termstream.lexicon l
  LEFT JOIN pg_catalog.pg_class c ON c.oid = l.source
  LEFT JOIN pg_catalog.pg_attribute i
    ON i.attrelid = c.oid AND i.attname = l.id_column AND i.attnum > 0 AND NOT i.attisdropped
  LEFT JOIN pg_catalog.pg_attribute t
    ON t.attrelid = c.oid AND t.attname = l.term_column AND t.attnum > 0 AND NOT t.attisdropped
  LEFT JOIN pg_catalog.pg_attribute g
    ON g.attrelid = c.oid AND g.attname = l.guard_column AND g.attnum > 0 AND NOT g.attisdropped
  LEFT JOIN pg_catalog.pg_attribute d
    ON d.attrelid = c.oid AND d.attname = l.distance_column AND d.attnum > 0 AND NOT d.attisdropped
 WHERE l.lexicon = $1";

thread_local! {
    static READ_DEFINITION: Saved = const { Saved::new(READ, &[pg_sys::TEXTOID]) };
}

impl Definition {
    /// Reads the definition of `lexicon` as the running statement sees it.
    pub fn read(lexicon: &str) -> Result<Definition, Raise> {
        session::connect(|session| {
            let row = READ_DEFINITION.with(|read| read.run(session, &[lexicon.into()], Mode::Read));
            if row.len() == 0 {
                return Err(unknown(lexicon));
            }
            let missing = |column: &String| {
                Raise::new(
                    PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
                    format!(
                        "the source of lexicon \"{lexicon}\" has no column \"{column}\" any more"
                    ),
                )
                .hint("Rename the column back, or drop the lexicon and create it anew.")
            };
            let source: pg_sys::Oid = row.get(0, 1).unwrap_or(pg_sys::InvalidOid);
            let id_column: String = row.get(0, 2).unwrap_or_default();
            let term_column: String = row.get(0, 3).unwrap_or_default();
            if row.get(0, 7) != Some(true) {
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
                    format!("the source table of lexicon \"{lexicon}\" was dropped"),
                )
                .hint(
                    "Create the table again and the lexicon anew, or call termstream.drop_lexicon.",
                ));
            }
            let Some(id_type) = row.get::<pg_sys::Oid>(0, 8) else {
                return Err(missing(&id_column));
            };
            let Some(term_type) = row.get::<pg_sys::Oid>(0, 9) else {
                return Err(missing(&term_column));
            };
            check_term_type(&term_column, term_type)?;
            let (guard_column, distance_column) = (row.get(0, 13), row.get(0, 15));
            for (column, there) in [(&guard_column, 14), (&distance_column, 16)] {
                if let Some(column) = column
                    && row.get(0, there) != Some(true)
                {
                    return Err(missing(column));
                }
            }
            check_id_type(&id_column, id_type)?;
            let table = catalog::qualified_name(source).unwrap_or_else(|| source.to_string());
            if row.get(0, 10) != Some(true) {
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                    format!("permission denied for lexicon \"{lexicon}\""),
                )
                .detail(format!(
                    "Using it takes the right to read its source, {table}."
                ))
                .hint(format!(
                    "Ask the owner of the table to GRANT SELECT ON {table}."
                )));
            }
            if row.get(0, 11) == Some(true) {
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                    format!("lexicon \"{lexicon}\" cannot be used under row-level security"),
                )
                .detail(format!(
                    "Policies on {table} hide rows from the current role, and a lexicon is compiled once for all."
                ))
                .hint("Make the lexicon from a table that holds just the terms this role may see."));
            }
            let settings = Settings {
                max_distance: row
                    .get::<i32>(0, 4)
                    .and_then(|edits| u8::try_from(edits).ok()),
                whole_words: row.get(0, 5).unwrap_or(true),
                overlap: row
                    .get::<String>(0, 6)
                    .and_then(|overlap| overlap.parse().ok())
                    .unwrap_or(Overlap::Longest),
            };
            Ok(Definition {
                name: lexicon.to_owned(),
                source,
                id_column,
                term_column,
                guard_column,
                distance_column,
                common_words: row.get(0, 17).unwrap_or_default(),
                learned: row.get(0, 18).unwrap_or(false),
                settings,
                fingerprint: row.get(0, 12).unwrap_or(0),
            })
        })
    }
}

/// Ids are whole numbers: they are returned as bigint.
pub fn check_id_type(column: &str, id_type: pg_sys::Oid) -> Result<(), Raise> {
    if [pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID].contains(&id_type) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column \"{column}\" cannot hold the ids of a lexicon"),
    )
    .detail("Ids are smallint, integer or bigint.")
    .hint("Give the table an integer key, for example \"id bigint GENERATED ALWAYS AS IDENTITY\"."))
}

/// Terms are read by whoever matches, with his rights: that must not run code of the table's owner.
pub fn check_term_type(column: &str, term_type: pg_sys::Oid) -> Result<(), Raise> {
    if catalog::is_base_type(term_type) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("column \"{column}\" cannot hold the terms of a lexicon"),
    )
    .detail("Terms are text, or of another base type, or of a domain over one.")
    .hint("Add a column of type text, generated from this one where that helps."))
}

/// The error for a lexicon that does not exist, naming those that do.
pub fn unknown(lexicon: &str) -> Raise {
    let known = known_lexicons();
    let hint = if known.is_empty() {
        "There is none yet: make one with termstream.create_lexicon.".to_owned()
    } else {
        format!("Known lexicons: {}.", known.join(", "))
    };
    Raise::new(
        PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        format!("lexicon \"{lexicon}\" does not exist"),
    )
    .hint(hint)
}

/// The names of the lexicons there are, quoted, at most twenty.
pub fn known_lexicons() -> Vec<String> {
    session::connect(|session| {
        let rows = session.run(
            "SELECT lexicon FROM termstream.lexicon ORDER BY lexicon LIMIT 20",
            &[],
            Mode::Read,
        );
        (0..rows.len())
            .filter_map(|row| rows.get::<String>(row, 1))
            .map(|name| format!("\"{name}\""))
            .collect()
    })
}
