//! Creating, altering and dropping streams: the view, its triggers and tables.
//!
//! The view, the rejects table and the tables that the statement writes belong to the user who creates the
//! stream, not to the extension; pg_dump dumps them.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CString;

use super::definition::{StreamDefinition, not_a_stream};
use super::expressions::{self, Scope};
use super::name::RelationName;
use super::options::{Options, Settings};
use super::validation;
use super::{load_error, rejects_table, retention};
use crate::pg::catalog::{qualified_name, quote_identifier, quote_literal};
use crate::pg::column::{Column, parse_columns};
use crate::pg::error::Raise;
use crate::pg::parse::literal;
use crate::pg::position::{located, with_position};
use crate::pg::session::{self, Arg, Session, Snapshot};
use crate::pg::user::{acts_for, current_role, restricted};
use crate::tables;
use termstream_core::load::Limits;

/// A stream to be created.
pub struct NewStream<'a> {
    pub name: &'a RelationName,
    pub columns: &'a [Column],
    pub statement: &'a str,
    /// The search_path for the statement and the conditions, now and with each batch.
    pub search_path: String,
    pub lexicon: Option<&'a str>,
    pub pairs: Option<pg_sys::Oid>,
}

/// Creates a stream that runs the user's statement, and its rejects table.
pub fn create_stream(
    stream: &str,
    columns: &str,
    statement: &str,
    options: &Options,
) -> Result<(), Raise> {
    let columns = parse_columns(columns);
    session::connect(|session| {
        let name = RelationName::parse(session, stream)?;
        refuse_existing(session, &name)?;
        let new = NewStream {
            name: &name,
            columns: &columns,
            statement,
            search_path: pinned_path(session),
            lexicon: None,
            pairs: None,
        };
        create(session, &new, options)
    })
}

/// Checks that there is no relation of this name.
pub fn refuse_existing(session: &Session, name: &RelationName) -> Result<(), Raise> {
    if name.find(session).is_none() {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_DUPLICATE_TABLE,
        format!("relation \"{}\" already exists", name.name),
    )
    .hint("Choose another name, or drop it: a stream with termstream.drop_stream."))
}

/// Creates the stream, after everything was validated.
pub fn create(session: &Session, new: &NewStream, options: &Options) -> Result<(), Raise> {
    // Validated before `change`, which takes the values that remove a limit.
    Limits::new(options.reject_limit, options.reject_ratio).map_err(|error| load_error(&error))?;
    let settings = Settings::default().change(session, new.columns, options)?;
    let path = CString::new(new.search_path.as_str()).unwrap_or_default();
    restricted(current_role(), &path, || {
        validate(new.columns, new.statement, &settings)
    })?;
    let rejects = rejects_table::create(session, new.name)?;
    let view = create_view(session, new.name, new.columns)?;
    set_defaults(session, &new.name.sql(), new.columns, &settings);
    let list: Vec<String> = new.columns.iter().map(sql_column).collect();
    let mut args: Vec<Arg> = settings.to_args(session);
    args.extend([
        view.into(),
        list.join(", ").into(),
        new.statement.into(),
        new.search_path.as_str().into(),
        rejects.into(),
        new.lexicon.into(),
        new.pairs.into(),
    ]);
    tables::DROP_LOST_STREAMS.execute(&[]);
    retention::forget_lost();
    tables::ADD_STREAM.execute(&args);
    Ok(())
}

/// Changes options of a stream. Waits for running loads; new loads wait for it.
pub fn alter_stream(stream: &str, statement: Option<&str>, options: &Options) -> Result<(), Raise> {
    session::connect(|session| {
        let view = find_stream(session, stream)?;
        must_own(view, stream)?;
        lock(session, view);
        let definition = StreamDefinition::read(view)?;
        let settings = Settings::of(&definition).change(session, &definition.columns, options)?;
        let path = match statement {
            Some(_) => pinned_path(session),
            None => definition.search_path.to_string_lossy().into_owned(),
        };
        let statement = statement.unwrap_or(&definition.statement);
        let pinned = CString::new(path.as_str()).unwrap_or_default();
        restricted(definition.owner, &pinned, || {
            validate(&definition.columns, statement, &settings)?;
            if options.formats.is_some() {
                set_defaults(session, &definition.name, &definition.columns, &settings);
            }
            Ok::<(), Raise>(())
        })?;
        let mut args = settings.to_args(session);
        args.extend([view.into(), statement.into(), path.into()]);
        tables::ALTER_STREAM.execute(&args);
        Ok(())
    })
}

/// Drops a stream. What it has written stays, since it is the user's data; its rejects stay if
/// `keep_rejects`.
pub fn drop_stream(stream: &str, keep_rejects: bool) -> Result<(), Raise> {
    session::connect(|session| {
        let view = find_stream(session, stream)?;
        lock(session, view);
        // Only this of the definition, which may be unreadable: one of its types may have been dropped.
        let rejects = tables::REJECTS.run(&[view.into()], |row| row.get::<pg_sys::Oid>(0, 1));
        let rejects = rejects.and_then(qualified_name);
        session.execute(&format!("DROP VIEW {}", found_name(view)), &[]);
        if let (false, Some(rejects)) = (keep_rejects, rejects) {
            session.execute(&format!("DROP TABLE {rejects}"), &[]);
        }
        tables::DROP_STREAM.execute(&[view.into()]);
        tables::DROP_POSITIONS.execute(&[view.into()]);
        retention::forget_lost();
        Ok(())
    })
}

/// The view of the stream with this name.
pub fn find_stream(session: &Session, stream: &str) -> Result<pg_sys::Oid, Raise> {
    RelationName::parse(session, stream)?
        .find_on_path(session)
        .filter(|view| is_stream(*view))
        .ok_or_else(|| not_a_stream(stream))
}

/// The qualified and quoted name of a relation that was just found.
pub fn found_name(relation: pg_sys::Oid) -> String {
    qualified_name(relation).unwrap_or_else(|| relation.to_u32().to_string())
}

fn is_stream(view: pg_sys::Oid) -> bool {
    tables::IS_STREAM.run(&[view.into()], |rows| rows.len() == 1)
}

/// Checks that the current role has the right that COPY needs: INSERT on the stream. `doing` names the
/// operation in the hint.
pub fn must_feed(
    session: &Session,
    view: pg_sys::Oid,
    stream: &str,
    doing: &str,
) -> Result<(), Raise> {
    let query = "SELECT pg_catalog.has_table_privilege($1, 'INSERT')";
    if session
        .run(query, &[view.into()], Snapshot::Latest)
        .get(0, 1)
        == Some(true)
    {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("permission denied for stream {stream}"),
    )
    .hint(format!("{doing} needs INSERT on the stream.")))
}

/// Checks that the current role owns the stream; before locking, so that other roles never hold it up.
fn must_own(view: pg_sys::Oid, stream: &str) -> Result<(), Raise> {
    if crate::pg::catalog::owner(view).is_some_and(acts_for) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("must be owner of stream {stream}"),
    ))
}

/// Waits until no session loads the stream, and keeps others from beginning to, as ALTER TABLE does.
fn lock(session: &Session, view: pg_sys::Oid) {
    session.execute(
        &format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", found_name(view)),
        &[],
    );
}

/// The current search_path, without temporary schemas of the session.
fn pinned_path(session: &Session) -> String {
    let rows = session.run(
        "SELECT pg_catalog.current_schemas(false)::pg_catalog.text[]",
        &[],
        Snapshot::Latest,
    );
    let schemas: Vec<String> = rows.get(0, 1).unwrap_or_default();
    let lasting = schemas
        .iter()
        .filter(|schema| !schema.starts_with("pg_temp_"));
    let mut path: Vec<String> = lasting.map(|schema| quote_identifier(schema)).collect();
    path.push("pg_temp".to_owned());
    path.join(", ")
}

/// Has Postgres validate all SQL of the stream. Runs as the role and on the search_path that it will have.
fn validate(columns: &[Column], statement: &str, settings: &Settings) -> Result<(), Raise> {
    for column in columns {
        validate_default(column)?;
    }
    expressions::validate(Scope::Row, columns, &settings.checks)?;
    expressions::validate(Scope::Batch, columns, &settings.quality)?;
    validation::validate(columns, statement)
}

fn validate_default(column: &Column) -> Result<(), Raise> {
    const BEFORE: &str = "EXPLAIN SELECT CAST((";
    let Some(default) = &column.default else {
        return Ok(());
    };
    let query = format!("{BEFORE}{default}\n) AS {})", column.type_name());
    located(|| session::connect(|session| session.execute(&query, &[])))
        .map(|_| ())
        .map_err(|(error, at)| {
            with_position(error, at, default, BEFORE.len()).or_hint(|| {
                let name = &column.name;
                format!("The default of \"{name}\" is an SQL expression of its type that refers to no column.")
            })
        })
}

/// The definition of a column, as in CREATE TABLE.
pub fn sql_column(column: &Column) -> String {
    let default = match &column.default {
        Some(default) => format!(" DEFAULT {default}"),
        None => String::new(),
    };
    let not_null = if column.not_null { " NOT NULL" } else { "" };
    let name = quote_identifier(&column.name);
    format!("{name} {}{default}{not_null}", column.type_name())
}

/// Gives the view's columns their defaults, for rows that leave a column out; a row that says NULL gets
/// NULL. A default expression of the view would run as the role that inserts. So the view's default is a
/// mark (see `left_out`), for which the batch computes the default as the stream's owner. Only a string
/// constant is the view's own default.
fn set_defaults(session: &Session, view: &str, columns: &[Column], settings: &Settings) {
    for column in columns {
        let Some(default) = &column.default else {
            continue;
        };
        let constant = match column.type_oid {
            pg_sys::TEXTOID if !settings.has_format(column) => literal(default),
            _ => None,
        };
        let default = match constant {
            Some(constant) => quote_literal(&constant),
            None => "termstream.left_out()".to_owned(),
        };
        let name = quote_identifier(&column.name);
        session.execute(
            &format!("ALTER VIEW {view} ALTER COLUMN {name} SET DEFAULT {default}"),
            &[],
        );
    }
}

/// The type of a stream's first column: a domain over text that checks whether the stream's triggers fire.
const CHECKED_TEXT: &str = "termstream.field";

fn create_view(
    session: &Session,
    name: &RelationName,
    columns: &[Column],
) -> Result<pg_sys::Oid, Raise> {
    let view = name.sql();
    let texts: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(number, column)| {
            let column_type = if number == 0 {
                CHECKED_TEXT
            } else {
                "pg_catalog.text"
            };
            format!("NULL::{column_type} AS {}", quote_identifier(&column.name))
        })
        .collect();
    session.execute(
        &format!(
            "CREATE VIEW {view} AS SELECT {} WHERE false",
            texts.join(", ")
        ),
        &[],
    );
    // Makes Postgres check the domain for rows that leave the first column out, too.
    if let Some(first) = columns.first() {
        let first = quote_identifier(&first.name);
        session.execute(
            &format!("ALTER VIEW {view} ALTER COLUMN {first} SET DEFAULT NULL"),
            &[],
        );
    }
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
