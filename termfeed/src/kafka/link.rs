//! Whether the brokers answer, by the statistics of librdkafka: whether any is connected, and whether one with
//! requests in flight has stopped answering.

use rdkafka::statistics::{Broker, Statistics};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::readiness::{Need, PATIENCE, Readiness};

pub struct Link {
    readiness: Readiness,
    silent: Mutex<Silent>,
}

/// Of each broker, how many answers there were, and since when there were no more, in microseconds of
/// librdkafka's clock.
#[derive(Default)]
struct Silent(HashMap<String, (u64, i64)>);

impl Link {
    pub fn new(readiness: Readiness) -> Link {
        Link {
            readiness,
            silent: Mutex::default(),
        }
    }

    pub fn look(&self, statistics: &Statistics) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let late = silent.late(statistics.ts, statistics.brokers.values());
        match late {
            _ if !statistics.brokers.values().any(|one| one.state == "UP") => {
                self.readiness.failed(Need::Broker, "none is connected");
            }
            Some((name, seconds)) => {
                let reason = format!("{name} has not answered for {seconds} s");
                self.readiness.failed(Need::Broker, reason);
            }
            None => self.readiness.fine(),
        }
    }
}

impl Silent {
    /// The broker that has not answered for longest, if that is too long, and for how many seconds.
    fn late<'a>(
        &mut self,
        now: i64,
        brokers: impl Iterator<Item = &'a Broker>,
    ) -> Option<(String, i64)> {
        let mut late = None;
        for broker in brokers {
            let last = self
                .0
                .entry(broker.name.clone())
                .or_insert((broker.rx, now));
            let owes = broker.state == "UP" && broker.waitresp_cnt > 0;
            if !owes || last.0 != broker.rx {
                *last = (broker.rx, now);
            }
            let seconds = (now - last.1) / 1_000_000;
            if seconds >= PATIENCE.as_secs() as i64 {
                late = late.max(Some((seconds, broker.name.clone())));
            }
        }
        late.map(|(seconds, name)| (name, seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_owes_an_answer_is_waited_for_a_while() {
        let mut silent = Silent::default();
        let mut at = |second: i64, waitresp_cnt, rx| {
            let broker = Broker {
                name: "b/1".into(),
                state: "UP".into(),
                waitresp_cnt,
                rx,
                ..Broker::default()
            };
            silent.late(second * 1_000_000, [&broker].into_iter())
        };
        assert_eq!(at(0, 1, 5), None);
        assert_eq!(at(6, 1, 5), None);
        assert_eq!(at(7, 1, 5), Some(("b/1".into(), 7)));
        assert_eq!(at(8, 1, 6), None, "it has answered");
        assert_eq!(at(14, 0, 6), None, "it owes nothing");
        assert_eq!(at(20, 1, 6), None, "asked since not long ago");
        assert_eq!(at(21, 1, 6), Some(("b/1".into(), 7)));
    }
}
