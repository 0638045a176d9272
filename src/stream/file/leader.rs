//! A load by background workers: this session, the leader, finds where records end and hands out ranges of
//! the file; the workers read, parse and load them.
//!
//! Finding the ends takes a fraction of the time of a batch (the parser reads a GB a second), so one leader
//! keeps many workers busy. Only the leader knows where quoted fields begin and end, so it makes the
//! ranges, and no worker ever begins inside a record.

use pgrx::prelude::*;

use super::job;
use super::ranges::{self, Progress, Range};
use super::records::contained;
use super::resume;
use super::run::{Run, position_of};
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::session::{self, Snapshot};
use crate::pg::worker::{Worker, wait};
use crate::stream::ledger;
use termstream_core::load::Position;
use termstream_core::record::{Event, Parser};

/// The largest range in bytes, since a worker holds all of a range in memory. It has at most the rows of a
/// batch.
const RANGE_BYTES: u64 = 4 << 20;

/// How long the leader waits when all workers are busy. A batch takes about 50 ms.
const WAIT_MILLISECONDS: i64 = 10;

/// Starts the workers, or as many as the server has to spare.
pub fn start_workers(load_id: i64, wanted: i32) -> Vec<Worker> {
    let mut workers = Vec::new();
    for number in 1..=wanted {
        let name = format!("termstream load {load_id} worker {number}");
        match Worker::start(load_id, &name) {
            Some(worker) => workers.push(worker),
            None => break,
        }
    }
    if workers.len() < wanted as usize {
        let had = match workers.len() {
            0 => "this session loads the file alone".to_owned(),
            some => format!("{some} of {wanted} workers load the file"),
        };
        let notice = format!("the server has no background worker to spare: {had}");
        ErrorReport::new(
            PgSqlErrorCode::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
            notice,
            "termstream",
        )
        .set_hint("Raise max_worker_processes, or lower parallel.")
        .report(PgLogLevel::NOTICE);
    }
    workers
}

/// Divides the file into ranges.
struct Planner {
    /// Where the next range begins; everything before it is in a range.
    begin: Position,
    /// The position after the last record.
    end: Position,
    /// The number of rows of the next range so far.
    rows: usize,
    batch_rows: usize,
    /// Finished ranges.
    ready: Vec<Range>,
}

impl Planner {
    /// Adds a record to the next range, and finishes the range if it is large enough.
    fn see(&mut self, event: &Event<'_>) {
        let (offset, line, bytes, next_line) = match event {
            Event::Record(r) => (r.offset, r.line, r.end_offset, r.next_line),
            Event::Malformed(r) => (r.offset, r.line, r.end_offset, r.next_line),
        };
        if self.rows == 0 {
            // After the header, and whatever else is not a record.
            self.begin = Position {
                bytes: offset,
                lines: line - 1,
            };
        }
        self.rows += 1;
        self.end = Position {
            bytes,
            lines: next_line - 1,
        };
        if self.rows >= self.batch_rows || bytes - self.begin.bytes >= RANGE_BYTES {
            self.cut(self.end);
        }
    }

    /// Finishes the next range, if it has rows, and begins another one at `end`.
    fn cut(&mut self, end: Position) {
        if self.rows > 0 {
            let begin = self.begin;
            self.ready.push(Range { begin, end });
        }
        self.begin = end;
        self.rows = 0;
    }
}

/// Leads the load until all of the file is loaded.
pub fn lead(
    run: &mut Run,
    parser: Parser,
    first: Vec<u8>,
    workers: &[Worker],
) -> Result<(), Raise> {
    let load_id = run.load.id;
    let mut planner = Planner {
        begin: run.position,
        end: run.position,
        rows: 0,
        batch_rows: run.load.definition.batch_rows,
        ready: Vec::new(),
    };
    let mut unread = Some((parser, first));
    let enough = 2 * workers.len() as i64 + 2;
    loop {
        let progress = check_workers(load_id, workers)?;
        let wants_more = progress.open < enough;
        if wants_more && let Some((parser, chunk)) = &mut unread {
            if !plan(run, &mut planner, parser, chunk)? {
                unread = None;
            }
            run.position = planner.begin;
        }
        let planned = std::mem::take(&mut planner.ready);
        let over = unread.is_none() && planned.is_empty() && progress.open == 0;
        contained(|| record(run, &progress, &planned, over))?;
        run.transactions.commit();
        if over {
            return Ok(());
        }
        run.tell(progress.begin.unwrap_or(run.position.bytes));
        if planned.is_empty() {
            wait(WAIT_MILLISECONDS);
        }
    }
}

/// How far the workers are; an error if one of them has failed.
fn check_workers(load_id: i64, workers: &[Worker]) -> Result<Progress, Raise> {
    // Checked before their failures are read: a worker writes its failure before it ends.
    let one_has_ended = workers.iter().any(|worker| !worker.is_alive());
    let progress = contained(|| Ok(ranges::progress(load_id)))?;
    if let Some(failure) = contained(|| Ok(job::failure(load_id)))? {
        return Err(failure);
    }
    if one_has_ended {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_OPERATOR_INTERVENTION,
            "a worker of the load ended unexpectedly",
        )
        .detail("What the workers have committed stays.")
        .hint("Look in the server's log for the reason, and call load_file again."));
    }
    Ok(progress)
}

/// Records the counts of loaded ranges, the ranges that are planned now, and the position after them.
fn record(run: &mut Run, progress: &Progress, planned: &[Range], over: bool) -> Result<(), Raise> {
    let load_id = run.load.id;
    if !over {
        commit_asynchronously();
    }
    if progress.loaded > 0 {
        run.load.counts = ranges::count(load_id).unwrap_or(run.load.counts);
        run.load.committed = Some(run.load.counts.read);
    }
    ranges::add(load_id, planned);
    if progress.loaded > 0 || !planned.is_empty() || over {
        resume::remember(load_id, run.position, run.notices.begin, &run.source)?;
    }
    if over {
        job::remove(load_id);
        ledger::finish(load_id, run.load.definition.stream);
    }
    Ok(())
}

/// Reads on until a range is ready. False at the end of the file.
fn plan(
    run: &mut Run,
    planner: &mut Planner,
    parser: &mut Parser,
    chunk: &mut Vec<u8>,
) -> Result<bool, Raise> {
    let see = |planner: &mut Planner, event: Event<'_>| {
        planner.see(&event);
        Ok::<(), Raise>(())
    };
    while planner.ready.is_empty() {
        pgrx::check_for_interrupts!();
        if chunk.is_empty() {
            parser.finish(&mut |event| see(planner, event))?;
            planner.cut(match run.source.at_line_end() {
                true => position_of(parser),
                false => planner.end,
            });
            return Ok(false);
        }
        parser.feed(chunk, &mut |event| see(planner, event))?;
        *chunk = run.source.read(u64::MAX)?;
    }
    Ok(true)
}

/// Lets this transaction of the leader commit asynchronously. A crash that loses it loses nothing: no
/// worker can commit a range before the leader's commit is on disk, so the range is planned, or counted,
/// again.
fn commit_asynchronously() {
    session::connect(|session| {
        session.run(
            "SELECT pg_catalog.set_config('synchronous_commit', 'off', true)",
            &[],
            Snapshot::Latest,
        );
    });
}

/// Waits for the workers to end by themselves, for up to `patience` times 10 ms, then terminates the rest.
pub fn dismiss(workers: Vec<Worker>, patience: i64) {
    for _ in 0..patience {
        if workers.iter().all(|worker| !worker.is_alive()) {
            break;
        }
        wait(WAIT_MILLISECONDS);
    }
    Worker::stop(workers);
}
