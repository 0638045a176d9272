//! A worker: claims rows, asks about them, and settles the outcome in the same transaction.
//!
//! A crash at any point rolls back: the rows are asked about again, and nothing of the first time is
//! seen. A wait that is longer than a moment is not waited out with rows claimed.

use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Transaction};

use super::Settings;
use super::circuit::{Circuit, Permit, State};
use super::service::{Blame, Failure, Service};
use super::split::Groups;
use super::work::{Row, Work};
use crate::counts::Counts;
use crate::database::{Database, backoff};
use crate::error::Error;
use crate::inbox::Inbox;
use crate::metrics;
use crate::pipeline::{self, Batch, Origin, Target, Totals};
use crate::readiness::{Need, Readiness};
use crate::shutdown::Shutdown;
use termstream_core::record::csv_line;

/// The longest pause for which claimed rows are held.
const HELD: Duration = Duration::from_secs(2);

pub struct Worker {
    pub database: Database,
    pub settings: Arc<Settings>,
    pub service: Arc<Service>,
    pub circuit: Arc<Mutex<Circuit>>,
    pub shutdown: Shutdown,
    pub readiness: Readiness,
    /// The key of the row that has last failed by itself.
    pub suspect: Option<String>,
}

/// A batch that is committed.
struct Done {
    claimed: usize,
    totals: Totals,
}

/// The rows of a batch, by what happened to them. A row in none of the lists was not asked.
#[derive(Default)]
struct Outcome {
    answered: Vec<(usize, String)>,
    failed: Vec<(usize, Failure)>,
}

/// What a failure says.
struct Verdict {
    /// Of the row, if it was asked alone.
    is_guilty: bool,
    /// The service works, for others.
    is_up: bool,
}

impl Worker {
    /// Works until it is told to stop, or something is wrong for good; with `--once`, until there is
    /// nothing to claim.
    pub async fn run(mut self) -> Result<Totals, Error> {
        let mut totals = Totals::default();
        let mut client: Option<(Client, Inbox, Work)> = None;
        let (mut waits, mut idle) = (backoff(), backoff());
        while !self.shutdown.is_called() {
            let wait = match self.step(&mut client).await {
                Ok(None) => continue,
                Ok(Some(done)) => {
                    waits = backoff();
                    totals += done.totals;
                    if done.totals.records > 0 {
                        self.readiness.fine();
                        idle = backoff();
                        continue;
                    }
                    match done.claimed {
                        0 if self.settings.once => break,
                        0 => {
                            self.readiness.has_nothing_to_do();
                            self.settings.poll_wait
                        }
                        // All that there is has just failed.
                        _ => idle.next().unwrap_or(HELD).min(self.settings.longest_wait),
                    }
                }
                Err(Error::Stopped) => break,
                Err(error) if error.is_passing() => {
                    client = None;
                    self.readiness.failed(Need::of(&error), &error);
                    metrics::failed(&self.settings.stream);
                    metrics::retried("predict");
                    tracing::warn!(reason = %error, "rolled back: the rows will be asked about again");
                    waits.next().unwrap_or(HELD)
                }
                Err(error) => return Err(error),
            };
            self.shutdown.sleep(wait).await;
        }
        Ok(totals)
    }

    /// One batch; `None` where the service was not to be asked.
    async fn step(
        &mut self,
        connection: &mut Option<(Client, Inbox, Work)>,
    ) -> Result<Option<Done>, Error> {
        let permit = self.circuit().permit(Instant::now());
        let any = match permit {
            Permit::Wait(time) => {
                self.shutdown.sleep(time).await;
                return Ok(None);
            }
            Permit::Try => true,
            Permit::Ask => false,
        };
        self.show_circuit();
        let done = self.batch(connection, any).await;
        // A trial that found no row, or no database, was none.
        self.circuit().give_back();
        self.show_circuit();
        done.map(Some)
    }

    async fn batch(
        &mut self,
        connection: &mut Option<(Client, Inbox, Work)>,
        any: bool,
    ) -> Result<Done, Error> {
        let wait = self.readiness.waits_for(Need::Database);
        if connection
            .as_ref()
            .is_none_or(|(client, ..)| client.is_closed())
        {
            let client = self.database.connect_patiently(&mut self.shutdown).await?;
            let inbox = Inbox::find(&client, &self.settings.stream).await?;
            if inbox.columns.len() != 2 {
                return Err(Error::Settings(format!(
                    "stream \"{}\" has {} columns: it needs two, for the key and the answer",
                    inbox.name,
                    inbox.columns.len()
                )));
            }
            let work = Work::find(&client, &self.settings.work, &self.settings.key).await?;
            *connection = Some((client, inbox, work));
        }
        let Some((client, inbox, work)) = connection.as_mut() else {
            return Err(Error::Stopped);
        };
        let size = if any { 1 } else { self.settings.batch_rows };
        let transaction = client.transaction().await?;
        let rows = work.claim(&transaction, size, any).await?;
        if rows.is_empty() {
            transaction.rollback().await?;
            return Ok(Done {
                claimed: 0,
                totals: Totals::default(),
            });
        }
        drop(wait);
        let outcome = self.ask(&rows, any).await;
        let _wait = self.readiness.waits_for(Need::Database);
        let (mut totals, counts) = self
            .settle(&transaction, inbox, work, &rows, outcome)
            .await?;
        pipeline::commit(transaction, inbox, counts.as_ref()).await?;
        totals.commit(&counts.unwrap_or_default());
        Ok(Done {
            claimed: rows.len(),
            totals,
        })
    }

    /// Asks about all rows, in lists or singly, until they are through or the service wants a rest.
    async fn ask(&mut self, rows: &[Row], trial: bool) -> Outcome {
        let mut outcome = Outcome::default();
        let mut groups = match self.settings.single {
            true => Groups::singly(rows.len()),
            false => Groups::new(rows.len()),
        };
        while let Some(group) = groups.take() {
            if self.shutdown.is_called() || !(trial || self.may_go_on().await) {
                break;
            }
            let started = Instant::now();
            let answer = {
                let _wait = self.readiness.waits_for(Need::Service);
                self.service.ask(&rows[group.clone()]).await
            };
            let status = answer
                .as_ref()
                .err()
                .map(|failure| failure.status.unwrap_or(0));
            metrics::asked(&self.settings.stream, started.elapsed(), status);
            match answer {
                Ok(answers) => {
                    self.circuit().answered();
                    outcome.answered.extend(group.zip(answers));
                }
                Err(failure) => {
                    let rows = &rows[group.clone()];
                    let verdict = self.judge(&failure, rows).await;
                    self.note(&failure, rows, verdict.is_up);
                    if failure.blame == Blame::Nobody || groups.split(&group) {
                        continue;
                    }
                    if verdict.is_guilty {
                        outcome.failed.push((group.start, failure));
                    }
                }
            }
        }
        outcome
    }

    /// Waits a short pause out; `false` where it is a long one, or the circuit is no longer closed.
    async fn may_go_on(&mut self) -> bool {
        loop {
            let permit = {
                let mut circuit = self.circuit();
                if circuit.state() != State::Closed {
                    return false;
                }
                circuit.permit(Instant::now())
            };
            match permit {
                Permit::Wait(time) if time <= HELD => {
                    if !self.shutdown.sleep(time).await {
                        return false;
                    }
                }
                other => return other == Permit::Ask,
            }
        }
    }

    /// Of a row that fails by itself, and may not be to blame: the service is asked without it. Where it
    /// seems to be down only if it was answering, or if the same row has failed so before: another one
    /// may be answered.
    async fn judge(&mut self, failure: &Failure, rows: &[Row]) -> Verdict {
        let (Blame::Service | Blame::Anyone, [row]) = (failure.blame, rows) else {
            return Verdict {
                is_guilty: failure.blame == Blame::Rows,
                is_up: failure.blame == Blame::Rows,
            };
        };
        let likely = failure.blame == Blame::Anyone || self.circuit().is_answering();
        let again = self.suspect.replace(row.key.clone()).as_ref() == Some(&row.key);
        let is_up = match likely || again {
            true => self.service.is_up(failure.blame).await,
            false => Some(false),
        };
        Verdict {
            is_guilty: is_up.unwrap_or(likely),
            is_up: is_up.unwrap_or(false),
        }
    }

    fn note(&self, failure: &Failure, rows: &[Row], is_up: bool) {
        let state = {
            let mut circuit = self.circuit();
            match is_up {
                true => circuit.answered(),
                false => circuit.failed(Instant::now(), failure.retry_after),
            }
            circuit.state()
        };
        let key = match rows {
            [row] => row.key.as_str(),
            _ => "",
        };
        let need = if is_up { Need::Rows } else { Need::Service };
        self.readiness.failed(need, &failure.message);
        tracing::warn!(reason = failure.message, status = failure.status, rows = rows.len(), key,
            circuit = ?state, "the service failed");
        self.show_circuit();
    }

    /// Writes answers to the stream and rows that failed too often to its rejects, removes both from the
    /// work table, and counts the failure of the others. The stream's statement still sees the answered rows
    /// in the work table.
    async fn settle(
        &self,
        transaction: &Transaction<'_>,
        inbox: &Inbox,
        work: &Work,
        rows: &[Row],
        outcome: Outcome,
    ) -> Result<(Totals, Option<Counts>), Error> {
        let key = |row: usize| rows[row].key.as_str();
        let mut batch = Batch::default();
        let mut answered = Vec::new();
        for (row, answer) in &outcome.answered {
            let fields = [Some(key(*row).as_bytes()), Some(answer.as_bytes())];
            batch.csv.extend(csv_line(fields));
            batch.csv.push(b'\n');
            batch.add_without_origin();
            answered.push(key(*row));
        }
        let (mut dead, mut again) = (Vec::new(), Vec::new());
        for (row, failure) in &outcome.failed {
            if rows[*row].attempts + 1 < self.settings.attempts {
                again.push(key(*row));
                continue;
            }
            let raw = rows[*row].payload.clone().into_bytes();
            let reason = ("P0001", failure.message.clone());
            batch.refuse(self.origin(&rows[*row], failure), raw.len(), raw, reason);
            dead.push(key(*row));
        }
        let target = Target {
            inbox,
            stage: "predict",
            line_format: None,
        };
        let totals = batch.totals();
        let counts = batch
            .write(transaction, &target, &[], |origin| origin)
            .await?;
        work.remove(transaction, &answered).await?;
        work.count(transaction, &again).await?;
        work.remove(transaction, &dead).await?;
        Ok((totals, counts))
    }

    /// Tells where a row that failed came from, and how it failed.
    fn origin(&self, row: &Row, failure: &Failure) -> Origin {
        Origin {
            source: self.service.address().into(),
            line: row.key.parse().ok(),
            detail: Some(json!({
                "service": self.service.address(),
                "key": row.key,
                "attempts": row.attempts + 1,
                "status": failure.status,
                "body": failure.body,
            })),
        }
    }

    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show_circuit(&self) {
        metrics::circuit(&self.settings.stream, self.circuit().state() as u8);
    }
}
