//! Connections to the database: by connection string or URL, with TLS where the server has it, and
//! again and again while it is away.

use backon::{BackoffBuilder, ExponentialBuilder};
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use postgres_openssl::MakeTlsConnector;
use std::time::Duration;
use tokio_postgres::{Client, Config};

use crate::error::{Error, with_causes};
use crate::metrics;
use crate::settings::Common;
use crate::shutdown::Shutdown;

/// Between attempts to reach the database: from this, doubled, with jitter, to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Where the database is.
#[derive(Clone)]
pub struct Database {
    pub config: Config,
    pub tls: MakeTlsConnector,
}

impl Database {
    pub fn new(settings: &Common) -> Result<Database, Error> {
        let mut config: Config = match &settings.database {
            // The parser's own error may quote the string, with its password.
            Some(text) => text.expose().parse().map_err(|_| {
                Error::Settings(
                    "--database is no connection string: write \"host=… dbname=… user=…\" or \
                     \"postgresql://user@host/dbname\""
                        .into(),
                )
            })?,
            None => from_environment()?,
        };
        if config.get_application_name().is_none() {
            config.application_name("termfeed");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        if config.get_user().is_none()
            && let Ok(user) = std::env::var("PGUSER").or_else(|_| std::env::var("USER"))
        {
            config.user(user);
        }
        Ok(Database {
            config,
            tls: tls(settings)?,
        })
    }

    /// One connection; its other half runs by itself until the client is dropped.
    pub async fn connect(&self) -> Result<Client, Error> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(reason = %with_causes(&error), "the connection to the database broke");
            }
        });
        Ok(client)
    }

    /// Tries until it succeeds, or is told to stop, or is refused for good (a wrong password, say).
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

/// The same between other bounds; each wait is lengthened by a random part of itself.
pub fn backoff_between(first: Duration, longest: Duration) -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(first)
        .with_max_delay(longest)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
        .build()
}

/// What libpq reads when it is told nothing.
fn from_environment() -> Result<Config, Error> {
    let mut config = Config::new();
    let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    config.host(value("PGHOST").as_deref().unwrap_or("/run/postgresql"));
    if let Some(port) = value("PGPORT") {
        config.port(
            port.parse()
                .map_err(|_| Error::Settings(format!("PGPORT \"{port}\" is not a port")))?,
        );
    }
    if let Some(name) = value("PGDATABASE") {
        config.dbname(name);
    }
    if let Some(password) = value("PGPASSWORD") {
        config.password(password);
    }
    Ok(config)
}

/// As libpq does it: `sslmode=prefer` and `require` encrypt and trust; with `--database-ca` the
/// certificate must be signed by one of those, and bear the host's name.
fn tls(settings: &Common) -> Result<MakeTlsConnector, Error> {
    let failed = |error: openssl::error::ErrorStack| {
        Error::Settings(format!("TLS cannot be set up: {error}"))
    };
    let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(failed)?;
    match &settings.database_ca {
        Some(path) => builder
            .set_ca_file(path)
            .map_err(|_| Error::Settings(format!("\"{}\" has no certificates", path.display())))?,
        None => builder.set_verify(SslVerifyMode::NONE),
    }
    let mut connector = MakeTlsConnector::new(builder.build());
    if settings.database_ca.is_none() {
        connector.set_callback(|connection, _| {
            connection.set_verify_hostname(false);
            Ok(())
        });
    }
    Ok(connector)
}
