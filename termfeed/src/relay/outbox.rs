//! The rows to relay, and how far they were delivered, both in the database.
//!
//! An outbox is a table, or a view that can be updated: a row leaves it by its mark, so that a row
//! committed late, with an id below those already sent, is sent all the same. With a cursor nothing is
//! marked, nor in the rejects of a stream: the rows are those above a position, which moves. There
//! a late row would be jumped over, and so a batch ends at the newest row seen, and is read when
//! all who were writing then have ended (as `CREATE INDEX CONCURRENTLY` waits for them:
//! `WaitForLockers` in Postgres's lmgr.c).

use serde_json::Value;
use tokio_postgres::{Client, GenericClient};

use crate::error::Error;
use crate::inbox::{Inbox, columns};
use crate::positions::{self, Part, Step};

/// A row to send.
pub struct Row {
    pub id: i64,
    pub key: Option<String>,
    pub payload: Option<Vec<u8>>,
    pub headers: Option<Value>,
}

/// Which rows to relay.
#[derive(Clone)]
pub enum Rows {
    /// The rows of a table or view that are not marked as delivered.
    Marked(String),
    /// The rows of a table or view whose value in this column is above the last one that was sent.
    Above(String, String),
    /// The rejects of a stream, as dead letters.
    Rejects(String),
}

/// A table or view whose columns are known.
pub struct Outbox {
    relation: Inbox,
    /// The stream to which the position belongs.
    owner: Inbox,
    /// The name of the position.
    source: String,
    cursor: Option<Cursor>,
    /// The expressions for key, payload and headers.
    selected: String,
    error: bool,
}

struct Cursor {
    column: String,
    position: Option<i64>,
    /// The newest row seen, and the transactions that were writing at that time.
    horizon: Option<(i64, Vec<String>)>,
}

const FIND: &str = "
SELECT c.oid::pg_catalog.regclass::pg_catalog.text,
       pg_catalog.format('%I.%I', n.nspname, c.relname),
       ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = pg_catalog.to_regclass($1)";

/// Lists the other transactions that may be writing to the relation or a relation below it.
const WRITERS: &str = "
WITH RECURSIVE beneath (oid) AS (
    SELECT pg_catalog.to_regclass($1)::pg_catalog.oid
    UNION
    SELECT d.oid FROM beneath b CROSS JOIN LATERAL (
        SELECT p.refobjid FROM pg_catalog.pg_rewrite r
          JOIN pg_catalog.pg_depend p ON p.objid = r.oid
         WHERE r.ev_class = b.oid AND p.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
           AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        UNION ALL
        SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = b.oid) d (oid))
SELECT DISTINCT l.virtualtransaction FROM pg_catalog.pg_locks l JOIN beneath b ON b.oid = l.relation
 WHERE l.locktype = 'relation' AND l.granted AND l.mode IN ('RowExclusiveLock',
           'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
   AND l.database = (SELECT oid FROM pg_catalog.pg_database
                      WHERE datname = pg_catalog.current_database())
   AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()";

impl Cursor {
    fn new(column: &str) -> Cursor {
        Cursor {
            column: column.to_owned(),
            position: None,
            horizon: None,
        }
    }
}

async fn find(client: &Client, name: &str) -> Result<Inbox, Error> {
    let found = client.query_opt(FIND, &[&name]).await?;
    let found =
        found.ok_or_else(|| Error::Settings(format!("there is no table or view \"{name}\"")))?;
    Ok(Inbox {
        name: found.try_get(0)?,
        sql: found.try_get(1)?,
        columns: columns(found.try_get(2)?, []),
        rejects: None,
    })
}

impl Outbox {
    /// Opens the relation. Only one relay at a time gets it; the others get `None`.
    pub async fn open(client: &Client, rows: &Rows, topic: &str) -> Result<Option<Outbox>, Error> {
        let source = format!("relay:{topic}");
        let mut outbox = match rows {
            Rows::Marked(name) => Outbox::of_table(find(client, name).await?, None, source)?,
            Rows::Above(name, column) => {
                Outbox::of_table(find(client, name).await?, Some(column), source)?
            }
            Rows::Rejects(stream) => Outbox::of_rejects(client, stream, source).await?,
        };
        let lock = format!("termfeed relay {} {topic}", outbox.relation.sql);
        let mine: bool = client
            .query_one(
                "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 0))",
                &[&lock],
            )
            .await?
            .try_get(0)?;
        if outbox.cursor.is_some() {
            let position = positions::next(client, &outbox.owner, &outbox.part()).await?;
            if let Some(cursor) = &mut outbox.cursor {
                cursor.position = position;
            }
        }
        Ok(mine.then_some(outbox))
    }

    fn of_table(relation: Inbox, cursor: Option<&str>, source: String) -> Result<Outbox, Error> {
        let has = |column: &str| relation.columns.iter().any(|one| one.name == column);
        let needed = match cursor {
            Some(cursor) => [cursor, "key", "payload"],
            None => ["id", "payload", "delivered"],
        };
        if let Some(missing) = needed.into_iter().find(|column| !has(column)) {
            return Err(Error::Settings(format!(
                "\"{}\" has no column \"{missing}\": a relay needs {}",
                relation.name,
                needed.join(", ")
            )));
        }
        let or_null = |column: &'static str| if has(column) { column } else { "NULL" };
        Ok(Outbox {
            selected: format!(
                "{}::pg_catalog.text, payload::pg_catalog.text, {}::pg_catalog.jsonb FROM {}",
                or_null("key"),
                or_null("headers"),
                relation.sql
            ),
            error: has("error") && cursor.is_none(),
            cursor: cursor.map(Cursor::new),
            source,
            owner: relation.clone(),
            relation,
        })
    }

    /// The statement for rejects; key and headers are those of the message that was rejected, if any.
    async fn of_rejects(client: &Client, stream: &str, source: String) -> Result<Outbox, Error> {
        let owner = Inbox::find(client, stream).await?;
        let rejects = owner.rejects.as_ref().ok_or_else(|| {
            Error::Settings(format!(
                "the table of the rejects of \"{stream}\" was dropped: drop the stream and make it anew"
            ))
        })?;
        let relation = find(client, rejects).await?;
        Ok(Outbox {
            selected: format!(
                "r.origin ->> 'key', pg_catalog.to_jsonb(d)::pg_catalog.text, d.headers
                   FROM {} r CROSS JOIN LATERAL termstream.dead_letter(r) d",
                relation.sql
            ),
            error: false,
            cursor: Some(Cursor::new("reject_id")),
            source,
            owner,
            relation,
        })
    }

    pub fn name(&self) -> &str {
        &self.relation.name
    }

    /// Whether a row that no broker accepts can be marked as failed.
    pub fn keeps_errors(&self) -> bool {
        self.error
    }

    /// Returns the next rows that are not marked, in the order of their ids.
    pub async fn next(&mut self, client: &Client, rows: i64) -> Result<Vec<Row>, Error> {
        let Some((low, high)) = self.bounds(client).await? else {
            return Ok(Vec::new());
        };
        let query = format!(
            "SELECT {}::pg_catalog.int8, {} WHERE {} ORDER BY 1 LIMIT $3",
            self.id(),
            self.selected,
            self.waits(),
        );
        let found = client.query(&query, &[&low, &high, &rows]).await?;
        found
            .iter()
            .map(|row| {
                Ok(Row {
                    id: row.try_get(0)?,
                    key: row.try_get(1)?,
                    payload: row.try_get::<_, Option<String>>(2)?.map(String::into_bytes),
                    headers: row.try_get(3)?,
                })
            })
            .collect()
    }

    /// Marks rows as delivered, or moves the position past them.
    pub async fn delivered(&mut self, client: &Client, ids: &[i64]) -> Result<(), Error> {
        match (&self.cursor, ids.last()) {
            (_, None) => {}
            (None, _) => {
                let mark = format!(
                    "UPDATE {} SET delivered = pg_catalog.clock_timestamp() WHERE id = ANY ($1)",
                    self.relation.sql
                );
                client.execute(&mark, &[&ids]).await?;
            }
            (Some(cursor), Some(last)) => {
                let step = Step {
                    source: &self.source,
                    part: self.part().part.to_owned(),
                    expected: cursor.position,
                    next: *last,
                    detail: None,
                };
                positions::advance(client, &self.owner, &step).await?;
                if let Some(cursor) = &mut self.cursor {
                    cursor.position = Some(*last);
                    cursor.horizon.take_if(|(newest, _)| *newest <= *last);
                }
            }
        }
        Ok(())
    }

    /// Marks rows that no broker accepts, with the reason.
    pub async fn refused(&self, client: &Client, refused: &[(i64, String)]) -> Result<(), Error> {
        let (ids, reasons): (Vec<i64>, Vec<&str>) =
            refused.iter().map(|(id, reason)| (*id, &**reason)).unzip();
        let mark = format!(
            "UPDATE {} o SET error = r.reason
               FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int8[]),
                               pg_catalog.unnest($2::pg_catalog.text[])) r (id, reason)
              WHERE o.id = r.id",
            self.relation.sql
        );
        client.execute(&mark, &[&ids, &reasons]).await?;
        Ok(())
    }

    /// Counts the rows that wait.
    pub async fn waiting(&self, client: &Client) -> Result<i64, Error> {
        let low = self.cursor.as_ref().and_then(|cursor| cursor.position);
        let count = format!(
            "SELECT count(*) FROM {} WHERE {}",
            self.relation.sql,
            self.waits()
        );
        let row = client
            .query_one(&count, &[&low.unwrap_or(i64::MIN), &i64::MAX])
            .await?;
        Ok(row.try_get(0)?)
    }

    fn part(&self) -> Part<'_> {
        Part {
            source: &self.source,
            part: "",
        }
    }

    fn id(&self) -> String {
        match &self.cursor {
            Some(cursor) => format!("\"{}\"", cursor.column.replace('"', "\"\"")),
            None => "id".to_owned(),
        }
    }

    /// The condition for a waiting row between $1 (exclusive) and $2.
    fn waits(&self) -> String {
        let id = self.id();
        let between = format!("{id} > $1 AND {id} <= $2");
        match (&self.cursor, self.error) {
            (Some(_), _) => between,
            (None, false) => format!("delivered IS NULL AND {between}"),
            (None, true) => format!("delivered IS NULL AND error IS NULL AND {between}"),
        }
    }

    /// The range of ids in which the rows are complete: no transaction can add another.
    async fn bounds(&mut self, client: &Client) -> Result<Option<(i64, i64)>, Error> {
        let id = self.id();
        let relation = &self.relation.sql;
        let Some(cursor) = &mut self.cursor else {
            return Ok(Some((i64::MIN, i64::MAX)));
        };
        let low = cursor.position.unwrap_or(i64::MIN);
        if cursor.horizon.is_none() {
            let newest: Option<i64> = client
                .query_one(
                    &format!("SELECT max({id})::pg_catalog.int8 FROM {relation} WHERE {id} > $1"),
                    &[&low],
                )
                .await?
                .try_get(0)?;
            let Some(newest) = newest else {
                return Ok(None);
            };
            cursor.horizon = Some((newest, writers(client, relation).await?));
        }
        let Some((newest, then)) = &mut cursor.horizon else {
            return Ok(None);
        };
        if !then.is_empty() {
            let now = writers(client, relation).await?;
            then.retain(|one| now.contains(one));
        }
        Ok(then.is_empty().then_some((low, *newest)))
    }
}

async fn writers(client: &impl GenericClient, relation: &str) -> Result<Vec<String>, Error> {
    let rows = client.query(WRITERS, &[&relation]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
