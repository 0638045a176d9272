//! `termfeed export`: a query's rows as Parquet files, in a folder or on S3.
//!
//! Names, order and contents of the files follow from the rows: done again, an export writes the same.
//! A file is whole or absent, and `_manifest.json` tells which ones belong. With a cursor column only
//! what is new is exported, each row once, wherever an earlier run was killed.
//!
//! ```text
//! query ─▶ reader (rows) ─▶ columns, sink (Arrow) ─▶ file (Parquet, parts) ─▶ place (folder, S3)
//!             ▲ position (in the database)             manifest ◀──┘
//! ```

mod columns;
mod exporter;
mod file;
mod manifest;
mod place;
mod position;
mod question;
mod reader;
mod sink;

use clap::Args;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::aws;
use crate::database::{Database, backoff};
use crate::error::Error;
use crate::metrics;
use crate::monitor;
use crate::readiness::Need;
use crate::settings::{Common, needed};
use crate::shutdown::Shutdown;
use exporter::Exporter;
use place::Place;

#[derive(Args, Clone, Debug, Serialize, Deserialize)]
pub struct Flags {
    /// What to export: a SELECT
    #[arg(long, value_name = "SQL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,

    /// Where to: s3://bucket/prefix, or file:///folder
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,

    /// A column whose values become folders (dt=2026-01-31/part-00001.parquet), and leave the files
    #[arg(long, value_name = "COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition_by: Option<String>,

    /// The order of the rows, within the partitions: as behind ORDER BY
    #[arg(long, value_name = "SQL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<String>,

    /// A column that grows with every commit: only rows behind the last export's are exported. Of type
    /// xid8, filled by pg_current_xact_id(), none is missed however many sessions write
    #[arg(long, value_name = "COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,

    /// Under which name the database keeps how far the cursor is [default: the URL]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Rows of a file, at the most [default: 1000000]
    #[arg(long, value_name = "ROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_rows: Option<u64>,

    /// Rows of a row group, what is read and held at once, at the most [default: 100000]
    #[arg(long, value_name = "ROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_rows: Option<usize>,

    /// Export again and again, so long after each time; without it once
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,

    #[command(flatten)]
    #[serde(flatten)]
    pub aws: aws::Flags,

    #[command(flatten)]
    #[serde(flatten)]
    pub monitor: monitor::Flags,
}

/// The flags with their defaults.
pub struct Settings {
    pub query: String,
    pub name: String,
    pub partition_by: Option<String>,
    pub order_by: Option<String>,
    pub cursor: Option<String>,
    pub file_rows: u64,
    pub group_rows: usize,
}

pub async fn run(common: Common, flags: Flags, mut shutdown: Shutdown) -> Result<(), Error> {
    let database = Database::new(&common)?;
    let to = needed("to", flags.to)?;
    let settings = Settings {
        query: needed("query", flags.query)?,
        name: flags.name.unwrap_or_else(|| to.clone()),
        partition_by: flags.partition_by,
        order_by: flags.order_by,
        cursor: flags.cursor,
        file_rows: flags.file_rows.unwrap_or(1_000_000).max(1),
        group_rows: flags.group_rows.unwrap_or(100_000).max(1),
    };
    let place = Place::open(&to, &flags.aws).await?;
    let readiness = monitor::start(&flags.monitor, shutdown.clone()).await?;
    let mut exporter = Exporter::new(settings, place, shutdown.clone());
    let mut waits = backoff();
    let mut client = None;
    loop {
        if client.is_none() {
            client = Some(database.connect_patiently(&mut shutdown).await?);
        }
        let Some(connected) = client.as_mut() else {
            return Err(Error::Stopped);
        };
        let outcome = exporter.export(connected).await;
        match &outcome {
            Ok(_) => readiness.fine(),
            Err(error) => readiness.failed(Need::of(error), error),
        }
        let wait = match outcome {
            Ok(()) => {
                waits = backoff();
                match flags.every {
                    Some(seconds) => Duration::from_secs(seconds),
                    None => return Ok(()),
                }
            }
            Err(Error::Stopped) if flags.every.is_some() => return Ok(()),
            Err(error) if error.is_passing() => {
                metrics::retried("export");
                tracing::warn!(reason = %error, "the export will be done again");
                client = None;
                waits.next().unwrap_or_default()
            }
            Err(error) => return Err(error),
        };
        if !shutdown.sleep(wait).await {
            return match flags.every {
                Some(_) => Ok(()),
                None => Err(Error::Stopped),
            };
        }
    }
}
