//! A load by background workers: this session finds where records end and hands out ranges of the
//! file, the workers read them again, take them apart and load them.
//!
//! Finding the ends takes a fraction of the time that a batch takes (the parser reads a GB a second),
//! so one leader keeps many workers busy. Only it knows the state inside quotes, and it is the one that
//! cuts: no worker ever begins inside a record.

use pgrx::prelude::*;

use super::job;
use super::ranges::{self, Range};
use super::records::contained;
use super::resume;
use super::run::{Run, position_of};
use crate::pg::error::{ErrorReport, Raise};
use crate::pg::session::{self, Snapshot};
use crate::pg::worker::{Worker, wait};
use crate::stream::ledger;
use termstream_core::load::Position;
use termstream_core::record::{Event, Parser};

/// A range is as long as a batch, but no longer than this many bytes: a worker holds it all.
const RANGE_BYTES: u64 = 4 << 20;

/// While all workers are at work. A batch takes some 50 ms.
const WAIT_MILLISECONDS: i64 = 10;

/// Starts as many workers as can be had.
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
        .set_hint("Raise max_worker_processes, or ask for less with parallel.")
        .report(PgLogLevel::NOTICE);
    }
    workers
}

/// Cuts the file into ranges.
struct Planner {
    /// Where the next range begins: all before is planned.
    begin: Position,
    /// Behind the last record.
    end: Position,
    rows: usize,
    batch_rows: usize,
    ready: Vec<Range>,
}

impl Planner {
    fn see(&mut self, event: &Event<'_>) {
        let (offset, line, bytes, next_line) = match event {
            Event::Record(r) => (r.offset, r.line, r.end_offset, r.next_line),
            Event::Malformed(r) => (r.offset, r.line, r.end_offset, r.next_line),
        };
        if self.rows == 0 {
            // Behind the header, and what else is no record.
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

    fn cut(&mut self, end: Position) {
        if self.rows > 0 {
            let begin = self.begin;
            self.ready.push(Range { begin, end });
        }
        self.begin = end;
        self.rows = 0;
    }
}

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
        // Looked at before their words are: one that has just given up has left its word.
        let one_is_gone = workers.iter().any(|worker| !worker.is_alive());
        let outlook = contained(|| Ok(ranges::outlook(load_id)))?;
        if let Some(failure) = contained(|| Ok(job::failure(load_id)))? {
            return Err(failure);
        }
        if one_is_gone {
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_OPERATOR_INTERVENTION,
                "a worker of the load ended unexpectedly",
            )
            .detail("What the workers have committed stays.")
            .hint("Look into the server's log for the reason, and call load_file again."));
        }
        let wants_more = outlook.open < enough;
        if wants_more && let Some((parser, chunk)) = &mut unread {
            if !plan(run, &mut planner, parser, chunk)? {
                unread = None;
            }
            run.position = planner.begin;
        }
        let planned = std::mem::take(&mut planner.ready);
        let over = unread.is_none() && planned.is_empty() && outlook.open == 0;
        contained(|| {
            if !over {
                without_waiting_for_the_disk();
            }
            if outlook.loaded > 0 {
                run.load.counts = ranges::count(load_id).unwrap_or(run.load.counts);
                run.load.committed = Some(run.load.counts.read);
            }
            ranges::add(load_id, &planned);
            if outlook.loaded > 0 || !planned.is_empty() || over {
                resume::remember(load_id, run.position, run.notices.begin, &run.source)?;
            }
            if over {
                job::remove(load_id);
                ledger::finish(load_id, run.load.definition.stream);
            }
            Ok(())
        })?;
        run.transactions.commit();
        if over {
            return Ok(());
        }
        run.tell(outlook.begin.unwrap_or(run.position.bytes));
        if planned.is_empty() {
            wait(WAIT_MILLISECONDS);
        }
    }
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

/// The leader's own book-keeping: what a crash takes of it is planned or counted again, for no worker
/// can commit a range whose plan has not reached the disk before.
fn without_waiting_for_the_disk() {
    session::connect(|session| {
        session.run(
            "SELECT pg_catalog.set_config('synchronous_commit', 'off', true)",
            &[],
            Snapshot::Latest,
        );
    });
}

/// Lets the workers go home, and ends those that do not.
pub fn dismiss(workers: Vec<Worker>, patience: i64) {
    for _ in 0..patience {
        if workers.iter().all(|worker| !worker.is_alive()) {
            break;
        }
        wait(WAIT_MILLISECONDS);
    }
    Worker::stop(workers);
}
