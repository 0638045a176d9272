//! `termfeed predict`: asks an HTTP service about rows of a table, and brings its answers into a stream.
//!
//! Claim, answer and removal are one transaction: several instances can share the table, and a crash repeats
//! a question, never an effect. A row that fails too often becomes a reject; no row holds up
//! the others, and while the service is down all of them wait. Where a single row gets the answer of a
//! service that is down (502-504, 401-405), the service is asked for its health, or about an empty list:
//! if it works, the failure is the row's.
//!
//! ```text
//! work (claim, remove) ─▶ worker ─▶ service (POST) ─▶ answer (one for each row, or none)
//!                           ▲ split (who is guilty), circuit (when to ask)
//! ```

mod answer;
mod circuit;
mod service;
mod split;
mod work;
mod worker;

use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::database::Database;
use crate::error::Error;
use crate::monitor;
use crate::pipeline::Totals;
use crate::readiness::Need;
use crate::settings::{Common, Secret, needed};
use crate::shutdown::Shutdown;
use answer::{Naming, Shape};
use circuit::Circuit;
use service::Service;
use worker::Worker;

#[derive(Args, Clone, Debug, Serialize, Deserialize)]
pub struct Flags {
    /// The service: payloads are POSTed to it as JSON
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Secret>,

    /// The table of rows to ask about: a unique key, payload jsonb, attempts integer NOT NULL DEFAULT 0
    /// (an index on (attempts, KEY) keeps it quick)
    #[arg(long, value_name = "TABLE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<String>,

    /// The key column of that table [default: id]
    #[arg(long, value_name = "COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,

    /// The stream that takes the answers: two columns, for the key and the answer (jsonb)
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,

    /// Ask about one row at a time: its payload is the body, and the body of the answer the answer
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub single: bool,

    /// The field of each answer that names its row [default: the key column]
    #[arg(long, value_name = "FIELD", conflicts_with = "in_order")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_key: Option<String>,

    /// The answers name no rows, and come in the order of the question
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub in_order: bool,

    /// The answer is an object, and the answers are in this field of it
    #[arg(long, value_name = "FIELD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_in: Option<String>,

    /// Rows of one transaction, and of one question unless --single [default: 100]
    #[arg(long, value_name = "ROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_rows: Option<i64>,

    /// Questions at the same time [default: 1]
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,

    /// A row that has failed so often by itself, while the service worked, becomes a reject [default: 5]
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i32>,

    /// How long an answer may take [default: 30]
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,

    /// Where the service tells that it works (GET, 2xx): what a row fails by itself counts only while it
    /// does [default: where a row is answered 502-504 or 401-405 an empty list is asked; with --single the
    /// service counts as down until other rows are answered]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_url: Option<Secret>,

    /// After so many failures in a row the service counts as down [default: 3]
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_after: Option<u32>,

    /// How long to wait after a failure; doubled with each further one, with jitter [default: 200]
    #[arg(long, value_name = "MS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_wait: Option<u64>,

    /// The longest such wait, but for a Retry-After of the service's [default: 30]
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_wait: Option<u64>,

    /// How long to wait where there is nothing to ask, in milliseconds [default: 500]
    #[arg(long, value_name = "MS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_wait: Option<u64>,

    /// A header of the question, "Name: value"; may be given several times
    #[arg(long, value_name = "NAME: VALUE")]
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub header: Vec<Secret>,

    /// Check the service's certificate against those in this PEM file
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_ca: Option<PathBuf>,

    /// End when there is nothing more to ask
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub once: bool,

    #[command(flatten)]
    #[serde(flatten)]
    pub monitor: monitor::Flags,
}

/// The flags with their defaults.
pub struct Settings {
    pub url: Secret,
    pub health_url: Option<Secret>,
    pub work: String,
    pub key: String,
    pub stream: String,
    pub single: bool,
    pub batch_rows: i64,
    pub attempts: i32,
    pub timeout: Duration,
    pub longest_wait: Duration,
    pub poll_wait: Duration,
    pub headers: Vec<Secret>,
    pub service_ca: Option<PathBuf>,
    pub once: bool,
}

pub async fn run(common: Common, flags: Flags, shutdown: Shutdown) -> Result<(), Error> {
    let database = Database::new(&common)?;
    let key = flags.key.unwrap_or_else(|| "id".into());
    let shape = Shape {
        list: !flags.single,
        inside: flags.answers_in,
        naming: match flags.in_order {
            true => Naming::Order,
            false => Naming::Field(flags.answer_key.unwrap_or_else(|| key.clone())),
        },
    };
    let first_wait = Duration::from_millis(flags.first_wait.unwrap_or(200).max(1));
    let longest_wait = Duration::from_secs(flags.longest_wait.unwrap_or(30)).max(first_wait);
    let settings = Arc::new(Settings {
        url: needed("url", flags.url)?,
        health_url: flags.health_url,
        work: needed("work", flags.work)?,
        key,
        stream: needed("stream", flags.stream)?,
        single: flags.single,
        batch_rows: flags.batch_rows.unwrap_or(100).max(1),
        attempts: flags.attempts.unwrap_or(5).max(1),
        timeout: Duration::from_secs(flags.timeout.unwrap_or(30).max(1)),
        longest_wait,
        poll_wait: Duration::from_millis(flags.poll_wait.unwrap_or(500)),
        headers: flags.header,
        service_ca: flags.service_ca,
        once: flags.once,
    });
    let service = Arc::new(Service::new(&settings, shape)?);
    let circuit = Circuit::new(flags.down_after.unwrap_or(3), first_wait, longest_wait);
    let circuit = Arc::new(Mutex::new(circuit));
    let readiness = monitor::start(&flags.monitor, shutdown.clone()).await?;
    let mut hands = vec![readiness];
    while hands.len() < flags.workers.unwrap_or(1) {
        hands.push(hands[0].another(Need::Database));
    }
    let workers = hands.into_iter().map(|readiness| {
        let worker = Worker {
            database: database.clone(),
            settings: settings.clone(),
            service: service.clone(),
            circuit: circuit.clone(),
            shutdown: shutdown.clone(),
            readiness,
            suspect: None,
        };
        worker.run()
    });
    let mut totals = Totals::default();
    for its in futures_util::future::try_join_all(workers).await? {
        totals += its;
    }
    tracing::info!(
        answered = totals.records - totals.refused,
        rejected = totals.refused,
        "committed"
    );
    Ok(())
}
