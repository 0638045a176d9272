//! The door of `load_file`: a file on the server, committed batch by batch.
//!
//! ```text
//! source (gzip, zstd) ─▶ layout (parser, columns) ─▶ run: batch, ledger, position; commit
//!                                              └──▶ leader ─▶ ranges ─▶ workers: the same by range
//! ```
//!
//! Each batch is one transaction: its rows, its rejects, the load's counts and the position behind
//! it. So whatever ends the load, what the ledger says is what is there.

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
use super::definition::Definition;
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
use termstream_core::record::{Header, Parser};

/// What one call did.
pub struct Loaded {
    /// `None` where there was nothing to do.
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
            pgrx::notice!("file \"{path}\" is loaded already: nothing to do");
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
    if earlier.is_none() && options.header() != Header::No {
        header::refuse_no_header(path, &first)?;
        if options.header() == Header::Yes {
            header::refuse_data_as_header(&definition, &layout, path, &first)?;
        }
    }
    let mut load = Load::new(definition, Some(path.to_owned()))?;
    load.line_format = options.line_format();
    load.committed = Some(0);
    let running = Lock::new(Kind::Load, load.id as u64).hold_until_dropped();
    let running = running.ok_or_else(|| taken(load.id))?;
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
        // A load that was cut off has left it.
        job::remove(earlier);
    }
    if options.parallel > 1 {
        Job::new(options, run.source.identity()?).write(run.load.id);
    }
    transactions.commit();
    let workers = match options.parallel {
        1 => Vec::new(),
        some => leader::start_workers(run.load.id, some),
    };
    finish(run, parser, first, workers, running)
}

fn taken(load_id: i64) -> Raise {
    Raise::new(
        pgrx::PgSqlErrorCode::ERRCODE_OBJECT_IN_USE,
        format!("another session runs a load of the number {load_id}"),
    )
    .hint("The sequence termstream.load_id must be ahead of all loads.")
}

/// The stream's definition, for somebody who may load it.
fn definition(session: &Session, stream: &str) -> Result<Definition, Raise> {
    let view = find_stream(session, stream)?;
    must_feed(session, view, stream, "Loading")?;
    Definition::read(view)
}

/// Loads what is to be loaded, and leaves word in the ledger of how it ended. A cancel that comes while it
/// does so leaves no word, but gives back the lock by which the load is known to be at work.
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
    // A cancel ends the wait for the workers, not what is left to do: they see that the load is over.
    let dismissed = caught(|| leader::dismiss(workers, patience));
    // Whatever happens from now on, the load is not at work any more. A rollback gives the lock back, too.
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
