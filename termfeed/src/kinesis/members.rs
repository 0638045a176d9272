//! Membership: instances share the shards of a stream by advisory locks of the database, which are released
//! when a session ends. One lock announces an instance; one lock per shard claims the shard.
//!
//! A lock does not fence writes. The position does, which moves in the transaction of the rows.

use std::collections::BTreeSet;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::error::Error;

/// The first key of the locks: "termfeed kinesis", hashed; the second is of stream and shard.
const KEY: &str = "pg_catalog.hashtext('termfeed kinesis'), pg_catalog.hashtext($1)";

pub struct Members {
    /// Stream of the database and of Kinesis: instances that agree in both share.
    name: String,
}

impl Members {
    pub fn new(stream: &str, source: &str) -> Members {
        Members {
            name: format!("{stream} {source}"),
        }
    }

    /// Announces this instance to the others.
    pub async fn join(&self, client: &Client) -> Result<(), Error> {
        client
            .query_typed(
                &format!("SELECT pg_catalog.pg_advisory_lock_shared({KEY})"),
                &[(&self.name, Type::TEXT)],
            )
            .await?;
        Ok(())
    }

    /// Counts the instances, including this one.
    pub async fn count(&self, client: &Client) -> Result<usize, Error> {
        let row = client
            .query_typed_one(
                "SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks
                  WHERE locktype OPERATOR(pg_catalog.=) 'advisory' AND granted
                    AND mode OPERATOR(pg_catalog.=) 'ShareLock' AND objsubid OPERATOR(pg_catalog.=) 2
                    AND database OPERATOR(pg_catalog.=) (SELECT oid FROM pg_catalog.pg_database
                                     WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
                    AND classid OPERATOR(pg_catalog.=) (pg_catalog.hashtext('termfeed kinesis')::pg_catalog.int8
                                      OPERATOR(pg_catalog.&) 4294967295)::pg_catalog.oid
                    AND objid OPERATOR(pg_catalog.=) (pg_catalog.hashtext($1)::pg_catalog.int8
                                    OPERATOR(pg_catalog.&) 4294967295)::pg_catalog.oid",
                &[(&self.name, Type::TEXT)],
            )
            .await?;
        Ok(row.try_get::<_, i64>(0)?.max(1) as usize)
    }

    /// Claims up to that many unclaimed shards.
    pub async fn take(
        &self,
        client: &Client,
        shards: impl Iterator<Item = &String>,
        most: usize,
    ) -> Result<BTreeSet<String>, Error> {
        let mut mine = BTreeSet::new();
        for shard in shards {
            if mine.len() >= most {
                break;
            }
            let row = client
                .query_typed_one(
                    &format!("SELECT pg_catalog.pg_try_advisory_lock({KEY})"),
                    &[(&self.lock(shard), Type::TEXT)],
                )
                .await?;
            if row.try_get(0)? {
                mine.insert(shard.clone());
            }
        }
        Ok(mine)
    }

    pub async fn give_back(&self, client: &Client, shard: &str) -> Result<(), Error> {
        client
            .query_typed(
                &format!("SELECT pg_catalog.pg_advisory_unlock({KEY})"),
                &[(&self.lock(shard), Type::TEXT)],
            )
            .await?;
        Ok(())
    }

    fn lock(&self, shard: &str) -> String {
        format!("{} {shard}", self.name)
    }
}
