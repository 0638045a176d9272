//! Timing of contenders on the same rows: a warm-up, then rounds in which every contender runs once,
//! so that a machine that slows down slows all of them. Reported are medians over the rounds, and the
//! ratio to the first contender within a round, which is what survives a change of machine.
//!
//! Time is the processor time of this thread where Linux tells it: it does not count what other
//! processes took. Elsewhere it is the time on the wall.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A round of a contender lasts about this long: the scheduler counts in steps of up to 4 ms.
const ROUND: Duration = Duration::from_millis(250);

pub struct Contender<'a> {
    name: String,
    rows: usize,
    /// One pass over the rows; the number is something of the outcome, so that the work is done.
    pass: Box<dyn FnMut() -> usize + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &str, rows: usize, pass: impl FnMut() -> usize + 'a) -> Contender<'a> {
        Contender {
            name: name.to_string(),
            rows,
            pass: Box::new(pass),
        }
    }

    /// Runs once, by the clock on the wall, and says how many passes make a round.
    fn warm_up(&mut self) -> usize {
        let start = Instant::now();
        black_box((self.pass)());
        (ROUND.as_secs_f64() / start.elapsed().as_secs_f64()).ceil() as usize
    }

    /// Seconds a row, over as many passes as asked.
    fn time(&mut self, passes: usize) -> f64 {
        let start = Clock::start();
        for _ in 0..passes {
            black_box((self.pass)());
        }
        start.elapsed().as_secs_f64() / (passes * self.rows) as f64
    }
}

pub struct Clock {
    processor: Option<Duration>,
    wall: Instant,
}

impl Clock {
    pub fn start() -> Clock {
        Clock {
            processor: processor_time(),
            wall: Instant::now(),
        }
    }

    pub fn elapsed(&self) -> Duration {
        match (self.processor, processor_time()) {
            (Some(start), Some(end)) => end - start,
            _ => self.wall.elapsed(),
        }
    }
}

/// What this thread has run for: the first number, in nanoseconds, of a file of the scheduler's.
fn processor_time() -> Option<Duration> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics
        .split(' ')
        .next()?
        .parse()
        .ok()
        .map(Duration::from_nanos)
}

/// Runs the contenders and prints a line each. Returns rows a second and ratio of each.
pub fn compare(title: &str, rounds: usize, contenders: &mut [Contender]) -> Vec<(f64, f64)> {
    let mut outcome = Vec::new();
    println!("\n{title}");
    println!(
        "{:<44} {:>12} {:>9} {:>8} {:>8}",
        "", "rows/s", "ns/row", "spread", "ratio"
    );
    let passes: Vec<usize> = contenders.iter_mut().map(Contender::warm_up).collect();
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for ((contender, passes), times) in contenders.iter_mut().zip(&passes).zip(&mut times) {
            times.push(contender.time(*passes));
        }
    }
    for (contender, own) in contenders.iter().zip(&times) {
        let ratios = own.iter().zip(&times[0]);
        let ratio = median(ratios.map(|(own, first)| first / own).collect());
        let spread = own.iter().copied().fold(0.0, f64::max)
            / own.iter().copied().fold(f64::INFINITY, f64::min);
        let time = median(own.clone());
        println!(
            "{:<44} {:>12.0} {:>9.0} {:>7.2}x {:>7.2}x",
            contender.name,
            1.0 / time,
            time * 1e9,
            spread,
            ratio
        );
        outcome.push((1.0 / time, ratio));
    }
    outcome
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
