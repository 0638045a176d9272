//! The request bodies being read right now, for monitoring: how much has arrived and what is committed. An
//! entry is removed when its body ends; the finished load is in `termstream.loads`.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::counts::Counts;

/// The list of running bodies; clones share it.
#[derive(Clone, Default)]
pub struct Running {
    bodies: Arc<Mutex<BTreeMap<u64, Arc<Progress>>>>,
    next: Arc<AtomicU64>,
}

struct Progress {
    stream: String,
    started: Instant,
    /// The Content-Length, if it was given.
    total_bytes: Option<u64>,
    /// Bytes received so far, as sent.
    bytes: AtomicU64,
    rows: Arc<AtomicU64>,
    committed: Mutex<Counts>,
}

/// An entry of the list, which is removed when this is dropped.
pub struct Body {
    running: Running,
    number: u64,
    progress: Arc<Progress>,
}

/// An entry as it is shown.
#[derive(Serialize)]
pub struct Told {
    stream: String,
    seconds: f64,
    total_bytes: Option<u64>,
    bytes: u64,
    /// Rows read, committed or not.
    rows: u64,
    committed: Counts,
}

impl Running {
    pub fn begin(&self, stream: &str, total_bytes: Option<u64>) -> Body {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let progress = Arc::new(Progress {
            stream: stream.to_owned(),
            started: Instant::now(),
            total_bytes,
            bytes: AtomicU64::new(0),
            rows: Arc::default(),
            committed: Mutex::default(),
        });
        locked(&self.bodies).insert(number, Arc::clone(&progress));
        Body {
            running: self.clone(),
            number,
            progress,
        }
    }

    /// Returns the entries, the oldest first.
    pub fn told(&self) -> Vec<Told> {
        let told = |progress: &Arc<Progress>| Told {
            stream: progress.stream.clone(),
            seconds: progress.started.elapsed().as_secs_f64(),
            total_bytes: progress.total_bytes,
            bytes: progress.bytes.load(Ordering::Relaxed),
            rows: progress.rows.load(Ordering::Relaxed),
            committed: locked(&progress.committed).clone(),
        };
        locked(&self.bodies).values().map(told).collect()
    }
}

impl Body {
    /// Adds received bytes; returns the total.
    pub fn received(&self, bytes: usize) -> u64 {
        let before = self
            .progress
            .bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
        before + bytes as u64
    }

    /// The counter of rows read.
    pub fn rows(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.progress.rows)
    }

    pub fn committed(&self, counts: Option<&Counts>) {
        *locked(&self.progress.committed) = counts.cloned().unwrap_or_default();
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        locked(&self.running.bodies).remove(&self.number);
    }
}

/// Locks the list. A poisoned lock is used as it is: no code panics while the list is inconsistent.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_told_of_until_it_ends() {
        let running = Running::default();
        let body = running.begin("menu", Some(10));
        body.received(3);
        assert_eq!(body.received(4), 7);
        body.rows().store(2, Ordering::Relaxed);
        let told = running.told();
        assert_eq!((told.len(), told[0].bytes, told[0].rows), (1, 7, 2));
        drop(body);
        assert!(running.told().is_empty());
    }
}
