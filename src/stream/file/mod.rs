//! `load_file`: loading a file of the server, committed batch by batch.
//!
//! ```text
//! source (gzip, zstd) ─▶ layout (parser, columns) ─▶ run: batch, ledger, position; commit
//!                                              └──▶ leader ─▶ ranges ─▶ workers: the same by range
//! ```
//!
//! Each batch is one transaction: its rows, its rejects, the load's counts and the position after it. So the
//! ledger is right whenever, and however, the load ends.

mod header;
mod job;
mod layout;
mod leader;
mod notices;
mod options;
mod ranges;
mod records;
mod resume;
mod run;
mod source;
mod worker;

pub use options::{FileOptions, Value};
pub use worker::work_on_load;

use super::Load;
use super::ddl::{find_stream, must_feed};
use super::definition::StreamDefinition;
use super::ledger::State;
use crate::pg::error::{Raise, caught};
use crate::pg::lock::{Held, Kind, Lock};
use crate::pg::procedure::Transactions;
use crate::pg::session::Session;
use crate::pg::worker::Worker;
use job::Job;
use layout::Layout;
use notices::Notices;
use resume::Start;
use run::Run;
use source::Source;
use termstream_core::load::{Counts, Position};
use termstream_core::record::Parser;

/// The result of one call.
pub struct Loaded {
    /// `None` if there was nothing to do.
    pub load_id: Option<i64>,
    pub counts: Counts,
}

/// Loads the file into the stream.
pub fn load_file(
    transactions: &Transactions,
    stream: &str,
    path: &str,
    options: &FileOptions,
) -> Result<Loaded, Raise> {
    source::may_read(path)?;
    options.check()?;
    let session = transactions.session();
    let definition = definition(session, stream)?;
    let mut source = Source::open(path)?;
    let layout = Layout::new(session, options, &definition)?;
    let start = match options.resume {
        true => resume::find(definition.stream, &source)?,
        false => Start::Beginning,
    };
    let (position, earlier, parser) = match start {
        Start::Done => {
            pgrx::notice!("file \"{path}\" is already loaded: nothing to do");
            return Ok(Loaded {
                load_id: None,
                counts: Counts::default(),
            });
        }
        Start::Beginning => (Position::default(), None, layout.parser(options.header())?),
        Start::At(earlier) => {
            let last_byte = source.go_to(earlier.position.bytes)?;
            earlier.check_line_end(path, last_byte)?;
            let parser = layout.parser_at(earlier.position, last_byte)?;
            (earlier.position, Some(earlier.load_id), parser)
        }
    };
    let notices = Notices::new(options.notify, &source);
    let first = source.read(u64::MAX)?;
    if earlier.is_none() {
        header::check(options.header(), &definition, &layout, path, &first)?;
    }
    let mut load = Load::new(definition, Some(path.to_owned()))?;
    load.line_format = options.line_format();
    load.committed = Some(0);
    let running = Lock::new(Kind::Load, load.id as u64).hold_until_dropped();
    let running = running.ok_or_else(|| in_use(load.id))?;
    let run = Run {
        transactions,
        load,
        position,
        layout,
        source,
        notices,
    };
    run.write(State::Running)?;
    if let Some(earlier) = earlier {
        ranges::adopt(earlier, run.load.id);
        // An interrupted load leaves its job behind.
        job::remove(earlier);
    }
    let workers = begin(&run, options)?;
    finish(run, parser, first, workers, running)
}

/// Commits the beginning of the load, and starts the workers that it asks for.
fn begin(run: &Run, options: &FileOptions) -> Result<Vec<Worker>, Raise> {
    let load_id = run.load.id;
    if options.parallel > 1 {
        Job::new(options, run.source.identity()?).write(load_id);
    }
    run.transactions.commit();
    Ok(match options.parallel {
        1 => Vec::new(),
        wanted => leader::start_workers(load_id, wanted),
    })
}

/// The error for a load number that another session uses.
fn in_use(load_id: i64) -> Raise {
    Raise::new(
        pgrx::PgSqlErrorCode::ERRCODE_OBJECT_IN_USE,
        format!("load {load_id} is running in another session"),
    )
    .hint("Set the sequence termstream.load_id to a number above those of all loads.")
}

/// The stream's definition, if the current role may load it.
fn definition(session: &Session, stream: &str) -> Result<StreamDefinition, Raise> {
    let view = find_stream(session, stream)?;
    must_feed(session, view, stream, "Loading")?;
    StreamDefinition::read(view)
}

/// Loads the file, and records in the ledger how the load ended. A cancel in the middle of that records
/// nothing, but releases the lock that shows the load as running.
fn finish(
    mut run: Run,
    parser: Parser,
    first: Vec<u8>,
    workers: Vec<Worker>,
    running: Held,
) -> Result<Loaded, Raise> {
    let outcome = caught(|| match workers.is_empty() {
        true => run
            .read_open_ranges()
            .and_then(|()| run.read_all(parser, first)),
        false => leader::lead(&mut run, parser, first, &workers),
    });
    let patience = match outcome {
        Ok(Ok(())) => 50,
        _ => 0,
    };
    // A cancel ends only the wait for the workers, which will see that the load is over.
    let dismissed = caught(|| leader::dismiss(workers, patience));
    // Whatever happens from now on, the load is no longer running. A rollback releases the lock, too.
    drop(running);
    match outcome {
        Ok(Ok(())) => {
            dismissed.unwrap_or_else(|error| error.rethrow());
            Ok(Loaded {
                load_id: Some(run.load.id),
                counts: run.load.counts,
            })
        }
        Ok(Err(raise)) => {
            run.fail(&raise.message);
            Err(raise)
        }
        Err(error) => {
            run.fail(&error.message);
            error.rethrow()
        }
    }
}
