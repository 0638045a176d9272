//! The table of rows that wait for an answer: claimed, counted, removed.
//!
//! A claimed row is locked until the transaction ends, and passed over by others (SKIP LOCKED), so that
//! several instances share the table. Rows that failed before come last: they do not hold up the others.

use tokio_postgres::types::Type;
use tokio_postgres::{GenericClient, Transaction};

use crate::error::Error;

/// A claimed row.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: String,
    pub payload: String,
    /// How often the row failed before.
    pub attempts: i32,
}

/// The table of waiting rows, its names quoted for SQL.
#[derive(Clone, Debug)]
pub struct Work {
    table: String,
    key: String,
    key_type: String,
}

const FIND: &str = "
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname),
       (SELECT pg_catalog.quote_ident(a.attname) OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) pg_catalog.format_type(a.atttypid, a.atttypmod)
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) $2 AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a
         WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) 'payload' AND a.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.jsonb'::pg_catalog.regtype),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a
         WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) 'attempts' AND a.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.int4'::pg_catalog.regtype),
       pg_catalog.quote_ident($2),
       EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a
                   ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid AND a.attname OPERATOR(pg_catalog.=) $2
                WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisunique AND i.indpred IS NULL
                  AND i.indnkeyatts OPERATOR(pg_catalog.=) 1 AND i.indkey[0] OPERATOR(pg_catalog.=) a.attnum)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
 WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)";

impl Work {
    pub async fn find(client: &impl GenericClient, table: &str, key: &str) -> Result<Work, Error> {
        let row = client
            .query_typed_opt(FIND, &[(&table, Type::TEXT), (&key, Type::NAME)])
            .await?;
        let row = row.ok_or_else(|| Error::Settings(format!("there is no table \"{table}\"")))?;
        let column: Option<String> = row.try_get(1)?;
        let (payload, attempts): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        let name: String = row.try_get(4)?;
        let lacks = |what: &str| {
            Error::Settings(format!(
                "table \"{table}\" lacks {what}: it needs {key} (unique), payload jsonb, \
                 attempts integer NOT NULL DEFAULT 0"
            ))
        };
        let column = column.ok_or_else(|| lacks(&format!("a column \"{key}\"")))?;
        if payload == 0 {
            return Err(lacks("a column payload of type jsonb"));
        }
        if attempts == 0 {
            return Err(lacks("a column attempts of type integer"));
        }
        if !row.try_get::<_, bool>(5)? {
            return Err(lacks(&format!("a unique index on \"{key}\"")));
        }
        let key_type = column.strip_prefix(&name).unwrap_or_default().trim();
        Ok(Work {
            table: row.try_get(0)?,
            key_type: key_type.to_owned(),
            key: name,
        })
    }

    /// Claims up to that many unclaimed rows: any rows, or those with the fewest failures first.
    pub async fn claim(
        &self,
        transaction: &Transaction<'_>,
        rows: i64,
        any: bool,
    ) -> Result<Vec<Row>, Error> {
        let order = match any {
            true => "pg_catalog.random()".to_owned(),
            false => format!("w.attempts, w.{}", self.key),
        };
        let found = transaction
            .query_typed(
                &format!(
                    "SELECT w.{}::pg_catalog.text, w.payload::pg_catalog.text, w.attempts FROM {} w
                      ORDER BY {order} LIMIT $1 FOR UPDATE SKIP LOCKED",
                    self.key, self.table
                ),
                &[(&rows, Type::INT8)],
            )
            .await?;
        let rows = found.iter().map(|row| {
            Ok(Row {
                key: row.try_get(0)?,
                payload: row
                    .try_get::<_, Option<String>>(1)?
                    .unwrap_or("null".into()),
                attempts: row.try_get(2)?,
            })
        });
        rows.collect()
    }

    /// Removes claimed rows that are finished.
    pub async fn remove(&self, transaction: &Transaction<'_>, keys: &[&str]) -> Result<(), Error> {
        self.change(transaction, "DELETE FROM", "", keys).await
    }

    /// Increments the failure count of claimed rows.
    pub async fn count(&self, transaction: &Transaction<'_>, keys: &[&str]) -> Result<(), Error> {
        self.change(
            transaction,
            "UPDATE",
            "SET attempts = attempts OPERATOR(pg_catalog.+) 1",
            keys,
        )
        .await
    }

    async fn change(
        &self,
        transaction: &Transaction<'_>,
        verb: &str,
        set: &str,
        keys: &[&str],
    ) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let changed = transaction
            .execute_typed(
                &format!(
                    "{verb} {} {set} WHERE {} OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]::{}[])",
                    self.table, self.key, self.key_type
                ),
                &[(&keys, Type::TEXT_ARRAY)],
            )
            .await?;
        if changed != keys.len() as u64 {
            return Err(Error::Settings(format!(
                "{verb} {} changed {changed} rows, not the {} claimed: a trigger or a policy \
                 keeps them",
                self.table,
                keys.len()
            )));
        }
        Ok(())
    }
}
