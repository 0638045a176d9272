//! Names of relations as users write them: `menu`, `shop.menu`, `"Menu"`.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::pg::catalog::quote_identifier;
use crate::pg::error::Raise;
use crate::pg::session::{Session, Snapshot};

/// The longest name that Postgres does not truncate.
const MAX_BYTES: usize = pg_sys::NAMEDATALEN as usize - 1;

/// The name of a relation and its schema. The relation need not exist.
#[derive(Clone, Debug)]
pub struct RelationName {
    pub schema: String,
    pub name: String,
    /// Whether the user has written the schema.
    qualified: bool,
}

impl RelationName {
    /// Parses `text` as SQL would. Without a schema, it is the one in which new tables are created.
    pub fn parse(session: &Session, text: &str) -> Result<RelationName, Raise> {
        let row = session.run(
            "SELECT parts[1], parts[2], pg_catalog.current_schema()::pg_catalog.text,
                    pg_catalog.cardinality(parts)
               FROM pg_catalog.parse_ident($1) AS parts",
            &[text.into()],
            Snapshot::Latest,
        );
        let part = |column| row.get::<String>(0, column);
        match (part(1), part(2), part(3), row.get::<i32>(0, 4)) {
            (Some(schema), Some(name), _, Some(2)) => Ok(RelationName {
                schema,
                name,
                qualified: true,
            }),
            (Some(name), None, Some(schema), Some(1)) => Ok(RelationName {
                schema,
                name,
                qualified: false,
            }),
            (Some(_), None, None, _) => Err(Raise::new(
                PgSqlErrorCode::ERRCODE_INVALID_SCHEMA_NAME,
                "no schema has been selected to create in",
            )
            .hint("Write the name with its schema, or set search_path.")),
            _ => Err(Raise::new(
                PgSqlErrorCode::ERRCODE_INVALID_NAME,
                format!("\"{text}\" is not the name of a relation"),
            )
            .hint("Write it as in SQL: name or schema.name.")),
        }
    }

    /// The name with a suffix, for a table that belongs to a stream. A name that is too long is an error:
    /// Postgres would truncate it, and streams whose names begin alike would share the table.
    pub fn with_suffix(&self, suffix: &str) -> Result<RelationName, Raise> {
        let max = MAX_BYTES - suffix.len();
        if self.name.len() > max {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_NAME_TOO_LONG,
                format!("stream name \"{}\" is too long", self.name),
            )
            .detail(format!(
                "It has {} bytes, and the name of its rejects table is this name with \"{suffix}\" appended.",
                self.name.len()
            ))
            .hint(format!("Give it a name of at most {max} bytes.")));
        }
        Ok(RelationName {
            schema: self.schema.clone(),
            name: format!("{}{suffix}", self.name),
            qualified: true,
        })
    }

    /// The name, qualified and quoted for SQL.
    pub fn sql(&self) -> String {
        format!(
            "{}.{}",
            quote_identifier(&self.schema),
            quote_identifier(&self.name)
        )
    }

    /// The relation of this name in its schema, if there is one.
    pub fn find(&self, session: &Session) -> Option<pg_sys::Oid> {
        relation(session, &self.sql())
    }

    /// The relation that SQL would find by the name as the user wrote it, on the search_path if
    /// unqualified.
    pub fn find_on_path(&self, session: &Session) -> Option<pg_sys::Oid> {
        if self.qualified {
            return self.find(session);
        }
        relation(session, &quote_identifier(&self.name))
    }
}

fn relation(session: &Session, name: &str) -> Option<pg_sys::Oid> {
    session
        .run(
            "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid",
            &[name.into()],
            Snapshot::Latest,
        )
        .get(0, 1)
}
