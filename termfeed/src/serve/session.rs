//! Sessions of the database, lent to requests.
//!
//! A session is handed out clean: what the one before has set, locked or made temporary is gone
//! (`DISCARD ALL`). It is taken back only from a request that has ended all that it began. Of one that
//! was refused, broke off or took too long nobody knows what the server will say next, and so the
//! server is asked to cancel it and the connection is closed.
//!
//! A transaction begins on the search_path that the role connects with: a stream's name without a
//! schema means what it means there, whoever has used the session before. That holds behind PgBouncer,
//! too, which hands a server's session from client to client as it was left.

use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Transaction};

use super::answer::Refusal;
use crate::database::Database;
use crate::error::{Error, with_causes};

/// How long a request waits for a session.
const POOL_WAIT: Duration = Duration::from_secs(30);
const CONNECT_WAIT: Duration = Duration::from_secs(10);
const CLEAN_WAIT: Duration = Duration::from_secs(5);
const CANCEL_WAIT: Duration = Duration::from_secs(5);

const CLEAN: &str = "DISCARD ALL";

/// The settings that decide which tables names mean and how values are read, as they were on connection.
const BEGIN: &str = "SET LOCAL search_path TO DEFAULT; SET LOCAL datestyle TO DEFAULT; \
                     SET LOCAL intervalstyle TO DEFAULT; SET LOCAL timezone TO DEFAULT";

/// A pool of sessions; clones share it.
#[derive(Clone)]
pub struct Sessions {
    pool: Pool,
    database: Database,
    lent: Arc<AtomicU64>,
}

impl Sessions {
    pub fn new(database: &Database, most: usize) -> Result<Sessions, Error> {
        let clean = ManagerConfig {
            recycling_method: RecyclingMethod::Custom(CLEAN.to_owned()),
        };
        let connect = ByDatabase(database.clone());
        let manager = Manager::from_connect(database.config.clone(), connect, clean);
        let pool = Pool::builder(manager)
            .max_size(most)
            .timeouts(Timeouts {
                wait: Some(POOL_WAIT),
                create: Some(CONNECT_WAIT),
                recycle: Some(CLEAN_WAIT),
            })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Settings(error.to_string()))?;
        Ok(Sessions {
            pool,
            database: database.clone(),
            lent: Arc::default(),
        })
    }

    pub async fn get(&self) -> Result<Session, Refusal> {
        let client = self.pool.get().await?;
        self.lent.fetch_add(1, Ordering::Relaxed);
        Ok(Session {
            client: Some(client),
            database: self.database.clone(),
        })
    }

    /// How many requests wait for a session.
    pub fn waiting(&self) -> usize {
        self.pool.status().waiting
    }

    /// How many sessions were lent since the start.
    pub fn lent(&self) -> u64 {
        self.lent.load(Ordering::Relaxed)
    }
}

/// A lent session. If dropped without [`Session::give_back`], it is cancelled and closed.
pub struct Session {
    client: Option<Object>,
    database: Database,
}

impl Session {
    /// Begins a transaction with this statement timeout; `None` is no limit.
    pub async fn begin(&mut self, longest: Option<Duration>) -> Result<Transaction<'_>, Error> {
        let Some(client) = &mut self.client else {
            return Err(Error::Unreachable("the session was given back".into()));
        };
        let client: &mut Client = client;
        let transaction = client.transaction().await?;
        let mut settings = BEGIN.to_owned();
        if let Some(longest) = longest {
            settings.push_str(&format!(
                "; SET LOCAL statement_timeout = {}",
                longest.as_millis()
            ));
        }
        transaction.batch_execute(&settings).await?;
        Ok(transaction)
    }

    /// Returns the session to the pool; everything begun in it must have ended.
    pub fn give_back(mut self) {
        drop(self.client.take());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        // It leaves the pool; a new session may replace it once the server has ended it.
        let token = client.cancel_token();
        let tls = self.database.tls.clone();
        tokio::spawn(async move {
            let cancelled = tokio::time::timeout(CANCEL_WAIT, token.cancel_query(tls)).await;
            if let Ok(Err(error)) = cancelled {
                tracing::warn!(reason = %with_causes(&error), "a query could not be cancelled");
            }
            drop(Object::take(client));
        });
    }
}

/// Connects pooled sessions as [`Database`] does, with TLS or without.
struct ByDatabase(Database);

impl Connect for ByDatabase {
    fn connect(
        &self,
        _: &Config,
    ) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), tokio_postgres::Error>> {
        self.0.open().boxed()
    }
}

impl From<PoolError> for Refusal {
    fn from(error: PoolError) -> Refusal {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(_) => {
                Refusal::busy("no connection to the database is free: try again later")
            }
            other => Error::Unreachable(other.to_string()).into(),
        }
    }
}
