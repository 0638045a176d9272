//! The door: rows as CSV into a stream by `COPY … FROM STDIN`, in a transaction of the caller's.
//!
//! The caller owns the transaction, so that other statements (a position moved, a reject noted) are
//! committed with the rows, or not at all. A [`Copy`] that is dropped before its end fails on the
//! server, and with it the transaction: nothing is ever half committed.
//!
//! A stream is looked up once, by the search_path of the session, and is named with its schema from
//! then on: whatever a stream's statement may do to the session, the rows go where they were meant to.
//! Statements have no names, so that PgBouncer may hand each transaction to another session; tokio-postgres
//! gives one to COPY alone, and takes it back before the transaction ends.
//!
//! A connection on which a COPY was refused is out of step: tokio-postgres ends a COPY that never
//! began, and the server answers that, too. It must not be used again.

use bytes::Bytes;
use futures_util::SinkExt;
use serde::Serialize;
use std::pin::Pin;
use std::time::Instant;
use tokio_postgres::types::Type;
use tokio_postgres::{CopyInSink, GenericClient, Transaction};

use crate::error::Error;
use crate::metrics;
use crate::rows::Rejected;
use termstream::load::NumberFormat;
use termstream::record::LEFT_OUT;

/// A stream, as its doors need it.
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

/// Columns of these names, as many with a default as is told.
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
    /// What it gets of a row that lacks it: its default, or NULL.
    pub fn left_out(&self) -> Option<&'static str> {
        self.has_default.then_some(LEFT_OUT)
    }
}

/// What became of the rows of one or more loads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub load_id: i64,
    pub read: i64,
    pub taken: i64,
    pub rejected: i64,
    /// Rows that the stream's statement has written.
    pub pairs: i64,
    pub bytes: i64,
    /// The rejects by their stage, in the order of [`STAGES`].
    #[serde(skip)]
    pub stages: [i64; STAGES.len()],
}

/// Where a row can be rejected.
pub const STAGES: [&str; 6] = [
    "parse",
    "convert",
    "check",
    "statement",
    "quality",
    "predict",
];

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
    /// The stream of that name, written as in SQL: `menu`, `shop.menu`, `\"Menu\"`.
    pub async fn find(client: &impl GenericClient, name: &str) -> Result<Inbox, Error> {
        // A name that is none (a dot too many) is not found either, but for the server it is an error.
        let row = match client.query_typed_opt(FIND, &[(&name, Type::TEXT)]).await {
            Ok(row) => row,
            Err(error) if is_no_name(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let row = row.ok_or_else(|| Error::NoStream(name.to_owned()))?;
        let mut columns = columns(row.try_get(2)?, row.try_get::<_, Vec<bool>>(3)?);
        let formats: Vec<Option<String>> = row.try_get(4)?;
        for (column, format) in columns.iter_mut().zip(formats) {
            // Those of times are no formats of numbers.
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

/// A COPY under way.
pub struct Copy {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    inbox: Inbox,
    bytes: u64,
    started: Instant,
}

impl Copy {
    /// Begins a COPY of CSV without a header: the stream's columns in their order, NULL an unquoted
    /// empty field.
    pub async fn begin(transaction: &Transaction<'_>, inbox: &Inbox) -> Result<Copy, Error> {
        let started = Instant::now();
        let sink = transaction
            .copy_in(&format!("COPY {} FROM STDIN (FORMAT csv)", inbox.sql))
            .await?;
        Ok(Copy {
            sink: Box::pin(sink),
            inbox: inbox.clone(),
            bytes: 0,
            started,
        })
    }

    /// Sends bytes: any part of the CSV. Waits while the server is behind. What the server has against
    /// the rows is told by [`Copy::finish`].
    pub async fn send(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        Ok(self.sink.send(bytes).await?)
    }

    /// Ends the COPY and reads what the ledger has of it. Nothing is committed yet.
    pub async fn finish(mut self, client: &impl GenericClient) -> Result<Counts, Error> {
        self.sink.as_mut().finish().await?;
        metrics::copied(&self.inbox.name, self.bytes, self.started.elapsed());
        latest_load(client, &self.inbox).await
    }
}

/// The load that this session has just ended. Loads are numbered in order, and a session runs one COPY
/// at a time: it is the newest of this backend, found at the end of the primary key.
const LATEST: &str = "
SELECT load_id, read, taken, rejected, pairs, bytes,
       ARRAY[parse, convert, \"check\", statement, quality, predict]
  FROM termstream.loads
 WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
   AND relation OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)
 ORDER BY load_id DESC LIMIT 1";

pub async fn latest_load(client: &impl GenericClient, inbox: &Inbox) -> Result<Counts, Error> {
    let row = client
        .query_typed_one(LATEST, &[(&inbox.sql, Type::TEXT)])
        .await?;
    let by_stage: Vec<i64> = row.try_get(6)?;
    let mut stages = [0; STAGES.len()];
    stages
        .iter_mut()
        .zip(by_stage)
        .for_each(|(stage, rows)| *stage = rows);
    Ok(Counts {
        load_id: row.try_get(0)?,
        read: row.try_get(1)?,
        taken: row.try_get(2)?,
        rejected: row.try_get(3)?,
        pairs: row.try_get(4)?,
        bytes: row.try_get(5)?,
        stages,
    })
}

/// Copies chunks of CSV in one go.
pub async fn copy(
    transaction: &Transaction<'_>,
    inbox: &Inbox,
    chunks: impl IntoIterator<Item = Bytes>,
) -> Result<Counts, Error> {
    let mut copy = Copy::begin(transaction, inbox).await?;
    for chunk in chunks {
        copy.send(chunk).await?;
    }
    copy.finish(transaction).await
}

impl Counts {
    /// Counts of both; the load is the first one's.
    pub fn plus(self, other: Counts) -> Counts {
        Counts {
            load_id: self.load_id,
            read: self.read + other.read,
            taken: self.taken + other.taken,
            rejected: self.rejected + other.rejected,
            pairs: self.pairs + other.pairs,
            bytes: self.bytes + other.bytes,
            stages: std::array::from_fn(|stage| self.stages[stage] + other.stages[stage]),
        }
    }
}

/// Notes rows that could not be taken apart as rejects of the stream, in the same transaction: of a load
/// of it, or of one of their own. `line_format` tells how they are written, so that they can be retried.
pub async fn note_rejects(
    transaction: &Transaction<'_>,
    inbox: &Inbox,
    source: &str,
    rejects: &[Rejected],
    load_id: Option<i64>,
    line_format: Option<serde_json::Value>,
) -> Result<Counts, Error> {
    let lines: Vec<i64> = rejects.iter().map(|reject| reject.line).collect();
    let rows: Vec<&[u8]> = rejects.iter().map(|reject| reject.raw.as_slice()).collect();
    let codes: Vec<&str> = rejects.iter().map(|r| r.sqlstate.as_str()).collect();
    let messages: Vec<&str> = rejects.iter().map(|r| r.message.as_str()).collect();
    let noted = transaction
        .query_typed_one(
            "SELECT termstream.note_rejects($1, $2, $3, $4, $5, $6, line_format => $7, load_id => $8)",
            &[
                (&inbox.sql, Type::TEXT),
                (&source, Type::TEXT),
                (&lines, Type::INT8_ARRAY),
                (&rows, Type::BYTEA_ARRAY),
                (&codes, Type::TEXT_ARRAY),
                (&messages, Type::TEXT_ARRAY),
                (&line_format, Type::JSONB),
                (&load_id, Type::INT8),
            ],
        )
        .await?;
    let bytes: usize = rows.iter().map(|row| row.len()).sum();
    let mut stages = [0; STAGES.len()];
    stages[0] = rejects.len() as i64;
    Ok(Counts {
        load_id: noted.try_get(0)?,
        read: rejects.len() as i64,
        rejected: rejects.len() as i64,
        bytes: bytes as i64,
        stages,
        ..Counts::default()
    })
}
