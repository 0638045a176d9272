//! A stream as the database describes it: its name for SQL, its columns, its rejects table.

use std::sync::LazyLock;
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

use crate::error::Error;
use termstream_core::load::NumberFormat;
use termstream_core::record::Field;

/// A stream into which rows are copied.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// As the search_path of the connection shows it.
    pub name: String,
    /// Qualified and quoted for SQL.
    pub sql: String,
    pub columns: Vec<Column>,
    /// The table of its rejects, qualified and quoted for SQL, if it is there.
    pub rejects: Option<String>,
}

/// A column of a stream.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub has_default: bool,
    /// What stands for the point of a number, where the stream's format has another one.
    pub point: Option<char>,
}

/// Makes columns from names and from whether each has a default.
pub fn columns(names: Vec<String>, has_default: impl IntoIterator<Item = bool>) -> Vec<Column> {
    let has_default = has_default.into_iter().chain(std::iter::repeat(false));
    names
        .into_iter()
        .zip(has_default)
        .map(|(name, has_default)| Column {
            name,
            has_default,
            point: None,
        })
        .collect()
}

impl Column {
    /// The field to send for a row without this column: the default, or NULL.
    pub fn left_out(&self) -> Option<&'static str> {
        self.has_default.then_some(&LEFT_OUT)
    }
}

/// What stands for a value left out, in the rows that this process sends: drawn by chance, so that no text
/// is taken for it. COPY has no word for it before Postgres 16.
pub static LEFT_OUT: LazyLock<String> = LazyLock::new(|| {
    let mut bytes = [0; 16];
    // It fails where the system has no randomness, where no TLS would begin either.
    openssl::rand::rand_bytes(&mut bytes).expect("random bytes");
    format!("default-{:032x}", u128::from_ne_bytes(bytes))
});

/// Returns a field as it is sent.
pub fn sent(field: Field<'_>) -> Option<&[u8]> {
    match field {
        Field::LeftOut => Some(LEFT_OUT.as_bytes()),
        field => field.text(),
    }
}

const FIND: &str = "
WITH found AS (
    SELECT s.stream, s.formats, s.rejects, n.nspname, c.relname
      FROM termstream.streams s
      JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) s.stream
      JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
     WHERE s.stream OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)
), columns AS (
    SELECT a.attname::pg_catalog.text AS name, a.attnum,
           -- The first column has NULL for a default where it has none of its own.
           a.atthasdef AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef d
               WHERE d.adrelid OPERATOR(pg_catalog.=) a.attrelid AND d.adnum OPERATOR(pg_catalog.=) a.attnum
                 AND pg_catalog.pg_get_expr(d.adbin, d.adrelid) OPERATOR(pg_catalog.~~) 'NULL%') AS has_default
      FROM found
      JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) found.stream
       AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
)
SELECT stream::pg_catalog.text,
       pg_catalog.format('%I.%I', nspname, relname),
       ARRAY(SELECT name FROM columns ORDER BY attnum),
       ARRAY(SELECT has_default FROM columns ORDER BY attnum),
       ARRAY(SELECT formats OPERATOR(pg_catalog.->>) name FROM columns ORDER BY attnum),
       (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
         WHERE c.oid OPERATOR(pg_catalog.=) found.rejects)
  FROM found";

impl Inbox {
    /// Finds a stream by its name, written as in SQL: `menu`, `shop.menu`, `\"Menu\"`.
    pub async fn find(client: &impl GenericClient, name: &str) -> Result<Inbox, Error> {
        // The server raises an error for what is no name (too many dots), which counts as not found.
        let row = match client.query_typed_opt(FIND, &[(&name, Type::TEXT)]).await {
            Ok(row) => row,
            Err(error) if is_no_name(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let row = row.ok_or_else(|| Error::NoStream(name.to_owned()))?;
        let mut columns = columns(row.try_get(2)?, row.try_get::<_, Vec<bool>>(3)?);
        let formats: Vec<Option<String>> = row.try_get(4)?;
        for (column, format) in columns.iter_mut().zip(formats) {
            // Formats of dates and times are not number formats.
            let format = format.and_then(|format| NumberFormat::new(&format).ok());
            column.point = format.map(NumberFormat::point);
        }
        Ok(Inbox {
            name: row.try_get(0)?,
            sql: row.try_get(1)?,
            columns,
            rejects: row.try_get(5)?,
        })
    }
}

fn is_no_name(error: &tokio_postgres::Error) -> bool {
    error
        .code()
        .is_some_and(|code| ["42601", "42602", "0A000", "3D000"].contains(&code.code()))
}
