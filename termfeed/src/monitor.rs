//! What watches over a feeder asks: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever
//! starts it and restarts it. Nothing else is answered, and nothing is taken.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

use crate::error::Error;
use crate::listen;
use crate::metrics;
use crate::readiness::{Health, Need, Readiness};
use crate::shutdown::Shutdown;

#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[group(id = "monitor")]
pub struct Flags {
    /// Serve /metrics, /healthz and /readyz here
    #[arg(long, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics_listen: Option<SocketAddr>,
}

/// Counts from now on, and answers where it is told to, until shutdown.
pub async fn start(flags: &Flags, shutdown: Shutdown) -> Result<Readiness, Error> {
    let health = Health::default();
    let readiness = health.part(Need::Database);
    let Some(address) = flags.metrics_listen else {
        return Ok(readiness);
    };
    let rendered = metrics::install()?;
    tokio::spawn(health.clone().tell());
    let routes = Router::new()
        .route("/metrics", get(|| async move { rendered.render() }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route(
            "/readyz",
            get(|| async move {
                match health.in_words() {
                    Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
                    Err(reason) => (
                        StatusCode::SERVICE_UNAVAILABLE,
                        format!("not ready: {reason}\n"),
                    ),
                }
            }),
        );
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| Error::io(format!("listen on {address}"), error))?;
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!("metrics on http://{address}/metrics");
    tokio::spawn(async move {
        if let Err(error) = listen::serve(listener, routes, shutdown).await {
            tracing::warn!(%error, "metrics are no longer served");
        }
    });
    Ok(readiness)
}
