//! A worker of a load: takes one range after the other, each in a transaction with its counts.

use super::job::{self, Assigned};
use super::layout::Layout;
use super::ranges;
use super::records::load_range;
use super::source::{Source, changed};
use crate::pg::error::Raise;
use crate::pg::session;
use crate::pg::worker::{in_transaction, show, wait};
use crate::stream::Load;
use crate::stream::definition::StreamDefinition;

/// How often a range is tried that another worker was in the way of: two batches may write the same
/// keys in different order.
const ATTEMPTS: u32 = 20;

/// While there is no range to take; the leader is hardly ever slower than the workers.
const IDLE_MILLISECONDS: i64 = 20;

/// The result of looking for the next range.
enum Next {
    /// A range was loaded.
    Loaded,
    /// No range is ready.
    Nothing,
    /// The load is over.
    Over,
}

/// The main function of a worker for the load of this number; returns when the load is over.
pub fn work_on_load(load_id: i64) {
    let mut attempts = 0;
    let mut worker = match in_transaction(|| Worker::begin(load_id)) {
        Ok(Some(worker)) => worker,
        Ok(None) => return,
        Err(error) => {
            // If this fails too, the leader sees that the worker has ended.
            let _ = in_transaction(|| {
                job::fail(load_id, &error);
                Ok(())
            });
            return;
        }
    };
    loop {
        match in_transaction(|| worker.next()) {
            Ok(Next::Loaded) => attempts = 0,
            Ok(Next::Nothing) => wait(IDLE_MILLISECONDS),
            Ok(Next::Over) => return,
            Err(error) if matches!(&*error.sqlstate, "40001" | "40P01") && attempts < ATTEMPTS => {
                attempts += 1;
                wait(i64::from(attempts) * IDLE_MILLISECONDS);
            }
            Err(error) => {
                let _ = in_transaction(|| {
                    job::fail(load_id, &error);
                    Ok(())
                });
                return;
            }
        }
    }
}

/// A worker with its job and its file.
struct Worker {
    load_id: i64,
    assigned: Assigned,
    source: Source,
}

impl Worker {
    /// Reads the job and opens the file; `None` if the load is over already.
    fn begin(load_id: i64) -> Result<Option<Worker>, Raise> {
        let Some(assigned) = job::find(load_id) else {
            return Ok(None);
        };
        show(&format!("load_file: {}", assigned.path));
        assigned.job.apply_settings();
        let source = Source::open(&assigned.path)?;
        if source.identity()? != assigned.job.file {
            return Err(changed(
                &assigned.path,
                "It was replaced by another file while it was being loaded.".to_owned(),
            ));
        }
        Ok(Some(Worker {
            load_id,
            assigned,
            source,
        }))
    }

    /// Loads the next range, if there is one.
    fn next(&mut self) -> Result<Next, Raise> {
        if !job::is_running(self.load_id) {
            return Ok(Next::Over);
        }
        let Some(range) = ranges::take(self.load_id) else {
            return Ok(Next::Nothing);
        };
        let assigned = &self.assigned;
        let (definition, layout) = session::connect(|session| {
            let definition = StreamDefinition::read(assigned.stream)?;
            let layout = Layout::new(session, &assigned.job.options, &definition)?;
            Ok::<_, Raise>((definition, layout))
        })?;
        let path = Some(assigned.path.clone());
        let mut load = Load::part_of(self.load_id, definition, path, assigned.started)?;
        load.line_format = assigned.job.options.line_format();
        load.elsewhere = ranges::totals(self.load_id);
        load.committed = Some(load.elsewhere.read);
        load_range(&mut load, &mut self.source, &layout, range)?;
        ranges::loaded(self.load_id, range, &load.counts, load.busy);
        Ok(Next::Loaded)
    }
}
