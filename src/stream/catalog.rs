//! Streams in the catalog: the view, its triggers and tables, made and dropped together.
//!
//! View, pairs and rejects are objects of the user who makes the stream: he owns them, pg_dump dumps
//! them, and nothing of them belongs to the extension.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::definition::not_a_stream;
use super::name::RelationName;
use super::rejects_table;
use crate::load::OnError;
use crate::pg::catalog::{
    column_names, column_type, is_temporary, qualified_name, quote_identifier, quote_literal,
};
use crate::pg::definition::{Column, parse_columns};
use crate::pg::error::Raise;
use crate::pg::session::{self, Mode, Session};
use crate::pg::user::{as_extension_owner, on_safe_path};
use crate::registry;

/// What `create_match_stream` is asked for.
pub struct NewMatchStream<'a> {
    pub stream: &'a str,
    pub columns: &'a str,
    pub lexicon: &'a str,
    pub key: &'a str,
    pub text_columns: Vec<String>,
    pub pairs: &'a str,
    pub on_error: &'a str,
    pub batch_rows: i32,
}

/// The largest batch: what fits in memory with rows of a few hundred bytes.
const MAX_BATCH_ROWS: i32 = 1_000_000;

/// Makes the stream, its rejects table, and the pairs table if there is none.
pub fn create_match_stream(new: &NewMatchStream) -> Result<(), Raise> {
    let on_error: OnError = new
        .on_error
        .parse()
        .map_err(|error: crate::load::Error| invalid(error.to_string()))?;
    if !(1..=MAX_BATCH_ROWS).contains(&new.batch_rows) {
        return Err(
            invalid(format!("batch_rows {} is out of range", new.batch_rows))
                .hint(format!("Give a number from 1 to {MAX_BATCH_ROWS}.")),
        );
    }
    let mut columns = parse_columns(new.columns);
    let key = key_columns(new, &mut columns)?;
    for name in &new.text_columns {
        declared(&columns, name, "text_columns")?;
    }
    if new.text_columns.is_empty() {
        return Err(invalid("text_columns is empty".into())
            .hint("Name the columns whose text is searched, for example '{name,description}'."));
    }
    registry::current(new.lexicon)?;
    session::connect(|session| {
        let name = RelationName::parse(session, new.stream)?;
        let pairs = RelationName::parse(session, new.pairs)?;
        if name.find(session).is_some() {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_DUPLICATE_TABLE,
                format!("relation \"{}\" already exists", name.name),
            )
            .hint("Choose another name, or drop it: a stream with termstream.drop_stream."));
        }
        let pairs_oid = match pairs.find_on_path(session) {
            Some(table) => check_pairs(session, table, &key)?,
            None => create_pairs(session, &pairs, &key)?,
        };
        let pairs = found_name(pairs_oid);
        let rejects = rejects_table::create(session, &name)?;
        let view = create_view(session, &name, &columns)?;
        let statement = match_statement(new, &pairs, &columns, &key);
        let list: Vec<String> = columns.iter().map(sql_column).collect();
        as_extension_owner(|| {
            session.execute(
                "DELETE FROM termstream.stream s WHERE NOT EXISTS
                (SELECT FROM pg_class WHERE pg_class.oid = s.stream)",
                &[],
            );
            session.execute(
                "INSERT INTO termstream.stream (stream, columns, statement, search_path, rejects,
                        on_error, batch_rows, lexicon, pairs)
                 VALUES ($1::regclass, $2, $3, 'pg_catalog, pg_temp', $4::regclass, $5, $6, $7,
                         $8::regclass)",
                &[
                    view.into(),
                    list.join(", ").into(),
                    statement.into(),
                    rejects.into(),
                    on_error.as_str().into(),
                    new.batch_rows.into(),
                    new.lexicon.into(),
                    pairs_oid.into(),
                ],
            )
        });
        Ok(())
    })
}

/// Drops a stream. Its pairs and its rejects stay: they are the user's data.
pub fn drop_stream(stream: &str) -> Result<(), Raise> {
    session::connect(|session| {
        let name = RelationName::parse(session, stream)?;
        let view = name
            .find_on_path(session)
            .filter(|view| is_stream(session, *view));
        let Some(view) = view else {
            return Err(not_a_stream(stream));
        };
        session.execute(&format!("DROP VIEW {}", found_name(view)), &[]);
        as_extension_owner(|| {
            session.execute(
                "DELETE FROM termstream.stream WHERE stream::oid = $1",
                &[view.into()],
            )
        });
        Ok(())
    })
}

/// The stream of that name, for the doors that are told a name.
pub fn find_stream(session: &Session, stream: &str) -> Result<pg_sys::Oid, Raise> {
    RelationName::parse(session, stream)?
        .find_on_path(session)
        .filter(|view| is_stream(session, *view))
        .ok_or_else(|| not_a_stream(stream))
}

/// The name for SQL of a relation that was just found.
fn found_name(relation: pg_sys::Oid) -> String {
    qualified_name(relation).unwrap_or_else(|| relation.to_u32().to_string())
}

fn is_stream(session: &Session, view: pg_sys::Oid) -> bool {
    let query = "SELECT FROM termstream.stream WHERE stream = $1";
    let found = on_safe_path(|| session.run(query, &[view.into()], Mode::Write));
    found.len() == 1
}

/// The key's columns, which a pair cannot do without: they become NOT NULL.
fn key_columns(new: &NewMatchStream, columns: &mut [Column]) -> Result<Vec<Column>, Raise> {
    let mut key = Vec::new();
    for name in new.key.split(',').map(str::trim) {
        let name = name
            .strip_prefix('"')
            .and_then(|n| n.strip_suffix('"'))
            .unwrap_or(name);
        declared(columns, name, "key")?;
        if key.iter().any(|column: &Column| column.name == name) {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_DUPLICATE_COLUMN,
                format!("key: column \"{name}\" is named twice"),
            ));
        }
        for column in columns.iter_mut().filter(|column| column.name == name) {
            column.not_null = true;
            key.push(column.clone());
        }
    }
    Ok(key)
}

fn declared(columns: &[Column], name: &str, argument: &str) -> Result<(), Raise> {
    if columns.iter().any(|column| column.name == name) {
        return Ok(());
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
        format!("{argument}: column \"{name}\" is not declared"),
    )
    .hint(format!("The declared columns are: {}.", names.join(", "))))
}

fn sql_column(column: &Column) -> String {
    let not_null = if column.not_null { " NOT NULL" } else { "" };
    format!(
        "{} {}{not_null}",
        quote_identifier(&column.name),
        column.type_name()
    )
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(quote_identifier).collect::<Vec<_>>().join(", ")
}

/// The statement that each batch runs.
fn match_statement(
    new: &NewMatchStream,
    pairs: &str,
    columns: &[Column],
    key: &[Column],
) -> String {
    let names = list(key.iter().map(|column| column.name.as_str()));
    let keys: Vec<String> = key
        .iter()
        .map(|column| format!("b.{}", quote_identifier(&column.name)))
        .collect();
    let texts: Vec<String> = columns
        .iter()
        .filter(|column| new.text_columns.contains(&column.name))
        .map(|column| {
            let cast = if column.is_text() { "" } else { "::text" };
            format!("b.{}{cast}", quote_identifier(&column.name))
        })
        .collect();
    format!(
        "INSERT INTO {pairs} ({names}, term_id)\n\
         SELECT {}, termstream.match_ids({}, {})\n  \
           FROM batch b\n\
         ON CONFLICT DO NOTHING",
        keys.join(", "),
        quote_literal(new.lexicon),
        texts.join(", "),
    )
}

fn create_view(
    session: &Session,
    name: &RelationName,
    columns: &[Column],
) -> Result<pg_sys::Oid, Raise> {
    let view = name.sql();
    let texts: Vec<String> = columns
        .iter()
        .map(|column| {
            format!(
                "NULL::pg_catalog.text AS {}",
                quote_identifier(&column.name)
            )
        })
        .collect();
    session.execute(
        &format!(
            "CREATE VIEW {view} AS SELECT {} WHERE false",
            texts.join(", ")
        ),
        &[],
    );
    for (trigger, moment) in [
        (
            "termstream_begin",
            "BEFORE INSERT ON {view} FOR EACH STATEMENT",
        ),
        ("termstream_row", "INSTEAD OF INSERT ON {view} FOR EACH ROW"),
        (
            "termstream_end",
            "AFTER INSERT ON {view} FOR EACH STATEMENT",
        ),
    ] {
        let moment = moment.replace("{view}", &view);
        session.execute(
            &format!("CREATE TRIGGER {trigger} {moment} EXECUTE FUNCTION termstream.take_rows()"),
            &[],
        );
    }
    session.execute(
        &format!(
            "COMMENT ON VIEW {view} IS 'stream: rows inserted here run the statement that termstream.streams shows'"
        ),
        &[],
    );
    name.find(session).ok_or_else(|| not_a_stream(&name.name))
}

fn create_pairs(
    session: &Session,
    pairs: &RelationName,
    key: &[Column],
) -> Result<pg_sys::Oid, Raise> {
    let columns: Vec<String> = key.iter().map(sql_column).collect();
    session.execute(
        &format!(
            "CREATE TABLE {} ({}, term_id pg_catalog.int8 NOT NULL, PRIMARY KEY ({}, term_id))",
            pairs.sql(),
            columns.join(", "),
            list(key.iter().map(|column| column.name.as_str())),
        ),
        &[],
    );
    pairs.find(session).ok_or_else(|| not_a_stream(&pairs.name))
}

/// A unique key over just these columns that ON CONFLICT can use.
const UNIQUE_KEY: &str = "
SELECT FROM pg_index i
 WHERE i.indrelid = $1 AND i.indisunique AND i.indimmediate AND i.indisvalid
   AND i.indpred IS NULL AND i.indexprs IS NULL
   AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
         WHERE a.attrelid = $1 AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
     = (SELECT array_agg(w ORDER BY w::name) FROM unnest($2) w)";

/// A pairs table that is already there must have the columns, and a key that keeps pairs single.
fn check_pairs(
    session: &Session,
    table: pg_sys::Oid,
    key: &[Column],
) -> Result<pg_sys::Oid, Raise> {
    let pairs = found_name(table);
    if is_temporary(table) {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION,
            format!("pairs table {pairs} is temporary"),
        )
        .hint("A stream takes rows of every session: name a permanent table."));
    }
    let wanted: Vec<&str> = key
        .iter()
        .map(|column| column.name.as_str())
        .chain(["term_id"])
        .collect();
    for column in &wanted {
        if column_type(table, column).is_none() {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
                format!("pairs table {pairs} has no column \"{column}\""),
            )
            .hint(format!(
                "It has: {}. Name a table that does not exist, and it is made.",
                column_names(table).join(", ")
            )));
        }
    }
    let names: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    let unique =
        on_safe_path(|| session.run(UNIQUE_KEY, &[table.into(), names.into()], Mode::Write));
    if unique.is_empty() {
        let columns = list(wanted.iter().copied());
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION,
            format!("pairs table {pairs} has no unique key over ({columns})"),
        )
        .detail("Without one the same rows loaded twice would double the pairs.")
        .hint(format!("ALTER TABLE {pairs} ADD PRIMARY KEY ({columns})")));
    }
    Ok(table)
}

fn invalid(message: String) -> Raise {
    Raise::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, message)
}
