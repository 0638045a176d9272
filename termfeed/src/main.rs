//! termfeed: brings rows from the network into the streams of termstream.
//!
//! It sends rows to `COPY … FROM STDIN` and tells what became of them; all that is computed is computed in
//! the database. Each subcommand has a folder, which holds what is particular to its source. The transaction
//! that makes every source exactly once (COPY, rejects, positions, COMMIT, counts) is in `pipeline`. The
//! modules beside them are shared:
//!
//! ```text
//! secret ◀── environment ◀── settings    conninfo ◀── tls ◀── database    aws    listen    shutdown
//! error, counts ◀── metrics ◀── readiness ◀── monitor
//! inbox ◀── rows, decode, positions    counts, metrics, inbox, rows, positions ◀── pipeline
//! all of these ◀── serve, load, kafka, kinesis, predict; relay, export
//! ```
#![forbid(unsafe_code)]
// Shared modules have parts that only some of the features use.
#![cfg_attr(not(all(feature = "kafka", feature = "kinesis")), allow(dead_code))]

#[cfg(feature = "avro")]
mod avro;
#[cfg(feature = "aws")]
mod aws;
mod conninfo;
mod counts;
mod database;
#[cfg(any(feature = "kafka", feature = "kinesis"))]
mod decode;
mod environment;
mod error;
#[cfg(feature = "export")]
mod export;
mod inbox;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "kinesis")]
mod kinesis;
mod listen;
mod load;
mod logging;
mod metrics;
#[cfg(any(feature = "kafka", feature = "predict", feature = "aws"))]
mod monitor;
mod pipeline;
mod positions;
#[cfg(feature = "predict")]
mod predict;
mod readiness;
#[cfg(test)]
mod reference;
#[cfg(feature = "kafka")]
mod relay;
mod rows;
mod secret;
mod serve;
mod settings;
mod shutdown;
mod tls;
mod unpack;

use clap::{CommandFactory, Parser, Subcommand};
use error::Error;
use settings::Common;
use shutdown::Shutdown;
use std::process::ExitCode;

/// Brings rows from the network into streams of termstream, and shows what became of them.
#[derive(Parser)]
#[command(version, about, after_help = HELP)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Every option can be given as a flag, as an environment variable (--listen is TERMFEED_LISTEN), or in a
TOML file named by --config; the first one that gives it counts. In the file, options stand at the top,
or under the name of a command ([serve], …), which goes before. A name that is no option's is an error.
A secret may stand in a file of its own: TERMFEED_TOKEN_FILE, TERMFEED_DATABASE_FILE, … name it.

What --database does not say the variables of libpq do: PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD,
PGOPTIONS, PGSSLMODE, PGSSLROOTCERT, PGSSLCERT, PGSSLKEY. The words sslmode, sslrootcert, sslcert and
sslkey mean what they mean to libpq.

  termfeed serve --database 'host=/run/postgresql dbname=shop'";

#[derive(Subcommand)]
enum Command {
    /// Serve streams over HTTP
    Serve(serve::Flags),
    /// Load files of this machine into a stream, with a bar, going on where it stopped
    Load(load::Flags),
    /// Bring a Kafka topic into a stream, exactly once
    #[cfg(feature = "kafka")]
    Kafka(kafka::Flags),
    /// Bring rows of a table to a Kafka topic
    #[cfg(feature = "kafka")]
    Relay(relay::Flags),
    /// Bring a Kinesis stream into a stream, each record once
    #[cfg(feature = "kinesis")]
    Kinesis(kinesis::Flags),
    /// Ask an HTTP service about rows, and bring its answers into a stream
    #[cfg(feature = "predict")]
    Predict(predict::Flags),
    /// Write a query's rows as Parquet files, in a folder or on S3
    #[cfg(feature = "export")]
    Export(export::Flags),
}

impl Command {
    /// The section of the settings file.
    fn section(&self) -> &'static str {
        match self {
            Command::Serve(_) => "serve",
            Command::Load(_) => "load",
            #[cfg(feature = "kafka")]
            Command::Kafka(_) => "kafka",
            #[cfg(feature = "kafka")]
            Command::Relay(_) => "relay",
            #[cfg(feature = "kinesis")]
            Command::Kinesis(_) => "kinesis",
            #[cfg(feature = "predict")]
            Command::Predict(_) => "predict",
            #[cfg(feature = "export")]
            Command::Export(_) => "export",
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logging::last_words(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn start(arguments: Arguments) -> Result<(), Error> {
    let section = arguments.command.section();
    let source = settings::Source::new(section, &arguments.common, &Arguments::command())?;
    let common: Common = source.read(&arguments.common)?;
    logging::start(&common)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::io("start the runtime", error))?;
    runtime.block_on(async {
        let shutdown = Shutdown::listen()?;
        match &arguments.command {
            Command::Serve(flags) => serve::run(common, source.read(flags)?, shutdown).await,
            Command::Load(flags) => {
                load::run(common, source.read(flags)?, &flags.files, shutdown).await
            }
            #[cfg(feature = "kafka")]
            Command::Kafka(flags) => kafka::run(common, source.read(flags)?, shutdown).await,
            #[cfg(feature = "kafka")]
            Command::Relay(flags) => relay::run(common, source.read(flags)?, shutdown).await,
            #[cfg(feature = "kinesis")]
            Command::Kinesis(flags) => kinesis::run(common, source.read(flags)?, shutdown).await,
            #[cfg(feature = "predict")]
            Command::Predict(flags) => predict::run(common, source.read(flags)?, shutdown).await,
            #[cfg(feature = "export")]
            Command::Export(flags) => export::run(common, source.read(flags)?, shutdown).await,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_and_their_flags_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
