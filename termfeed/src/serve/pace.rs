//! How long a client may take to send a body: a grace period, and after that no longer than at the lowest
//! pace allowed. A client that sends nothing for the grace period is disconnected.
//!
//! Only the time spent waiting for the client counts, as in Apache's mod_reqtimeout
//! (`body=20,MinRate=500`), so that a byte a minute does not hold a connection for ever.

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::Shared;

/// The lowest pace allowed for bodies.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The grace period, and the longest time without any bytes.
    pub stall: Duration,
    /// Bytes a second; 0 allows any pace.
    pub slowest: u64,
}

/// Middleware that enforces the pace on the body of a request.
pub async fn keep(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let pace = shared.pace;
    next.run(request.map(|body| pace.of(body))).await
}

impl Pace {
    /// The body, which ends with an error if it is too slow.
    fn of(self, body: Body) -> Body {
        let body = (body.into_data_stream(), Waited::default());
        Body::from_stream(stream::unfold(
            body,
            move |(mut body, mut waited)| async move {
                let piece = self.next(&mut body, &mut waited).await?;
                Some((piece, (body, waited)))
            },
        ))
    }

    async fn next(
        self,
        body: &mut BodyDataStream,
        waited: &mut Waited,
    ) -> Option<io::Result<Bytes>> {
        let started = Instant::now();
        let Ok(piece) = tokio::time::timeout(self.patience(waited), body.next()).await else {
            return Some(Err(ErrorKind::TimedOut.into()));
        };
        let piece = piece?.map_err(io::Error::other);
        waited.long += started.elapsed();
        waited.bytes += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Some(piece)
    }

    /// How long to wait for the next piece.
    fn patience(self, waited: &Waited) -> Duration {
        let Some(earned) = waited.bytes.checked_div(self.slowest) else {
            return self.stall;
        };
        let all = self.stall.saturating_add(Duration::from_secs(earned));
        all.saturating_sub(waited.long).min(self.stall)
    }
}

/// Whether a body could not be read because it was too slow.
pub fn is_too_slow(error: &(dyn Error + 'static)) -> bool {
    match error.downcast_ref::<io::Error>() {
        Some(error) if error.kind() == ErrorKind::TimedOut => true,
        _ => error.source().is_some_and(is_too_slow),
    }
}

/// How long the body was waited for, and how many bytes have arrived.
#[derive(Default)]
struct Waited {
    long: Duration,
    bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_with_a_body_that_drips_and_not_with_one_that_flows() {
        let seconds = Duration::from_secs;
        let pace = |slowest| Pace {
            stall: seconds(30),
            slowest,
        };
        for (slowest, waited, bytes, patience, why) in [
            (500, 0, 0, 30, "the beginning"),
            (500, 29, 1, 1, "a drop"),
            (500, 31, 499, 0, "another one, too late"),
            (500, 31, 500, 0, "what was earned is spent"),
            (500, 40, 10_000, 10, "slow, but borne"),
            (500, 3600, 1_800_000, 30, "as slow as is borne"),
            (500, 3600, 100_000_000, 30, "no more credit than a stall"),
            (0, 3600, 1, 30, "any pace"),
        ] {
            let waited = Waited {
                long: seconds(waited),
                bytes,
            };
            assert_eq!(pace(slowest).patience(&waited), seconds(patience), "{why}");
        }
    }
}
