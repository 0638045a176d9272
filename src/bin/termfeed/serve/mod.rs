//! `termfeed serve`: streams over HTTP. Rows are posted and their counts answered; streams, rejects and
//! lexicons are read; `/metrics` is for Prometheus.
//!
//! A request works with one connection of the pool. It refuses who has no token, where one is set.

mod answer;
mod post;
mod read;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use clap::Args;
use deadpool_postgres::{Manager, Pool, Runtime, Timeouts};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use tower_http::trace::TraceLayer;

use crate::database::Database;
use crate::error::Error;
use crate::metrics;
use crate::settings::{Common, Secret};
use crate::shutdown::Shutdown;
use answer::Refusal;

#[derive(Args, Clone, Debug, Serialize, Deserialize)]
pub struct Flags {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,

    /// Answer only requests with "Authorization: Bearer TOKEN"; better given as TERMFEED_TOKEN
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Secret>,

    /// Connections to the database: so many requests are answered at once [default: 8]
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<usize>,

    /// The longest body of a request, as sent [default: 16 GiB]
    #[arg(long, value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_body: Option<usize>,

    /// How long a client may send nothing before its rows are rolled back [default: 30]
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    stall_timeout: Option<u64>,
}

/// What requests share.
#[derive(Clone)]
struct Shared {
    pool: Pool,
    token: Option<Secret>,
    metrics: PrometheusHandle,
    stall: Duration,
}

/// How long a request waits for a connection, and how long connections in hand get at the end.
const POOL_WAIT: Duration = Duration::from_secs(30);
const LAST_WAIT: Duration = Duration::from_secs(30);

const DEFAULT_MAX_BODY: usize = 16 << 30;

pub async fn run(common: Common, flags: Flags, shutdown: Shutdown) -> Result<(), Error> {
    let database = Database::new(&common)?;
    let manager = Manager::new(database.config, database.tls);
    let pool = Pool::builder(manager)
        .max_size(flags.connections.unwrap_or(8).max(1))
        .timeouts(Timeouts {
            wait: Some(POOL_WAIT),
            create: Some(Duration::from_secs(10)),
            recycle: Some(Duration::from_secs(5)),
        })
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| Error::Settings(error.to_string()))?;
    let shared = Shared {
        pool,
        token: flags.token,
        metrics: metrics::install()?,
        stall: Duration::from_secs(flags.stall_timeout.unwrap_or(30).max(1)),
    };
    let address = flags
        .listen
        .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
    if !address.ip().is_loopback() && shared.token.is_none() {
        tracing::warn!("listening on {address} without a token: whoever reaches it may load");
    }
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| Error::io(format!("listen on {address}"), error))?;
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!("listening on http://{address}/");
    let mut stop = shutdown.clone();
    let mut late = shutdown;
    let served = axum::serve(
        listener,
        router(shared, flags.max_body.unwrap_or(DEFAULT_MAX_BODY)),
    )
    .with_graceful_shutdown(async move { stop.wait().await });
    tokio::select! {
        ended = served => ended.map_err(|error| Error::io("serve", error)),
        () = async { late.wait().await; tokio::time::sleep(LAST_WAIT).await } => {
            tracing::warn!("some requests did not end in time: their rows are rolled back");
            Ok(())
        }
    }
}

fn router(shared: Shared, max_body: usize) -> Router {
    let guarded = Router::new()
        .route("/streams", get(read::streams))
        .route("/streams/{stream}", get(read::stream).post(post::rows))
        .route("/streams/{stream}/rejects", get(read::rejects))
        .route("/lexicons", get(read::lexicons))
        .route("/lexicons/{lexicon}/match", get(read::matches))
        .layer(middleware::from_fn_with_state(shared.clone(), authorize));
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(read::ready))
        .route(
            "/metrics",
            get(|State(shared): State<Shared>| async move { shared.metrics.render() }),
        )
        .merge(guarded)
        .layer(DefaultBodyLimit::max(max_body))
        .layer(TraceLayer::new_for_http())
        .with_state(shared)
}

async fn openapi() -> Result<Json<serde_json::Value>, Refusal> {
    serde_json::from_str(include_str!("openapi.json"))
        .map(Json)
        .map_err(|error| Refusal::internal(error.to_string()))
}

/// Lets through who bears the token. The comparison takes the same time wherever they differ.
async fn authorize(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if let Some(token) = &shared.token {
        let given = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default();
        let (given, token) = (given.as_bytes(), token.expose().as_bytes());
        if given.len() != token.len() || !openssl::memcmp::eq(given, token) {
            return Err(Refusal::unauthorized());
        }
    }
    Ok(next.run(request).await)
}
