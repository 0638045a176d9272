//! What termfeed counts, for Prometheus, named by its conventions. Labels have few values: the
//! stream, the stage, what was tried again.

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::time::Duration;

use crate::door::Counts;
use crate::error::Error;

/// Seconds, from a small batch on a quiet server to a file of gigabytes.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0,
];

/// Begins to count; the handle renders what was counted.
pub fn install() -> Result<PrometheusHandle, Error> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &BUCKETS)
        .and_then(|builder| builder.install_recorder())
        .map_err(|error| Error::Settings(format!("metrics cannot be counted: {error}")))?;
    describe();
    Ok(handle)
}

fn describe() {
    for (name, unit, text) in [
        (
            "termfeed_rows_total",
            Unit::Count,
            "Rows committed, taken and rejected together.",
        ),
        (
            "termfeed_rejects_total",
            Unit::Count,
            "Rows committed to the rejects, by stage.",
        ),
        (
            "termfeed_pairs_total",
            Unit::Count,
            "Rows written by the streams' statements.",
        ),
        (
            "termfeed_bytes_total",
            Unit::Bytes,
            "Bytes sent to the database in COPY.",
        ),
        (
            "termfeed_batches_total",
            Unit::Count,
            "Transactions committed with rows.",
        ),
        (
            "termfeed_retries_total",
            Unit::Count,
            "Attempts after one that failed, by what was tried.",
        ),
        (
            "termfeed_failures_total",
            Unit::Count,
            "Transactions that were rolled back.",
        ),
    ] {
        describe_counter!(name, unit, text);
    }
    for (name, text) in [
        (
            "termfeed_copy_duration_seconds",
            "From the beginning of a COPY to its end.",
        ),
        ("termfeed_commit_duration_seconds", "How long COMMIT took."),
    ] {
        describe_histogram!(name, Unit::Seconds, text);
    }
}

fn stream_label(stream: &str) -> (&'static str, String) {
    ("stream", stream.to_owned())
}

/// A COPY has ended well; it is not committed yet.
pub fn copied(stream: &str, bytes: u64, time: Duration) {
    counter!("termfeed_bytes_total", &[stream_label(stream)]).increment(bytes);
    histogram!("termfeed_copy_duration_seconds", &[stream_label(stream)]).record(time);
}

/// A transaction with rows was committed. `parse` of the rejects were made here, before the COPY.
pub fn committed(stream: &str, counts: &Counts, parse: u64, time: Duration) {
    let labels = [stream_label(stream)];
    let later = (counts.rejected.max(0) as u64).saturating_sub(parse);
    counter!("termfeed_rows_total", &labels).increment(counts.read.max(0) as u64);
    counter!("termfeed_pairs_total", &labels).increment(counts.pairs.max(0) as u64);
    counter!("termfeed_batches_total", &labels).increment(1);
    histogram!("termfeed_commit_duration_seconds", &labels).record(time);
    for (stage, rows) in [("parse", parse), ("stream", later)] {
        counter!("termfeed_rejects_total", "stream" => stream.to_owned(), "stage" => stage)
            .increment(rows);
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

/// Rows became rejects of a stage of ours, without being rows of a COPY.
#[cfg(any(feature = "predict", feature = "kinesis"))]
pub fn rejected(stream: &str, stage: &'static str, rows: u64) {
    counter!("termfeed_rows_total", &[stream_label(stream)]).increment(rows);
    counter!("termfeed_rejects_total", "stream" => stream.to_owned(), "stage" => stage)
        .increment(rows);
}
