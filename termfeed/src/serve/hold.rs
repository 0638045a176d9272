//! Request bodies that hold a session of the database: a body holds it while rows arrive, and, if other
//! requests wait for a session, only while they arrive fast enough.
//!
//! Otherwise a few slow clients, one for each session, could keep all others out. The time that counts is the
//! time spent waiting for the client while it holds a session.

use bytes::Bytes;
use futures_util::{Stream, StreamExt, future, stream};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::answer::Refusal;
use super::session::{Session, Sessions};

/// How long a session that others wait for may wait for its client before the pace is enforced.
const FIRST_WHILE: Duration = Duration::from_secs(5);
/// The lowest pace of a body that holds a session for which others wait, in bytes a second.
const PACE: u64 = 64 << 10;
/// How often to check whether other requests wait for a session.
const LOOK: Duration = Duration::from_millis(500);

/// Whether a body holds a session, shared by the body and the task that lends sessions.
pub struct Hold {
    sessions: Sessions,
    /// 0 if no session is held, otherwise the number of sessions held so far.
    held: Arc<AtomicU64>,
    taken: AtomicU64,
}

/// A session is held until this is dropped.
pub struct Holding<'a>(&'a AtomicU64);

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// How long the client was waited for while one session was held, and how many bytes it sent.
#[derive(Default)]
struct Waited {
    holding: u64,
    long: Duration,
    bytes: u64,
}

impl Waited {
    fn is_too_long(&self, now: Duration) -> bool {
        let earned = Duration::from_millis(self.bytes.saturating_mul(1000) / PACE);
        self.holding > 0 && self.long + now > FIRST_WHILE + earned
    }
}

impl Hold {
    pub fn new(sessions: Sessions) -> Hold {
        Hold {
            sessions,
            held: Arc::default(),
            taken: AtomicU64::new(0),
        }
    }

    pub async fn session(&self) -> Result<(Session, Holding<'_>), Refusal> {
        let session = self.sessions.get().await?;
        let number = self.taken.fetch_add(1, Ordering::Relaxed) + 1;
        self.held.store(number, Ordering::Relaxed);
        Ok((session, Holding(&self.held)))
    }

    /// The body, which ends with an error if it is too slow while others wait.
    pub fn keep<B>(
        &self,
        body: B,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static + use<B>
    where
        B: Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static,
    {
        let (sessions, held) = (self.sessions.clone(), Arc::clone(&self.held));
        let state = (body, Waited::default());
        let kept = stream::unfold(state, move |(mut body, mut waited)| {
            let (sessions, held) = (sessions.clone(), Arc::clone(&held));
            async move {
                let holding = held.load(Ordering::Relaxed);
                if waited.holding != holding {
                    waited = Waited {
                        holding,
                        ..Waited::default()
                    };
                }
                let started = Instant::now();
                loop {
                    let piece = tokio::time::timeout(LOOK, body.next()).await;
                    if waited.is_too_long(started.elapsed()) && sessions.waiting() > 0 {
                        return Some((Err(ErrorKind::TimedOut.into()), (body, waited)));
                    }
                    if let Ok(piece) = piece {
                        waited.long += started.elapsed();
                        let piece = piece?;
                        waited.bytes += piece.as_ref().map_or(0, Bytes::len) as u64;
                        return Some((piece, (body, waited)));
                    }
                }
            }
        });
        // The stream is polled once more after its end.
        Box::pin(kept.fuse())
    }
}

/// Returns the body once that many bytes have arrived, or all of it.
pub async fn with_beginning(
    mut body: impl Stream<Item = io::Result<Bytes>> + Send + Unpin,
    bytes: usize,
) -> io::Result<impl Stream<Item = io::Result<Bytes>> + Send> {
    // In one piece: a client that sends single bytes must not cost a buffer for each.
    let mut beginning = Vec::new();
    while beginning.len() < bytes
        && let Some(piece) = body.next().await.transpose()?
    {
        beginning.extend_from_slice(&piece);
    }
    let beginning = stream::once(future::ready(Ok(Bytes::from(beginning))));
    Ok(beginning.chain(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_holds_a_session_must_be_quick() {
        let seconds = Duration::from_secs;
        for (holding, long, bytes, now, is_too_long, why) in [
            (0, 100, 0, 0, false, "holds none"),
            (1, 4, 0, 0, false, "a first while"),
            (1, 4, 0, 2, true, "and no longer"),
            (2, 10, 10 * PACE, 4, false, "as quick as is borne"),
            (2, 10, 10 * PACE, 6, true, "stalled since"),
        ] {
            let waited = Waited {
                holding,
                long: seconds(long),
                bytes,
            };
            assert_eq!(waited.is_too_long(seconds(now)), is_too_long, "{why}");
        }
    }
}
