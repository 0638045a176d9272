//! Notices that tell the client how far a load is, as often as it asked for.

use std::time::{Duration, Instant};

use super::source::Source;
use termstream_core::load::Counts;

/// When the next notice is due, and what it needs to tell the progress.
pub struct Notices {
    every: Option<Duration>,
    started: Instant,
    last: Instant,
    /// How far the file had been read when the load began.
    pub begin: u64,
}

impl Notices {
    /// Notices at this interval; none without one.
    pub fn new(every: Option<Duration>, source: &Source) -> Notices {
        let now = Instant::now();
        Notices {
            every,
            started: now,
            last: now,
            begin: source.file_position(),
        }
    }

    /// Sends a notice about the progress, if it is due.
    pub fn tell(&mut self, source: &Source, file_position: u64, counts: &Counts) {
        if self.every.is_none_or(|every| self.last.elapsed() < every) {
            return;
        }
        self.last = Instant::now();
        let Ok(total) = source.size() else { return };
        let seconds = self.started.elapsed().as_secs_f64();
        let done = file_position.saturating_sub(self.begin) as f64;
        let left = total.saturating_sub(file_position) as f64;
        pgrx::notice!(
            "{} rows, {} rejected, {:.1} % of \"{}\", {:.0} rows/s, {:.0} s to go",
            counts.read,
            counts.rejected,
            100.0 * file_position as f64 / total.max(1) as f64,
            source.path(),
            counts.read as f64 / seconds,
            left * seconds / done.max(1.0),
        );
    }
}
