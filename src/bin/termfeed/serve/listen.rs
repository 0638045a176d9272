//! Connections: so many at once, each with a bound on its header and on the time that takes; at the
//! end those in hand are finished.
//!
//! axum's own loop has no timer, so that a client that sends its header a byte a minute would hold a
//! connection for ever.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::shutdown::Shutdown;

/// Connections at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 1024;
/// The longest header, and what of a body is read ahead.
const HEADER_BYTES: usize = 64 << 10;
/// How long a header may take, and a connection be idle.
const HEADER_WAIT: Duration = Duration::from_secs(30);
/// How long requests in hand get at the end.
const LAST_WAIT: Duration = Duration::from_secs(30);
/// After an accept that failed: the system has no file to give.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

pub async fn serve(
    listener: TcpListener,
    router: Router,
    mut shutdown: Shutdown,
) -> Result<(), Error> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_WAIT)
        .max_buf_size(HEADER_BYTES);
    let in_hand = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = shutdown.wait() => break,
        };
        let Ok((socket, place)) = accepted else {
            tokio::time::sleep(ACCEPT_WAIT).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = in_hand.watch(http.serve_connection(TokioIo::new(socket), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(reason = %crate::error::with_causes(&error), "a connection broke");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_WAIT, in_hand.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time: their rows are rolled back");
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Result<(tokio::net::TcpStream, impl Drop + Send + use<>), std::io::Error> {
    let place = Arc::clone(room)
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (socket, _) = listener.accept().await?;
    // Answers are small: they need not wait for more.
    socket.set_nodelay(true)?;
    Ok((socket, place))
}
