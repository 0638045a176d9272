//! Whether the work goes on, and if not, what holds it up: for `/readyz` and as a metric.
//!
//! Each part of the work says what it waits for, and what has failed. A wait that is longer than
//! [`PATIENCE`] counts as a stall, so that what neither fails nor answers is told, too; and what has
//! failed holds until something has succeeded, however often it is tried again meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::metrics;

/// The longest wait that is no stall. What watches must be told within ten seconds, and some of them
/// pass until it asks.
pub const PATIENCE: Duration = Duration::from_secs(7);

/// After so long without a failure nothing is wrong any more, though nothing was to be done meanwhile.
const QUIET: Duration = Duration::from_secs(10);

/// How often the gauges are set anew.
const TOLD: Duration = Duration::from_secs(1);

/// What can hold the work up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Database,
    Broker,
    Service,
    /// The rows: a batch that fails again and again.
    Rows,
    /// A place among those that are served at once.
    Queue,
}

impl Need {
    pub const ALL: [Need; 5] = [
        Need::Database,
        Need::Broker,
        Need::Service,
        Need::Rows,
        Need::Queue,
    ];

    /// What is in the way of work that has failed so.
    pub fn of(error: &Error) -> Need {
        match error {
            Error::Unreachable(_) => Need::Database,
            Error::Refused(refused) => match refused.code().code().get(..2) {
                Some("08" | "53" | "57") => Need::Database,
                _ => Need::Rows,
            },
            Error::Away(_) => Need::Service,
            _ => Need::Rows,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Need::Database => "database",
            Need::Broker => "broker",
            Need::Service => "service",
            Need::Rows => "rows",
            Need::Queue => "queue",
        }
    }
}

/// The state of one part of the work.
#[derive(Default)]
struct Part {
    trouble: Option<(Need, String)>,
    /// When it last was; of what was never tried nothing is known.
    tried: Option<Instant>,
    waits: Option<(Need, Instant)>,
}

impl Part {
    fn stall(&self, now: Instant) -> Option<(Need, String)> {
        let late = self.waits.and_then(|(need, since)| {
            let time = now.saturating_duration_since(since);
            (time >= PATIENCE).then(|| (need, format!("no answer for {} s", time.as_secs())))
        });
        late.or_else(|| self.trouble.clone())
    }
}

/// All parts of the work; clones are the same ones.
#[derive(Clone, Default)]
pub struct Health {
    parts: Arc<Mutex<Vec<Arc<Mutex<Part>>>>>,
}

impl Health {
    /// One more part, which is not ready until it says so.
    pub fn part(&self, need: Need) -> Readiness {
        let part = Arc::new(Mutex::new(Part {
            trouble: Some((need, "not reached yet".into())),
            ..Part::default()
        }));
        held(&self.parts).push(Arc::clone(&part));
        Readiness {
            health: self.clone(),
            part,
        }
    }

    /// What holds the work up now, a line each; nothing, if it goes on.
    pub fn stalls(&self) -> Vec<(Need, String)> {
        let now = Instant::now();
        let mut found: Vec<(Need, String)> = Vec::new();
        for part in held(&self.parts).iter() {
            if let Some(stall) = held(part).stall(now)
                && !found.contains(&stall)
            {
                found.push(stall);
            }
        }
        found
    }

    /// In words, for who asks.
    pub fn in_words(&self) -> Result<(), String> {
        let stalls = self.stalls();
        if stalls.is_empty() {
            return Ok(());
        }
        let lines = stalls
            .iter()
            .map(|(need, reason)| format!("{}: {reason}", need.name()));
        Err(lines.collect::<Vec<_>>().join("; "))
    }

    /// Keeps the gauges as they should be.
    pub async fn tell(self) {
        loop {
            let stalls = self.stalls();
            metrics::ready(stalls.is_empty());
            for need in Need::ALL {
                let is_stalled = stalls.iter().any(|(one, _)| *one == need);
                metrics::stalled(need.name(), is_stalled);
            }
            tokio::time::sleep(TOLD).await;
        }
    }
}

/// One part of the work, which counts until it is dropped.
pub struct Readiness {
    health: Health,
    part: Arc<Mutex<Part>>,
}

impl Readiness {
    /// For one more part of the work.
    pub fn another(&self, need: Need) -> Readiness {
        self.health.part(need)
    }

    /// Something has succeeded.
    pub fn fine(&self) {
        held(&self.part).trouble = None;
    }

    /// Something has failed, and is the trouble until something succeeds.
    pub fn failed(&self, need: Need, reason: impl ToString) {
        let mut part = held(&self.part);
        part.trouble = Some((need, reason.to_string()));
        part.tried = Some(Instant::now());
    }

    /// What has failed is tried once more now, after a pause.
    pub fn tries_again(&self) {
        held(&self.part).tried = Some(Instant::now());
    }

    /// There is nothing to do. That nothing fails any more is known when it has been so for a while.
    pub fn has_nothing_to_do(&self) {
        let mut part = held(&self.part);
        if part.tried.is_none_or(|then| then.elapsed() >= QUIET) {
            part.trouble = None;
        }
    }

    /// From now on, until the answer is dropped, this is waited for.
    pub fn waits_for(&self, need: Need) -> Wait {
        held(&self.part).waits = Some((need, Instant::now()));
        Wait(Arc::clone(&self.part))
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        held(&self.health.parts).retain(|part| !Arc::ptr_eq(part, &self.part));
    }
}

/// A wait; it ends when this is dropped.
pub struct Wait(Arc<Mutex<Part>>);

impl Drop for Wait {
    fn drop(&mut self) {
        held(&self.0).waits = None;
    }
}

/// What is behind the lock is whole whenever somebody could panic.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_told_until_something_succeeds() {
        let health = Health::default();
        let part = health.part(Need::Database);
        assert!(health.in_words().is_err(), "not reached yet");
        part.fine();
        assert_eq!(health.in_words(), Ok(()));
        let other = part.another(Need::Broker);
        other.fine();
        part.failed(Need::Rows, "refused");
        drop(part.waits_for(Need::Database));
        assert_eq!(health.in_words(), Err("rows: refused".into()));
        part.has_nothing_to_do();
        assert!(health.in_words().is_err(), "it has just failed");
        drop(part);
        assert_eq!(health.in_words(), Ok(()), "what is gone is not waited for");
    }

    /// The statistics of librdkafka come each second, and the gauges are set each second.
    const _: () = assert!(PATIENCE.as_secs() + 1 + TOLD.as_secs() < 10);

    #[test]
    fn a_wait_without_an_end_is_a_stall() {
        let now = Instant::now();
        let part = Part {
            waits: Some((Need::Broker, now)),
            ..Part::default()
        };
        assert_eq!(part.stall(now + PATIENCE / 2), None);
        let told = part.stall(now + PATIENCE);
        assert_eq!(told, Some((Need::Broker, "no answer for 7 s".into())));
    }
}
