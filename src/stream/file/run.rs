//! A load in the session that called it: batch after batch, each in one transaction with its position.

use super::job;
use super::layout::Layout;
use super::notices::Notices;
use super::ranges;
use super::records::{contained, load_range, take};
use super::resume;
use super::source::Source;
use crate::pg::error::Raise;
use crate::pg::procedure::Transactions;
use crate::stream::Load;
use crate::stream::definition::StreamDefinition;
use crate::stream::flush::flush;
use crate::stream::ledger::{self, State};
use termstream_core::load::Position;
use termstream_core::record::{Event, Parser};

/// A running load of a file.
pub struct Run<'t> {
    pub transactions: &'t Transactions<'t>,
    pub load: Load,
    /// The position after the last row of the batch that is being filled.
    pub position: Position,
    pub layout: Layout,
    pub source: Source,
    pub notices: Notices,
}

impl Run<'_> {
    /// Loads ranges that the workers of an earlier load have not loaded.
    pub fn read_open_ranges(&mut self) -> Result<(), Raise> {
        let begin = self.source.position();
        while let Some(range) = ranges::take(self.load.id) {
            load_range(&mut self.load, &mut self.source, &self.layout, range)?;
            contained(|| {
                ranges::remove(self.load.id, range);
                self.write(State::Running)
            })?;
            self.commit(State::Running)?;
        }
        self.source.go_to(begin)?;
        Ok(())
    }

    /// Loads the rest of the file.
    pub fn read_all(&mut self, mut parser: Parser, first: Vec<u8>) -> Result<(), Raise> {
        let mut chunk = first;
        while !chunk.is_empty() {
            pgrx::check_for_interrupts!();
            parser.feed(&chunk, &mut |event| self.take(event))?;
            chunk = self.source.read(u64::MAX)?;
        }
        parser.finish(&mut |event| self.take(event))?;
        if self.source.at_line_end() {
            // Whatever is not a record is read too, unless it is an incomplete line that may still grow.
            self.position = position_of(&parser);
        }
        self.flush(State::Done)
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), Raise> {
        self.position = take(&mut self.load, &self.layout.values, event)?;
        if self.load.is_full() {
            self.flush(State::Running)?;
        }
        Ok(())
    }

    /// Runs the batch and commits it with the counts and the position.
    fn flush(&mut self, state: State) -> Result<(), Raise> {
        contained(|| {
            flush(&mut self.load)?;
            self.write(state)
        })?;
        self.commit(state)
    }

    fn commit(&mut self, state: State) -> Result<(), Raise> {
        self.transactions.commit();
        self.load.committed = Some(self.load.counts.read);
        self.tell(self.position.bytes);
        if state == State::Running {
            // Another session may have altered or dropped the stream meanwhile.
            let stream = self.load.definition.stream;
            self.load.definition = contained(|| StreamDefinition::read(stream))?;
        }
        Ok(())
    }

    /// Tells the client the progress, if it asked for notices.
    pub fn tell(&mut self, loaded: u64) {
        let read = match self.source.is_compressed() {
            true => self.source.file_position(),
            false => loaded,
        };
        self.notices.tell(&self.source, read, &self.load.counts);
    }

    /// Writes the counts, the position, and the file's fingerprint.
    pub fn write(&self, state: State) -> Result<(), Raise> {
        ledger::write(&self.load, state, Some(self.position));
        let begin = self.notices.begin;
        resume::remember(self.load.id, self.position, begin, &self.source)
    }

    /// Undoes the batch that failed, and marks the load as failed.
    pub fn fail(&mut self, error: &str) {
        self.transactions.rollback();
        ranges::count(self.load.id);
        job::remove(self.load.id);
        ledger::fail(self.load.id, error);
        self.transactions.commit();
    }
}

/// The position after everything that a parser has read, including what is not a record.
pub fn position_of(parser: &Parser) -> Position {
    let (bytes, line) = parser.position();
    Position {
        bytes,
        lines: line - 1,
    }
}
