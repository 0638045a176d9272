//! `termfeed serve`: streams over HTTP, and a page to look at them. Rows are posted and their counts
//! answered; streams, loads, rejects and lexicons are read; `/metrics` is for Prometheus.
//!
//! A request works with one session of a pool. Loads, reads and matches have pools of their own, and so
//! do not wait for each other. Who has no token is refused, where one is set, but for the page (its
//! files), the health checks and `/metrics`, which tell names of streams and counts.
//!
//! ```text
//! guard ──▶ page, post, read, matches, rejects, ready ──▶ answer
//!                       ▲ session, hold, pace
//! ```

mod answer;
mod guard;
mod hold;
mod matches;
mod pace;
mod page;
mod post;
mod read;
mod ready;
mod rejects;
mod running;
mod session;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Args;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tower_http::trace::TraceLayer;

use crate::database::Database;
use crate::error::Error;
use crate::listen;
use crate::metrics;
use crate::settings::{Common, Secret};
use crate::shutdown::Shutdown;
use answer::Refusal;
use pace::Pace;
use ready::Ready;
use running::Running;
use session::Sessions;

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

    /// Beyond this machine, let everybody in who can reach it: without a token it does not start there
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    allow_anonymous: bool,

    /// Connections to the database for bodies: so many are taken at once, more wait [default: 8]
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<u16>,

    /// The longest body of a request, as sent and as unpacked [default: 16 GiB]
    #[arg(long, value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_body: Option<u64>,

    /// How long a client may send nothing before its rows are rolled back [default: 30]
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    stall_timeout: Option<u64>,

    /// How many bytes a second a client must send, behind that first while; 0: any number [default: 500]
    #[arg(long, value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    min_rate: Option<u64>,
}

/// State shared by all requests.
#[derive(Clone)]
struct Shared {
    /// Bodies of rows hold a session as long as they take, and documents for a while; the others do not
    /// wait for them.
    loads: Sessions,
    reads: Sessions,
    matchers: Sessions,
    /// Permits for documents held in memory.
    documents: Arc<Semaphore>,
    ready: Ready,
    token: Option<Secret>,
    /// Whether requests must name the host by address or as "localhost".
    only_local_names: bool,
    metrics: PrometheusHandle,
    running: Running,
    pace: Pace,
    max_body: u64,
}

const READERS: usize = 4;
const DEFAULT_MAX_BODY: u64 = 16 << 30;
/// The default of Apache's mod_reqtimeout.
const DEFAULT_MIN_RATE: u64 = 500;
/// The longest body that is held whole: the corrected lines of rejects.
const LONGEST_BODY: usize = 1 << 20;

pub async fn run(common: Common, flags: Flags, shutdown: Shutdown) -> Result<(), Error> {
    let database = Database::new(&common)?;
    let address = flags
        .listen
        .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
    if !address.ip().is_loopback() && flags.token.is_none() {
        if !flags.allow_anonymous {
            return Err(Error::Settings(format!(
                "listening on {address} without a token would let everybody in: set TERMFEED_TOKEN or \
                 TERMFEED_TOKEN_FILE, or give --allow-anonymous if that is meant"
            )));
        }
        tracing::warn!("listening on {address} without a token: whoever reaches it may load");
    }
    if flags
        .token
        .as_ref()
        .is_some_and(|token| token.expose().is_empty())
    {
        return Err(Error::Settings("the token is empty".into()));
    }
    let metrics = metrics::install()?;
    let loads = Sessions::new(&database, flags.connections.unwrap_or(8).max(1).into())?;
    let reads = Sessions::new(&database, READERS)?;
    let matchers = Sessions::new(&database, matches::AT_ONCE)?;
    let queues = [
        ("rows", loads.clone()),
        ("what is read", reads.clone()),
        ("documents", matchers.clone()),
    ];
    let shared = Shared {
        ready: ready::watch(database, queues),
        loads,
        reads,
        matchers,
        documents: Arc::new(Semaphore::new(matches::HELD)),
        only_local_names: address.ip().is_loopback() && flags.token.is_none(),
        token: flags.token,
        metrics,
        running: Running::default(),
        pace: Pace {
            stall: Duration::from_secs(flags.stall_timeout.unwrap_or(30).max(1)),
            slowest: flags.min_rate.unwrap_or(DEFAULT_MIN_RATE),
        },
        max_body: flags.max_body.unwrap_or(DEFAULT_MAX_BODY),
    };
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| Error::io(format!("listen on {address}"), error))?;
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!("listening on http://{address}/");
    listen::serve(listener, router(shared), shutdown).await
}

fn router(shared: Shared) -> Router {
    let matches = get(matches::of_query).post(matches::of_body);
    let guarded = Router::new()
        .route("/streams", get(read::streams))
        .route("/streams/{stream}", get(read::stream).post(post::rows))
        .route("/streams/{stream}/rejects", get(rejects::page))
        .route("/streams/{stream}/rejects/retry", post(rejects::retry))
        .route("/loads", get(read::loads))
        .route("/lexicons", get(read::lexicons))
        .route("/lexicons/{lexicon}/match", matches)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn_with_state(
            shared.clone(),
            guard::bearer,
        ));
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready::ready))
        .route("/metrics", get(counted))
        .merge(guarded)
        .merge(page::routes())
        .fallback(|| async { Refusal::new(StatusCode::NOT_FOUND, "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this method is not for this place",
            )
        })
        .layer(middleware::from_fn_with_state(
            shared.clone(),
            guard::same_origin,
        ))
        .layer(middleware::from_fn_with_state(shared.clone(), pace::keep))
        .layer(middleware::from_fn(measured))
        .layer(TraceLayer::new_for_http())
        .with_state(shared)
}

async fn openapi() -> Result<Json<serde_json::Value>, Refusal> {
    let mut document: serde_json::Value = serde_json::from_str(include_str!("openapi.json"))
        .map_err(|error| Refusal::internal(error.to_string()))?;
    document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    Ok(Json(document))
}

async fn counted(State(shared): State<Shared>) -> String {
    shared.metrics.run_upkeep();
    shared.metrics.render()
}

/// Counts the request under its route; there are few routes.
async fn measured(route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    metrics::answered(&method, route, response.status(), started.elapsed());
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn the_document_describes_the_routes_there_are() {
        let rest = include_str!("mod.rs").split("#[cfg(test)]").next().unwrap();
        let routes: BTreeSet<&str> = rest
            .split(".route(")
            .skip(1)
            .map(|call| call.split('"').nth(1).unwrap())
            .collect();
        let document: serde_json::Value =
            serde_json::from_str(include_str!("openapi.json")).unwrap();
        let paths = document["paths"].as_object().unwrap();
        assert_eq!(routes, paths.keys().map(String::as_str).collect());
    }
}
