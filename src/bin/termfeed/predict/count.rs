//! What is counted of the service, for Prometheus.

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use std::time::Duration;

use super::circuit::State;

pub fn describe() {
    describe_histogram!(
        "termfeed_service_duration_seconds",
        Unit::Seconds,
        "From a question to its answer or failure."
    );
    describe_counter!(
        "termfeed_service_failures_total",
        Unit::Count,
        "Questions without the answer wanted, by HTTP status (0: none came)."
    );
    describe_gauge!(
        "termfeed_circuit_state",
        Unit::Count,
        "0: closed, the service is asked; 1: one row is tried; 2: open, it is not asked."
    );
}

pub fn asked(stream: &str, time: Duration) {
    histogram!("termfeed_service_duration_seconds", "stream" => stream.to_owned()).record(time);
}

pub fn failed(stream: &str, status: Option<u16>) {
    let status = status.unwrap_or(0).to_string();
    counter!("termfeed_service_failures_total", "stream" => stream.to_owned(), "status" => status)
        .increment(1);
}

pub fn circuit(stream: &str, state: State) {
    let value = match state {
        State::Closed => 0,
        State::Trying => 1,
        State::Open => 2,
    };
    gauge!("termfeed_circuit_state", "stream" => stream.to_owned()).set(value);
}
