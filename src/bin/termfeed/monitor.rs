//! What watches over a feeder asks: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever
//! starts it and restarts it. Nothing else is answered, and nothing is taken.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::metrics;
use crate::shutdown::Shutdown;

#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[group(id = "monitor")]
pub struct Flags {
    /// Serve /metrics, /healthz and /readyz here
    #[arg(long, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics_listen: Option<SocketAddr>,
}

/// Whether the work goes on: each part of it can reach what it needs.
#[derive(Clone)]
pub struct Readiness {
    parts: Arc<Mutex<Vec<bool>>>,
    mine: usize,
}

impl Readiness {
    fn new() -> Readiness {
        Readiness {
            parts: Arc::new(Mutex::new(vec![false])),
            mine: 0,
        }
    }

    /// For one more part of the work, which is not ready yet.
    pub fn another(&self) -> Readiness {
        let mut parts = held(&self.parts);
        parts.push(false);
        Readiness {
            parts: self.parts.clone(),
            mine: parts.len() - 1,
        }
    }

    pub fn set(&self, ready: bool) {
        if let Some(mine) = held(&self.parts).get_mut(self.mine) {
            *mine = ready;
        }
    }
}

fn all_ready(parts: &Mutex<Vec<bool>>) -> bool {
    held(parts).iter().all(|ready| *ready)
}

fn held(parts: &Mutex<Vec<bool>>) -> MutexGuard<'_, Vec<bool>> {
    parts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often the gauge of readiness is set anew.
const TOLD: Duration = Duration::from_secs(1);

/// Counts from now on, and answers where it is told to, until shutdown.
pub async fn start(flags: &Flags, mut shutdown: Shutdown) -> Result<Readiness, Error> {
    let readiness = Readiness::new();
    let Some(address) = flags.metrics_listen else {
        return Ok(readiness);
    };
    let rendered = metrics::install()?;
    let (asked, told) = (readiness.parts.clone(), readiness.parts.clone());
    tokio::spawn(async move {
        loop {
            metrics::ready(all_ready(&told));
            tokio::time::sleep(TOLD).await;
        }
    });
    let routes = Router::new()
        .route("/metrics", get(|| async move { rendered.render() }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route(
            "/readyz",
            get(|| async move {
                match all_ready(&asked) {
                    true => (StatusCode::OK, "ready\n"),
                    false => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
                }
            }),
        );
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| Error::io(format!("listen on {address}"), error))?;
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!("metrics on http://{address}/metrics");
    tokio::spawn(async move {
        let served = axum::serve(listener, routes)
            .with_graceful_shutdown(async move { shutdown.wait().await });
        if let Err(error) = served.await {
            tracing::warn!(%error, "metrics are no longer served");
        }
    });
    Ok(readiness)
}
