//! Match streams: streams whose statement finds the terms of a lexicon, and writes pairs of a row's key and
//! a term's id.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::ddl::{NewStream, create, found_name, refuse_existing, sql_column};
use super::definition::not_a_stream;
use super::name::RelationName;
use super::options::Options;
use super::rejects_table::refuse_others_table;
use crate::lexicons;
use crate::pg::catalog::{
    column_names, column_type, is_temporary, quote_identifier, quote_literal,
};
use crate::pg::column::{Column, parse_columns};
use crate::pg::error::Raise;
use crate::pg::session::{self, Session, Snapshot};
use crate::pg::user::{SAFE_PATH, on_safe_path};

/// The arguments of `create_match_stream`.
pub struct NewMatchStream<'a> {
    pub stream: &'a str,
    pub columns: &'a str,
    pub lexicon: &'a str,
    pub key: &'a str,
    pub text_columns: Vec<String>,
    pub pairs: &'a str,
    pub options: Options<'a>,
}

/// Creates the stream, its rejects table, and the pairs table if there is none.
pub fn create_match_stream(new: &NewMatchStream) -> Result<(), Raise> {
    let mut columns = parse_columns(new.columns);
    let key = key_columns(new, &mut columns)?;
    for name in &new.text_columns {
        declared(&columns, name, "text_columns")?;
    }
    if new.text_columns.is_empty() {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            "text_columns is empty",
        )
        .hint("Name the columns whose text is searched, for example '{name,description}'."));
    }
    lexicons::current(new.lexicon)?;
    session::connect(|session| {
        let name = RelationName::parse(session, new.stream)?;
        let pairs = RelationName::parse(session, new.pairs)?;
        refuse_existing(session, &name)?;
        let pairs = match pairs.find_on_path(session) {
            Some(table) => check_pairs(session, table, &key)?,
            None => create_pairs(session, &pairs, &key)?,
        };
        let stream = NewStream {
            name: &name,
            columns: &columns,
            statement: &match_statement(new, &found_name(pairs), &columns, &key),
            // The statement qualifies all names, so it needs no schema in which another user may create
            // objects.
            search_path: SAFE_PATH.to_string_lossy().into_owned(),
            lexicon: Some(new.lexicon),
            pairs: Some(pairs),
        };
        create(session, &stream, &new.options)
    })
}

/// The columns of the key. They become NOT NULL, since the pairs table needs their values.
fn key_columns(new: &NewMatchStream, columns: &mut [Column]) -> Result<Vec<Column>, Raise> {
    let mut key = Vec::new();
    for name in listed(new.key) {
        declared(columns, &name, "key")?;
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

/// Splits a list of names at its commas; a name with a comma is quoted. An array literal is a list, too.
fn listed(names: &str) -> Vec<String> {
    let braced = names.trim().strip_prefix('{');
    let array = braced.and_then(|names| names.strip_suffix('}'));
    // In an array a quote is escaped by a backslash; in an SQL name it is doubled.
    let array = array.map(|names| names.replace("\\\"", "\"\"").replace("\\\\", "\\"));
    let names = array.as_deref().unwrap_or(names);
    let mut is_quoted = false;
    let between = names.split(|c| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    });
    let name = |name: &str| match name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_owned(),
    };
    between.map(str::trim).map(name).collect()
}

/// Checks that a column of the stream has this name.
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

/// The names as an SQL list of identifiers.
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

fn create_pairs(
    session: &Session,
    pairs: &RelationName,
    key: &[Column],
) -> Result<pg_sys::Oid, Raise> {
    let plain = |column: &Column| {
        sql_column(&Column {
            default: None,
            ..column.clone()
        })
    };
    let columns: Vec<String> = key.iter().map(plain).collect();
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

/// Finds a unique index over exactly these columns that ON CONFLICT can use.
const UNIQUE_KEY: &str = "
SELECT FROM pg_index i
 WHERE i.indrelid = $1 AND i.indisunique AND i.indimmediate AND i.indisvalid
   AND i.indpred IS NULL AND i.indexprs IS NULL
   AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
         WHERE a.attrelid = $1 AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
     = (SELECT array_agg(w ORDER BY w::name) FROM unnest($2) w)";

/// Checks that an existing pairs table has the columns, and a unique key over them.
fn check_pairs(
    session: &Session,
    table: pg_sys::Oid,
    key: &[Column],
) -> Result<pg_sys::Oid, Raise> {
    let pairs = found_name(table);
    refuse_others_table(table, "pairs table")?;
    if is_temporary(table) {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION,
            format!("pairs table {pairs} is temporary"),
        )
        .hint("Name a permanent table: a stream takes rows of all sessions."));
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
                "Its columns are: {}. A pairs table that does not exist is created.",
                column_names(table).join(", ")
            )));
        }
    }
    let names: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    let unique =
        on_safe_path(|| session.run(UNIQUE_KEY, &[table.into(), names.into()], Snapshot::Latest));
    if unique.is_empty() {
        let columns = list(wanted.iter().copied());
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_TABLE_DEFINITION,
            format!("pairs table {pairs} has no unique key over ({columns})"),
        )
        .detail("Without one, loading the same rows twice would store their pairs twice.")
        .hint(format!("ALTER TABLE {pairs} ADD PRIMARY KEY ({columns})")));
    }
    Ok(table)
}
