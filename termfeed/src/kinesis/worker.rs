//! The worker: has its share of the shards read, fills a batch, and has the pipeline store it with the new
//! positions.
//!
//! Whatever fails on the way, nothing is kept in memory: the session ends, its locks with it, and the
//! next one begins where the database says.

use aws_sdk_kinesis::Client as Kinesis;
use aws_sdk_kinesis::primitives::DateTime;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::batch::{Batch, Kept};
use super::members::Members;
use super::positions;
use super::reader::{Page, Reader, Start, in_words};
use super::shards::{Position, Shard, readable, share, surplus};
use super::{From, Settings};
use crate::database::{Database, backoff};
use crate::decode::Plain;
use crate::error::Error;
use crate::inbox::Inbox;
use crate::metrics;
use crate::pipeline::{self, Target, Totals};
use crate::readiness::{Need, Readiness};
use crate::shutdown::Shutdown;

/// How often the shards are shared out anew.
const SHARING: Duration = Duration::from_secs(5);

/// Pages that wait for the worker; each has 10 MB at the most, and each reader holds one more.
const QUEUE: usize = 4;

pub struct Worker {
    database: Database,
    kinesis: Kinesis,
    settings: Settings,
    shutdown: Shutdown,
    readiness: Readiness,
    /// Whether Kinesis lists the shards.
    listing: Readiness,
    totals: Totals,
    /// The number of the last reader. A page carries the number of the reader that it is from.
    readers: u64,
}

/// A shard that this instance reads.
struct Mine {
    number: u64,
    task: JoinHandle<()>,
    /// Whether the shard is known to get no more records.
    ended: Arc<AtomicBool>,
    committed: Position,
}

impl Drop for Mine {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn has_ended(shards: &[Shard], id: &str) -> bool {
    shards.iter().any(|shard| shard.id == id && shard.ended)
}

/// What lives as long as a connection does.
struct Session {
    client: Client,
    inbox: Inbox,
    decoder: Plain,
    source: String,
    members: Members,
    start: Start,
    mine: BTreeMap<String, Mine>,
    sender: Sender<Result<Page, Error>>,
    pages: Receiver<Result<Page, Error>>,
    share_at: Instant,
}

impl Worker {
    pub fn new(
        database: Database,
        kinesis: Kinesis,
        settings: Settings,
        shutdown: Shutdown,
        readiness: Readiness,
    ) -> Worker {
        Worker {
            database,
            kinesis,
            settings,
            shutdown,
            listing: readiness.another(Need::Broker),
            readiness,
            totals: Totals::default(),
            readers: 0,
        }
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Works until it is told to stop, or something is wrong for good.
    pub async fn run(&mut self) -> Result<(), Error> {
        let mut waits = backoff();
        while !self.shutdown.is_called() {
            let before = self.totals.batches;
            let ended = self.session().await;
            if self.totals.batches > before {
                waits = backoff();
            }
            match ended {
                Ok(()) | Err(Error::Stopped) => break,
                Err(error) if error.is_passing() => {
                    self.readiness.failed(Need::of(&error), &error);
                    metrics::failed(&self.settings.stream);
                    metrics::retried("batch");
                    let wait = waits.next().unwrap_or(SHARING);
                    tracing::warn!(reason = %error, wait_ms = wait.as_millis() as u64,
                        "the batch was rolled back: going on where the database says");
                    self.shutdown.sleep(wait).await;
                    self.readiness.tries_again();
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn session(&mut self) -> Result<(), Error> {
        let mut session = self.begin().await?;
        while !self.shutdown.is_called() {
            if Instant::now() >= session.share_at {
                self.share_out(&mut session).await?;
                session.share_at = Instant::now() + SHARING;
            }
            let batch = self.gather(&mut session).await?;
            if batch.is_empty() {
                self.readiness.has_nothing_to_do();
            } else {
                let _wait = self.readiness.waits_for(Need::Database);
                self.take(&mut session, batch).await?;
                self.readiness.fine();
            }
        }
        Ok(())
    }

    async fn begin(&mut self) -> Result<Session, Error> {
        let _wait = self.readiness.waits_for(Need::Database);
        let client = self.database.connect_patiently(&mut self.shutdown).await?;
        let inbox = Inbox::find(&client, &self.settings.stream).await?;
        let source = format!("kinesis:{}", self.settings.kinesis_stream);
        let members = Members::new(&inbox.sql, &source);
        members.join(&client).await?;
        let start = match &self.settings.from {
            From::Horizon => Start::Horizon,
            From::At(time) => Start::At(*time),
            From::Latest => {
                let began = positions::began(&client, &inbox, &source).await?;
                Start::At(DateTime::from_millis(began))
            }
        };
        let (sender, pages) = channel(QUEUE);
        Ok(Session {
            decoder: Plain::new(self.settings.format, inbox.columns.clone())?,
            client,
            inbox,
            source,
            members,
            start,
            mine: BTreeMap::new(),
            sender,
            pages,
            share_at: Instant::now(),
        })
    }

    /// Gives back shards that are read to their end or are too many, and takes some that no instance has.
    /// Called between two batches, so that all pages of a shard given back are committed or dropped.
    async fn share_out(&mut self, session: &mut Session) -> Result<(), Error> {
        let Some(shards) = self.shards().await? else {
            return Ok(());
        };
        for (shard, mine) in &session.mine {
            mine.ended
                .store(has_ended(&shards, shard), Ordering::Relaxed);
        }
        let _wait = self.readiness.waits_for(Need::Database);
        let (client, members) = (&session.client, &session.members);
        let positions = positions::all(client, &session.inbox, &session.source).await?;
        let open = readable(&shards, &positions);
        let most = share(open.len(), members.count(client).await?);
        for shard in surplus(session.mine.keys(), &open, most) {
            session.mine.remove(&shard);
            members.give_back(client, &shard).await?;
            tracing::info!(shard, "shard given back");
        }
        let room = most.saturating_sub(session.mine.len());
        let free = open
            .iter()
            .filter(|shard| !session.mine.contains_key(*shard));
        let taken = members.take(client, free, room).await?;
        if taken.is_empty() {
            return Ok(());
        }
        // Read again: another instance may have moved them until this one had the lock.
        let mut positions = positions::all(client, &session.inbox, &session.source).await?;
        for shard in taken {
            let committed = positions.remove(&shard).unwrap_or_default();
            if committed.closed {
                members.give_back(client, &shard).await?;
                continue;
            }
            tracing::info!(shard, records = committed.records, "shard taken");
            let ended = has_ended(&shards, &shard);
            let mine = self.read(session, &shard, committed, ended);
            session.mine.insert(shard, mine);
        }
        Ok(())
    }

    /// Starts a reader of a shard, which goes on behind the position.
    fn read(&mut self, session: &Session, shard: &str, committed: Position, ended: bool) -> Mine {
        self.readers += 1;
        let ended = Arc::new(AtomicBool::new(ended));
        let reader = Reader {
            client: self.kinesis.clone(),
            stream: self.settings.kinesis_stream.clone(),
            shard: shard.to_owned(),
            number: self.readers,
            start: match &committed.after {
                Some(number) => Start::After(number.clone()),
                None => session.start.clone(),
            },
            page_rows: self.settings.batch_rows.min(10_000) as i32,
            poll_wait: self.settings.poll_wait,
            ended: ended.clone(),
            pages: session.sender.clone(),
            readiness: self.readiness.another(Need::Broker),
        };
        Mine {
            number: self.readers,
            ended,
            task: tokio::spawn(reader.run()),
            committed,
        }
    }

    /// Lists the shards of the stream; `None` where Kinesis does not answer now.
    async fn shards(&self) -> Result<Option<Vec<Shard>>, Error> {
        let _wait = self.listing.waits_for(Need::Broker);
        let mut shards = Vec::new();
        let mut more: Option<String> = None;
        loop {
            let question = self.kinesis.list_shards();
            // The token of the next page stands for the stream, and must stand alone.
            let question = match more.take() {
                Some(token) => question.next_token(token),
                None => question.stream_name(&self.settings.kinesis_stream),
            };
            let page = match question.send().await {
                Ok(page) => page,
                Err(error) => {
                    let reason = in_words(&error, &self.settings.kinesis_stream)?;
                    metrics::retried("kinesis");
                    self.listing.failed(Need::Broker, &reason);
                    tracing::warn!(reason, "the shards cannot be listed now");
                    return Ok(None);
                }
            };
            more = page.next_token;
            shards.extend(page.shards.unwrap_or_default().into_iter().map(|one| {
                let parents = [one.parent_shard_id, one.adjacent_parent_shard_id];
                Shard {
                    id: one.shard_id,
                    parents: parents.into_iter().flatten().collect(),
                    ended: one
                        .sequence_number_range
                        .is_some_and(|range| range.ending_sequence_number.is_some()),
                }
            }));
            if more.is_none() {
                break;
            }
        }
        self.listing.fine();
        Ok(Some(shards))
    }

    /// Collects pages until the batch is full, its wait is over, or something else is to be done.
    async fn gather(&mut self, session: &mut Session) -> Result<Batch, Error> {
        let mut batch = Batch::default();
        let mut end = session.share_at;
        while !batch.rows.is_full(self.settings.batch_rows) {
            let page = tokio::select! {
                page = session.pages.recv() => page,
                () = tokio::time::sleep_until(end.into()) => break,
                () = self.shutdown.wait() => break,
            };
            // The session holds a sender itself: the queue does not end.
            let Some(page) = page.transpose()? else { break };
            let Some(mine) = session.mine.get(&page.shard) else {
                continue;
            };
            if mine.number != page.reader {
                continue;
            }
            if let Some(behind) = page.behind {
                metrics::behind(&self.settings.kinesis_stream, &page.shard, behind);
            }
            if batch.is_empty() {
                end = Instant::now() + self.settings.batch_wait;
            }
            batch.add(page, &mine.committed, &session.decoder);
            if batch.is_empty() {
                end = session.share_at;
            }
        }
        Ok(batch)
    }

    async fn take(&mut self, session: &mut Session, batch: Batch) -> Result<(), Error> {
        let target = Target {
            inbox: &session.inbox,
            stage: "parse",
            line_format: self.settings.format.of_lines(),
        };
        let source: Arc<str> = session.source.as_str().into();
        let mine = &session.mine;
        let before = |shard| mine.get(shard).map(|mine| mine.committed.clone());
        let steps: Vec<_> = batch
            .next
            .iter()
            .map(|(shard, to)| {
                let from = before(shard).unwrap_or_default();
                positions::step(&source, shard, &from, to)
            })
            .collect();
        let origin = |record: Kept| record.origin(source.clone());
        let client = &mut session.client;
        self.totals += pipeline::store(client, &target, batch.rows, &steps, origin).await?;
        for (shard, next) in batch.next {
            if next.closed {
                // Its children may be read now.
                session.share_at = Instant::now();
            }
            if let Some(mine) = session.mine.get_mut(&shard) {
                mine.committed = next;
            }
        }
        Ok(())
    }
}
