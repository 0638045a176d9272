//! The circuit breaker (M. Nygard, "Release It!", 2007): whether the service may be asked now, or when next.
//! Shared by the workers of a process. It takes the time as an argument and does no I/O.
//!
//! Closed, all may ask; after each failure they pause, longer and longer. Too many failures without an
//! answer in between open it: nobody asks until the pause is over, and then one worker asks one row.
//! An answer closes it.

use std::time::{Duration, Instant};

use crate::database::backoff_between;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Closed,
    Trying,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Any number of rows may be asked.
    Ask,
    /// One row may be asked, and its outcome must be reported.
    Try,
    Wait(Duration),
}

pub struct Circuit {
    state: State,
    /// Failures since the last answer.
    failures: u32,
    /// Whether the last outcome was an answer.
    answering: bool,
    opens_after: u32,
    pause_until: Option<Instant>,
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
    first: Duration,
    longest: Duration,
}

impl Circuit {
    pub fn new(opens_after: u32, first: Duration, longest: Duration) -> Circuit {
        Circuit {
            state: State::Closed,
            failures: 0,
            answering: false,
            opens_after: opens_after.max(1),
            pause_until: None,
            pauses: Box::new(backoff_between(first, longest)),
            first,
            longest,
        }
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// Whether the service answered and has not failed since.
    pub fn is_answering(&self) -> bool {
        self.answering
    }

    pub fn permit(&mut self, now: Instant) -> Permit {
        if let Some(left) = self
            .pause_until
            .and_then(|end| end.checked_duration_since(now))
            && !left.is_zero()
        {
            return Permit::Wait(left);
        }
        match self.state {
            State::Closed => Permit::Ask,
            // Another worker is trying.
            State::Trying => Permit::Wait(self.first),
            State::Open => {
                self.state = State::Trying;
                Permit::Try
            }
        }
    }

    /// Reports an answer, even one that refuses the rows.
    pub fn answered(&mut self) {
        self.state = State::Closed;
        self.answering = true;
        self.failures = 0;
        self.pause_until = None;
        self.pauses = Box::new(backoff_between(self.first, self.longest));
    }

    /// Reports a failure; the service may have said when to retry.
    pub fn failed(&mut self, now: Instant, retry_after: Option<Duration>) {
        self.answering = false;
        self.failures = self.failures.saturating_add(1);
        if self.state != State::Closed || self.failures >= self.opens_after {
            self.state = State::Open;
        }
        let pause = self.pauses.next().unwrap_or(self.longest);
        self.pause_until = now.checked_add(pause.max(retry_after.unwrap_or_default()));
    }

    /// Reports that the permitted trial was not made, so that another may be.
    pub fn give_back(&mut self) {
        if self.state == State::Trying {
            self.state = State::Open;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(4);

    fn wait(circuit: &mut Circuit, now: Instant) -> Duration {
        match circuit.permit(now) {
            Permit::Wait(time) => time,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_opens_tries_one_and_closes() {
        let mut now = Instant::now();
        let mut circuit = Circuit::new(3, FIRST, LONGEST);
        for failure in 1..=3 {
            assert_eq!(circuit.permit(now), Permit::Ask, "failure {failure}");
            circuit.failed(now, None);
            now += wait(&mut circuit, now);
        }
        assert_eq!(circuit.state(), State::Open);
        assert_eq!(circuit.permit(now), Permit::Try);
        assert!(
            matches!(circuit.permit(now), Permit::Wait(_)),
            "one at a time"
        );
        circuit.failed(now, None);
        assert_eq!(circuit.state(), State::Open);
        now += wait(&mut circuit, now);
        assert_eq!(circuit.permit(now), Permit::Try);
        circuit.give_back();
        assert_eq!(
            circuit.permit(now),
            Permit::Try,
            "a trial not made is made by the next"
        );
        circuit.answered();
        assert_eq!(circuit.permit(now), Permit::Ask);
    }

    #[test]
    fn it_is_answering_from_an_answer_to_the_next_failure() {
        let now = Instant::now();
        let mut circuit = Circuit::new(3, FIRST, LONGEST);
        assert!(!circuit.is_answering(), "nothing is known of it");
        circuit.answered();
        assert!(circuit.is_answering());
        circuit.failed(now, None);
        assert!(!circuit.is_answering());
    }

    #[test]
    fn answers_in_between_keep_it_closed() {
        let mut now = Instant::now();
        let mut circuit = Circuit::new(3, FIRST, LONGEST);
        for _ in 0..20 {
            circuit.failed(now, None);
            now += wait(&mut circuit, now);
            circuit.failed(now, None);
            circuit.answered();
            assert_eq!(circuit.permit(now), Permit::Ask);
        }
    }

    #[test]
    fn pauses_grow_to_the_longest_and_obey_the_service() {
        let mut now = Instant::now();
        let mut circuit = Circuit::new(1, FIRST, LONGEST);
        let mut pauses = vec![];
        for _ in 0..20 {
            circuit.failed(now, None);
            let pause = wait(&mut circuit, now);
            pauses.push(pause);
            now += pause;
            assert_eq!(circuit.permit(now), Permit::Try);
        }
        // Each with a jitter of up to its own length.
        assert!(pauses[0] >= FIRST && pauses[0] <= FIRST * 2, "{pauses:?}");
        assert!(
            pauses[19] >= LONGEST && pauses[19] <= LONGEST * 2,
            "{pauses:?}"
        );
        circuit.failed(now, Some(Duration::from_secs(77)));
        assert_eq!(wait(&mut circuit, now), Duration::from_secs(77));
    }
}
