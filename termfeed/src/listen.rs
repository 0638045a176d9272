//! Connections over HTTP: so many at once, each with a bound on its header and on the time that takes; at the
//! end those in hand are finished.
//!
//! axum's own loop has no timer, so that a client that sends its header a byte a minute would hold a
//! connection for ever. And where all places are taken, a new client is not kept waiting by those
//! that have asked for nothing: of the connections that wait for a header, the oldest makes room.

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::error::Error;
use crate::shutdown::Shutdown;

/// Connections at once: half of the files that a process may usually open.
const MOST_CONNECTIONS: usize = 512;
/// The longest header, and what of a body is read ahead.
const HEADER_BYTES: usize = 64 << 10;
/// How long a header may take, and a connection be idle.
const HEADER_WAIT: Duration = Duration::from_secs(20);
/// How long requests in hand get at the end.
const LAST_WAIT: Duration = Duration::from_secs(30);
/// After an accept that failed: the system has no file to give.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// Connections that wait for a header, the oldest first; what is told to one ends it.
#[derive(Clone, Default)]
struct Idle {
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    number: u64,
    connections: BTreeMap<u64, Arc<Notify>>,
}

impl Idle {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the connection waits; the number is for [`Idle::leave`].
    fn join(&self, end: &Arc<Notify>) -> u64 {
        let mut waiting = self.waiting();
        waiting.number += 1;
        let number = waiting.number;
        waiting.connections.insert(number, Arc::clone(end));
        number
    }

    fn leave(&self, number: u64) {
        self.waiting().connections.remove(&number);
    }

    /// Ends the one that waits longest, if there is one.
    fn make_room(&self) {
        if let Some((_, oldest)) = self.waiting().connections.pop_first() {
            oldest.notify_one();
        }
    }
}

/// One connection, as long as it lasts; between two requests it is among those that wait.
struct Place {
    idle: Idle,
    end: Arc<Notify>,
    number: Mutex<u64>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn new(idle: &Idle, permit: OwnedSemaphorePermit) -> Place {
        let end = Arc::new(Notify::new());
        Place {
            number: Mutex::new(idle.join(&end)),
            idle: idle.clone(),
            end,
            _permit: permit,
        }
    }

    fn number(&self) -> MutexGuard<'_, u64> {
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_asked(&self) {
        self.idle.leave(*self.number());
    }

    fn has_answered(&self) {
        *self.number() = self.idle.join(&self.end);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.is_asked();
    }
}

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
    let idle = Idle::default();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room, &idle) => accepted,
            () = shutdown.wait() => break,
        };
        let Ok((socket, permit)) = accepted else {
            idle.make_room();
            tokio::time::sleep(ACCEPT_WAIT).await;
            continue;
        };
        let place = Arc::new(Place::new(&idle, permit));
        let end = Arc::clone(&place.end);
        let router = TowerToHyperService::new(router.clone());
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            place.is_asked();
            let answer = hyper::service::Service::call(&router, request);
            let place = Arc::clone(&place);
            async move {
                let answer = answer.await;
                place.has_answered();
                answer
            }
        });
        let connection = in_hand.watch(http.serve_connection(TokioIo::new(socket), service));
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(reason = %crate::error::with_causes(&error), "a connection broke");
                },
                () = end.notified() => {}
            }
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
    idle: &Idle,
) -> Result<(tokio::net::TcpStream, OwnedSemaphorePermit), std::io::Error> {
    let (socket, _) = listener.accept().await?;
    // Answers are small: they need not wait for more.
    socket.set_nodelay(true)?;
    loop {
        let permit = Arc::clone(room).acquire_owned();
        if room.available_permits() == 0 {
            idle.make_room();
        }
        // Meanwhile another one may have been answered, and wait for its next request.
        if let Ok(permit) = tokio::time::timeout(ACCEPT_WAIT, permit).await {
            return Ok((socket, permit.map_err(std::io::Error::other)?));
        }
    }
}
