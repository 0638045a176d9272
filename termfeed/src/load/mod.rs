//! `termfeed load`: files of this machine into a stream, committed batch by batch.
//!
//! The position is moved in the transaction of the rows before it. So whatever ends the command, the same
//! command goes on after what is committed, and no row is lost or taken twice. Standard input cannot be read
//! again: it is one transaction.

mod file;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use tokio_postgres::Client;

use crate::counts::Counts;
use crate::database::{Database, backoff};
use crate::error::Error;
use crate::inbox::Inbox;
use crate::metrics;
use crate::pipeline::{self, Intake};
use crate::positions::{self, Part, Step};
use crate::rows::{self, Rows};
use crate::settings::Common;
use crate::shutdown::Shutdown;
use file::{Known, Source};

#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[command(after_help = HELP)]
pub struct Flags {
    /// The files, loaded one after the other; "-" is standard input
    #[arg(required = true, value_name = "FILE")]
    #[serde(skip)]
    pub files: Vec<PathBuf>,

    /// The stream that takes the rows
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,

    /// What is in the files [default: by their names; .jsonl and .ndjson have JSON lines]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,

    /// Whether the first line of CSV is a header: true, false, or match (it must name the stream's
    /// columns in their order) [default: true]
    #[arg(long, value_name = "HEADER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<String>,

    /// What stands between the fields of CSV [default: ,]
    #[arg(long, value_name = "CHARACTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,

    /// Commit whenever about so many rows were read [default: 20000]
    #[arg(long, value_name = "ROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_rows: Option<u64>,

    /// Load the files from their start, though they were loaded before, or have changed since
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    restart: bool,

    /// Show no bar
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    quiet: bool,
}

const HELP: &str = "\
Files may be packed by gzip or zstd. Bad rows go to the stream's rejects; the others are taken.

Each batch is committed with the position behind it. If the command is interrupted, or the database goes
away for longer than you wait, give the same command again: it goes on behind the last batch. A file that
has grown is loaded from its old end on; one that was loaded whole is left alone. Standard input cannot be
read again, and so is taken as a whole, or not at all.

  termfeed load --stream menu input.csv more.csv.gz
  zcat big.csv.gz | head -n 1000 | termfeed load --stream menu -

Exit status: 0 when all rows were read, whether taken or rejected; 65 when the input or the database
refuses; 69 when the database is not there; 130 when it was interrupted.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Csv,
    Jsonl,
}

const BATCH_ROWS: u64 = 20_000;

/// The source under which the positions of files are kept.
const FILE: &str = "file";

pub async fn run(
    common: Common,
    flags: Flags,
    files: &[PathBuf],
    shutdown: Shutdown,
) -> Result<(), Error> {
    let stream = flags
        .stream
        .clone()
        .ok_or_else(|| Error::Settings("which stream takes the rows? give --stream".into()))?;
    let format = csv(&flags)?;
    let sources = files
        .iter()
        .map(|path| Source::open(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut total = 0;
    for source in &sources {
        total += source.size()?;
    }
    let database = Database::new(&common)?;
    let client = database.connect().await?;
    let inbox = Inbox::find(&client, &stream).await?;
    let endless = sources.iter().any(|source| !source.can_go_on());
    let mut loader = Loader {
        database,
        client,
        inbox,
        flags,
        format,
        shutdown,
        bar: bar(total, endless),
    };
    let (mut sum, mut before) = (Counts::default(), 0);
    for source in &sources {
        let mut counts = Counts::default();
        let outcome = loader.load(source, before, &mut counts).await;
        loader.bar.suspend(|| say(&source.name, &counts, &outcome));
        outcome?;
        sum = sum.plus(counts);
        before += source.size()?;
    }
    loader.bar.finish_and_clear();
    if sources.len() > 1 {
        say("all", &sum, &Ok(()));
    }
    Ok(())
}

fn csv(flags: &Flags) -> Result<rows::Format, Error> {
    let bad = |error: termstream_core::record::Error| Error::Settings(error.to_string());
    Ok(rows::Format::Csv {
        header: flags
            .header
            .as_deref()
            .unwrap_or("true")
            .parse()
            .map_err(bad)?,
        delimiter: match flags.delimiter.as_deref().unwrap_or(",").as_bytes() {
            [byte] => *byte,
            _ => return Err(Error::Settings("--delimiter must be one byte".into())),
        },
    })
}

fn bar(total: u64, endless: bool) -> ProgressBar {
    const KNOWN: &str =
        "{prefix} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left; {msg}";
    const ENDLESS: &str = "{spinner} {prefix} {bytes}, {bytes_per_sec}; {msg}";
    let template = if endless { ENDLESS } else { KNOWN };
    let style = ProgressStyle::with_template(template);
    let bar =
        ProgressBar::with_draw_target((!endless).then_some(total), ProgressDrawTarget::stderr());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn say(name: &str, counts: &Counts, outcome: &Result<(), Error>) {
    let Counts {
        read,
        taken,
        rejected,
        pairs,
        ..
    } = counts;
    match outcome {
        Ok(()) if *read == 0 => println!("{name}: nothing new"),
        Ok(()) => {
            println!("{name}: {read} rows, {taken} taken, {rejected} rejected, {pairs} pairs")
        }
        Err(_) if *read == 0 => {}
        Err(_) => println!(
            "{name}: not all of it: {read} rows committed, {taken} taken, {rejected} rejected"
        ),
    }
}

struct Loader {
    database: Database,
    client: Client,
    inbox: Inbox,
    flags: Flags,
    format: rows::Format,
    shutdown: Shutdown,
    bar: ProgressBar,
}

impl Loader {
    /// Loads one file, and adds what is committed to `counts`, also when it fails. While the database is away
    /// or another process loads the same file, it tries again from what is committed.
    async fn load(
        &mut self,
        source: &Source,
        before: u64,
        counts: &mut Counts,
    ) -> Result<(), Error> {
        self.bar.set_prefix(source.name.clone());
        let mut restart = self.flags.restart;
        let mut waits = backoff();
        let mut last = 0;
        loop {
            let outcome = self.go_on(source, before, &mut restart, counts).await;
            let Err(error) = outcome else {
                return Ok(());
            };
            if !error.is_passing() || !source.can_go_on() {
                return Err(error);
            }
            if std::mem::replace(&mut last, counts.read) != counts.read {
                waits = backoff();
            }
            metrics::retried("load");
            let wait = waits.next().unwrap_or_default();
            self.bar
                .suspend(|| tracing::warn!(reason = %error, "trying again"));
            if !self.shutdown.sleep(wait).await {
                return Err(Error::Stopped);
            }
            // A connection on which something failed may be in any state.
            self.client = self.database.connect_patiently(&mut self.shutdown).await?;
        }
    }

    /// A reader of rows from this offset and line on; `last_byte` is the byte before.
    fn rows(&self, source: &Source, start: (u64, u64), last_byte: u8) -> Result<Rows, Error> {
        let format = match self.flags.format {
            Some(Format::Jsonl) => rows::Format::JsonLines,
            None if source.has_json_lines() => rows::Format::JsonLines,
            _ => self.format,
        };
        let columns = self.inbox.columns.clone();
        match start.0 {
            0 => Rows::new(columns, format),
            _ => Rows::resume(columns, format, start, last_byte),
        }
    }

    /// Loads from the committed position to the end.
    async fn go_on(
        &mut self,
        source: &Source,
        before: u64,
        restart: &mut bool,
        counts: &mut Counts,
    ) -> Result<(), Error> {
        let name = source.part();
        let part = Part {
            source: FILE,
            part: &name,
        };
        let found = positions::found(&self.client, &self.inbox, &part).await?;
        let mut expected = found.as_ref().map(|(next, _)| *next);
        let start = match found {
            Some((next, detail)) if !*restart => resume_at(source, next, detail)?,
            _ => (0, 1),
        };
        self.bar.set_position(before + source.bar_at(start.0));
        let opened = source.read_from(start.0, &self.bar).await?;
        let rows = self.rows(source, start, opened.last_byte)?;
        let mut intake =
            Intake::new(opened.reader, rows, source.part()).in_batches_of(self.batch_rows());
        loop {
            let first = intake.next().await?;
            if first.is_empty() && intake.is_drained() && expected.is_some() && !*restart {
                return Ok(());
            }
            if start.0 > 0 && !matches!(opened.last_byte, b'\n' | b'\r') {
                return Err(half_a_line(source));
            }
            let batch = self.take(source, &mut intake, first, &mut expected).await?;
            *restart = false;
            *counts = std::mem::take(counts).plus(batch);
            self.bar.set_message(format!(
                "{} rows, {} rejected",
                counts.read, counts.rejected
            ));
            if intake.is_drained() {
                return Ok(());
            }
            if self.shutdown.is_called() {
                return Err(Error::Stopped);
            }
        }
    }

    /// Loads and commits one batch, which begins with `first`, and moves the position from `expected`.
    async fn take(
        &mut self,
        source: &Source,
        intake: &mut Intake,
        first: Bytes,
        expected: &mut Option<i64>,
    ) -> Result<Counts, Error> {
        let (whole, most) = (!source.can_go_on(), self.batch_rows());
        let shutdown = &self.shutdown;
        let transaction = self.client.transaction().await?;
        let counts = intake
            .batch(&transaction, &self.inbox, first, |rows| {
                !whole && (rows >= most || shutdown.is_called())
            })
            .await?;
        let (next, line) = intake.position();
        if let Some(known) = source.known(next, line)? {
            let step = Step {
                source: FILE,
                part: source.part(),
                expected: *expected,
                next: next as i64,
                detail: serde_json::to_value(known).ok(),
            };
            positions::advance(&transaction, &self.inbox, &step).await?;
            *expected = Some(step.next);
        }
        pipeline::commit(transaction, &self.inbox, Some(&counts)).await?;
        Ok(counts)
    }

    /// The number of rows after which a batch is committed.
    fn batch_rows(&self) -> u64 {
        self.flags.batch_rows.unwrap_or(BATCH_ROWS).max(1)
    }
}

fn half_a_line(source: &Source) -> Error {
    Error::Input(format!(
        "\"{}\" has grown, and its last line had no line end when it was loaded: give \
         --restart to load it from its start",
        source.name
    ))
}

/// Returns the offset and line to go on at, if the file is still the one that was loaded.
fn resume_at(
    source: &Source,
    next: i64,
    detail: Option<serde_json::Value>,
) -> Result<(u64, u64), Error> {
    let next = next as u64;
    let known: Option<Known> = detail.and_then(|detail| serde_json::from_value(detail).ok());
    let known = known.ok_or_else(|| {
        Error::Input(format!(
            "what was loaded of \"{}\" is not known: give --restart to load it from its start",
            source.name
        ))
    })?;
    source.check(&known, next)?;
    Ok((next, known.line))
}
