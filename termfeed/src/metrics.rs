//! What termfeed counts, for Prometheus, named by its conventions. Labels have few values: the
//! stream, the stage, what was tried again.

use axum::http::{Method, StatusCode};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;
use std::time::Duration;

use crate::counts::{Counts, STAGES};
use crate::error::Error;

/// Seconds, from a small batch on a quiet server to a file of gigabytes.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0,
];

/// A gauge that was not set for so long is forgotten.
const STALE: Duration = Duration::from_secs(60);
const SWEEP: Duration = Duration::from_secs(5);

enum Kind {
    Counter,
    Gauge,
    Histogram,
}
use Kind::{Counter, Gauge, Histogram};

/// All that termfeed exports. Dashboards and alerts may use these, and the code counts no other.
const METRICS: [(Kind, &str, Unit, &str); 24] = [
    (
        Counter,
        "termfeed_rows_total",
        Unit::Count,
        "Rows committed, taken and rejected together.",
    ),
    (
        Counter,
        "termfeed_rejects_total",
        Unit::Count,
        "Rows committed to the rejects, by stage.",
    ),
    (
        Counter,
        "termfeed_pairs_total",
        Unit::Count,
        "Rows written by the streams' statements.",
    ),
    (
        Counter,
        "termfeed_bytes_total",
        Unit::Bytes,
        "Bytes sent to the database in COPY.",
    ),
    (
        Counter,
        "termfeed_batches_total",
        Unit::Count,
        "Transactions committed with rows.",
    ),
    (
        Counter,
        "termfeed_retries_total",
        Unit::Count,
        "Attempts after one that failed, by what was tried.",
    ),
    (
        Counter,
        "termfeed_failures_total",
        Unit::Count,
        "Transactions that were rolled back.",
    ),
    (
        Counter,
        "termfeed_http_requests_total",
        Unit::Count,
        "Requests answered, by method, route and status.",
    ),
    (
        Histogram,
        "termfeed_http_request_duration_seconds",
        Unit::Seconds,
        "From a request's header to its answer, by method and route.",
    ),
    (
        Histogram,
        "termfeed_copy_duration_seconds",
        Unit::Seconds,
        "From the beginning of a COPY to its end.",
    ),
    (
        Histogram,
        "termfeed_commit_duration_seconds",
        Unit::Seconds,
        "How long COMMIT took.",
    ),
    (
        Gauge,
        "termfeed_ready",
        Unit::Count,
        "1 while the work goes on, 0 while something holds it up.",
    ),
    (
        Gauge,
        "termfeed_stalled",
        Unit::Count,
        "1 while the work is held up by the database, broker, service, rows or queue, 0 otherwise.",
    ),
    (
        Gauge,
        "termfeed_lag_messages",
        Unit::Count,
        "Messages of a partition that are not committed to the database yet.",
    ),
    (
        Counter,
        "termfeed_delivered_rows_total",
        Unit::Count,
        "Rows of an outbox that the brokers have and that are marked.",
    ),
    (
        Counter,
        "termfeed_refused_rows_total",
        Unit::Count,
        "Rows of an outbox that the brokers will never take.",
    ),
    (
        Gauge,
        "termfeed_outbox_waiting_rows",
        Unit::Count,
        "Rows of an outbox that are not delivered yet.",
    ),
    (
        Histogram,
        "termfeed_delivery_duration_seconds",
        Unit::Seconds,
        "From sending a batch to its last delivery report.",
    ),
    (
        Gauge,
        "termfeed_lag_seconds",
        Unit::Seconds,
        "How old the records of a shard are that are being read.",
    ),
    (
        Histogram,
        "termfeed_service_duration_seconds",
        Unit::Seconds,
        "From a question to the service to its answer or failure.",
    ),
    (
        Counter,
        "termfeed_service_failures_total",
        Unit::Count,
        "Questions without the answer wanted, by HTTP status (0: none came).",
    ),
    (
        Gauge,
        "termfeed_circuit_state",
        Unit::Count,
        "0: closed, the service is asked; 1: one row is tried; 2: open, it is not asked.",
    ),
    (
        Counter,
        "termfeed_exported_rows_total",
        Unit::Count,
        "Rows in complete files of finished exports.",
    ),
    (
        Histogram,
        "termfeed_export_duration_seconds",
        Unit::Seconds,
        "From the beginning of an export to its manifest.",
    ),
];

/// Begins to count; the handle renders what was counted.
pub fn install() -> Result<PrometheusHandle, Error> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &BUCKETS)
        // What is no longer told is no longer true: the lag of a partition given back.
        .map(|builder| builder.idle_timeout(MetricKindMask::GAUGE, Some(STALE)))
        .and_then(|builder| builder.install_recorder())
        .map_err(|error| Error::Settings(format!("metrics cannot be counted: {error}")))?;
    for (kind, name, unit, text) in METRICS {
        match kind {
            Counter => describe_counter!(name, unit, text),
            Gauge => describe_gauge!(name, unit, text),
            Histogram => describe_histogram!(name, unit, text),
        }
    }
    // Measured times pile up until somebody asks, or this is done.
    let swept = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(SWEEP).await;
            swept.run_upkeep();
        }
    });
    Ok(handle)
}

fn stream_label(stream: &str) -> (&'static str, String) {
    ("stream", stream.to_owned())
}

/// A COPY has ended well; it is not committed yet.
pub fn copied(stream: &str, bytes: u64, time: Duration) {
    counter!("termfeed_bytes_total", &[stream_label(stream)]).increment(bytes);
    histogram!("termfeed_copy_duration_seconds", &[stream_label(stream)]).record(time);
}

/// A transaction with rows was committed.
pub fn committed(stream: &str, counts: &Counts, time: Duration) {
    let labels = [stream_label(stream)];
    counter!("termfeed_rows_total", &labels).increment(counts.read.max(0) as u64);
    counter!("termfeed_pairs_total", &labels).increment(counts.pairs.max(0) as u64);
    counter!("termfeed_batches_total", &labels).increment(1);
    histogram!("termfeed_commit_duration_seconds", &labels).record(time);
    for (stage, rows) in STAGES.into_iter().zip(counts.stages) {
        counter!("termfeed_rejects_total", "stream" => stream.to_owned(), "stage" => stage)
            .increment(rows.max(0) as u64);
    }
}

/// A transaction with rows failed and was rolled back.
pub fn failed(stream: &str) {
    counter!("termfeed_failures_total", &[stream_label(stream)]).increment(1);
}

/// Something is tried again.
pub fn retried(what: &'static str) {
    counter!("termfeed_retries_total", "what" => what).increment(1);
}

/// A request over HTTP was answered.
pub fn answered(method: &Method, route: &str, status: StatusCode, time: Duration) {
    // Whoever asks may invent methods.
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "OPTIONS") => known,
        _ => "other",
    };
    let labels = [("method", method.to_owned()), ("route", route.to_owned())];
    histogram!("termfeed_http_request_duration_seconds", &labels).record(time);
    let [method, route] = labels;
    let status = ("status", status.as_str().to_owned());
    counter!("termfeed_http_requests_total", &[method, route, status]).increment(1);
}

pub fn ready(ready: bool) {
    gauge!("termfeed_ready").set(if ready { 1.0 } else { 0.0 });
}

/// Whether this holds the work up.
pub fn stalled(need: &'static str, stalled: bool) {
    gauge!("termfeed_stalled", "what" => need).set(if stalled { 1.0 } else { 0.0 });
}

/// How many messages of a partition wait.
pub fn lag(topic: &str, partition: i32, messages: i64) {
    gauge!("termfeed_lag_messages", "topic" => topic.to_owned(), "partition" => partition.to_string())
        .set(messages.max(0) as f64);
}

/// A batch of an outbox was delivered, and marked.
pub fn delivered(topic: &str, rows: u64, time: Duration) {
    counter!("termfeed_delivered_rows_total", "topic" => topic.to_owned()).increment(rows);
    histogram!("termfeed_delivery_duration_seconds", "topic" => topic.to_owned()).record(time);
}

/// Rows of an outbox were marked as those that no broker will take.
pub fn refused(topic: &str, rows: u64) {
    counter!("termfeed_refused_rows_total", "topic" => topic.to_owned()).increment(rows);
}

/// How many rows of an outbox wait.
pub fn waiting(topic: &str, rows: i64) {
    // An alert looks at the increase: that of a counter whose first value is seen is none.
    refused(topic, 0);
    gauge!("termfeed_outbox_waiting_rows", "topic" => topic.to_owned()).set(rows as f64);
}

/// How far behind a shard of Kinesis is read.
pub fn behind(stream: &str, shard: &str, time: Duration) {
    gauge!("termfeed_lag_seconds", "topic" => stream.to_owned(), "partition" => shard.to_owned())
        .set(time.as_secs_f64());
}

/// A service was asked; `status` is that of a failure, 0 where no answer came.
pub fn asked(stream: &str, time: Duration, failure: Option<u16>) {
    histogram!("termfeed_service_duration_seconds", &[stream_label(stream)]).record(time);
    if let Some(status) = failure {
        counter!("termfeed_service_failures_total", "stream" => stream.to_owned(),
            "status" => status.to_string())
        .increment(1);
    }
}

/// 0 for closed, 1 for trying, 2 for open.
pub fn circuit(stream: &str, state: u8) {
    gauge!("termfeed_circuit_state", &[stream_label(stream)]).set(f64::from(state));
}

/// An export is finished: its files and its manifest are there.
pub fn exported(export: &str, rows: u64, time: Duration) {
    counter!("termfeed_exported_rows_total", "export" => export.to_owned()).increment(rows);
    histogram!("termfeed_export_duration_seconds", "export" => export.to_owned()).record(time);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// All that looks like a metric of ours; a histogram by its base name.
    fn named(text: &str) -> BTreeSet<&str> {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("termfeed_"))
            .map(|word| {
                let histogram = ["_bucket", "_sum", "_count"]
                    .iter()
                    .find_map(|suffix| word.strip_suffix(suffix));
                histogram.unwrap_or(word)
            })
            .collect()
    }

    #[test]
    fn dashboards_and_alerts_use_only_what_is_exported() {
        let exported: BTreeSet<&str> = METRICS.iter().map(|(_, name, ..)| *name).collect();
        for file in [
            include_str!("../../docker/grafana/dashboards/termstream.json"),
            include_str!("../../docker/prometheus/alerts.yml"),
        ] {
            let used = named(file);
            assert!(used.len() > 5);
            let unknown: Vec<_> = used.difference(&exported).collect();
            assert!(unknown.is_empty(), "{unknown:?}");
        }
    }

    #[test]
    fn what_the_code_counts_is_described() {
        let exported: BTreeSet<&str> = METRICS.iter().map(|(_, name, ..)| *name).collect();
        let counted = named(include_str!("metrics.rs"));
        assert_eq!(
            counted.difference(&exported).collect::<Vec<_>>(),
            [&"termfeed_"]
        );
    }
}
