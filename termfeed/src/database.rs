//! Connections to the database: by connection string or URL, with TLS as it asks for, and again and
//! again while it is away.

use backon::{BackoffBuilder, ExponentialBuilder};
use postgres_openssl::MakeTlsConnector;
use std::path::Path;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::config::{ChannelBinding, SslMode};
use tokio_postgres::{Client, Config};

use crate::conninfo::{self, Words};
use crate::error::{Error, with_causes};
use crate::metrics;
use crate::settings::Common;
use crate::shutdown::Shutdown;
use crate::tls::Ways;

/// The first and the longest delay between attempts to connect; delays double, with jitter.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// How to reach the database.
#[derive(Clone)]
pub struct Database {
    pub config: Config,
    pub tls: MakeTlsConnector,
    /// Whether to use TLS, and what to try if the server refuses.
    attempts: (SslMode, Option<SslMode>),
}

impl Database {
    pub fn new(settings: &Common) -> Result<Database, Error> {
        let (mut config, mut words) = match &settings.database {
            Some(text) => conninfo::read(text.expose())?,
            None => (Config::new(), Words::default()),
        };
        // A flag goes before the environment: what --database-ca says is not softened by PGSSLMODE.
        let is_set = settings.database_ca.is_some();
        conninfo::complete(&mut config, &mut words, |name| match name {
            "PGSSLMODE" | "PGSSLROOTCERT" if is_set => None,
            _ => std::env::var(name).ok(),
        })?;
        let home = std::env::var_os("HOME");
        let ways = Ways::new(
            &words,
            settings.database_ca.as_deref(),
            home.as_ref().map(Path::new),
        )?;
        Ok(Database {
            tls: ways.connector()?,
            attempts: match conninfo::is_local(&config) {
                true => (SslMode::Disable, None),
                false => ways.attempts,
            },
            config,
        })
    }

    /// Connects; a task drives the connection until the client is dropped.
    pub async fn connect(&self) -> Result<Client, Error> {
        Ok(self.open().await?.0)
    }

    /// Connects, and returns the client and the task that drives the connection.
    pub async fn open(&self) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        let (first, second) = self.attempts;
        let refused = match self.attempt(first).await {
            Err(error) if self.may_try_otherwise(&error) => error,
            outcome => return outcome,
        };
        let Some(second) = second else {
            return Err(refused);
        };
        // If both attempts fail, the error is that of the attempt with TLS.
        match self.attempt(second).await {
            Err(_) if second == SslMode::Disable => Err(refused),
            outcome => outcome,
        }
    }

    async fn attempt(
        &self,
        mode: SslMode,
    ) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        let mut config = self.config.clone();
        config.ssl_mode(mode);
        let (client, connection) = config.connect(self.tls.clone()).await?;
        let other_half = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(reason = %with_causes(&error), "the connection to the database broke");
            }
        });
        Ok((client, other_half))
    }

    /// Whether the server might take a connection with TLS that it refused without, or the reverse: by
    /// its rules, or because TLS failed.
    fn may_try_otherwise(&self, error: &tokio_postgres::Error) -> bool {
        let is_by_rules = error
            .code()
            .is_some_and(|code| code.code().starts_with("28"));
        (is_by_rules || is_of_tls(error))
            && self.config.get_channel_binding() != ChannelBinding::Require
    }

    /// Connects, retrying until it succeeds, shutdown is signalled, or the failure is permanent (such as a wrong
    /// password).
    pub async fn connect_patiently(&self, shutdown: &mut Shutdown) -> Result<Client, Error> {
        let mut waits = backoff();
        loop {
            match self.connect().await {
                Ok(client) => return Ok(client),
                Err(error) if error.is_passing() => {
                    let wait = waits.next().unwrap_or(LONGEST_WAIT);
                    metrics::retried("connect");
                    tracing::warn!(reason = %error, wait_ms = wait.as_millis() as u64,
                        "the database cannot be reached: waiting");
                    if !shutdown.sleep(wait).await {
                        return Err(Error::Stopped);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// How long to wait before each further attempt; never ends.
pub fn backoff() -> impl Iterator<Item = Duration> {
    backoff_between(FIRST_WAIT, LONGEST_WAIT)
}

/// How long to wait before each further attempt: from `first`, doubled each time, to `longest`, each wait
/// lengthened by a random part of itself; never ends.
pub fn backoff_between(first: Duration, longest: Duration) -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(first)
        .with_max_delay(longest)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
        .build()
}

/// Whether the server was reached and the TLS handshake failed.
fn is_of_tls(error: &tokio_postgres::Error) -> bool {
    error
        .to_string()
        .starts_with("error performing TLS handshake")
}
