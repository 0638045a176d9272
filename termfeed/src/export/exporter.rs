//! Runs exports one after the other: announce the run, write its files, then the manifest, then move the
//! position.

use object_store::ObjectStoreExt;
use std::collections::{HashMap, HashSet};
use std::time::Instant;
use tokio_postgres::{Client, IsolationLevel};

use super::Settings;
use super::file::Writing;
use super::manifest::{File, Manifest};
use super::place::{Place, failed};
use super::position::{self, Position};
use super::question::Question;
use super::reader::Reader;
use crate::error::Error;
use crate::metrics;
use crate::shutdown::Shutdown;

const MANIFEST: &str = "_manifest.json";

/// What Hive, Spark, pyarrow and DuckDB read as NULL.
const NO_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// Settings that make dates and times the same text whatever the role's settings: partitions and cursors are
/// stored as text.
const PREPARE: &str = "SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; SET extra_float_digits = 1; \
                       SET bytea_output = 'hex'; SET intervalstyle = 'iso_8601'";

pub struct Exporter {
    settings: Settings,
    place: Place,
    shutdown: Shutdown,
}

impl Exporter {
    pub fn new(settings: Settings, place: Place, shutdown: Shutdown) -> Exporter {
        Exporter {
            settings,
            place,
            shutdown,
        }
    }

    pub async fn export(&mut self, client: &mut Client) -> Result<(), Error> {
        let started = Instant::now();
        client.batch_execute(PREPARE).await?;
        if !position::claim(client, &self.settings.name).await? {
            return Err(Error::Away(format!(
                "another termfeed is at work at the export \"{}\"",
                self.settings.name
            )));
        }
        let question = Question::new(client, &self.settings).await?;
        let path = self.place.path(MANIFEST)?;
        let old = Manifest::read(&*self.place.store, &path).await?;
        let mut manifest = Manifest::new(&question.columns, self.settings.partition_by.as_deref());
        let is_like = old.as_ref().is_none_or(|old| manifest.is_like(old));
        let (mut position, mut bounds) = (Position::default(), None);
        if self.settings.cursor.is_some() {
            if !is_like {
                return Err(Error::Settings(format!(
                    "the files of {path} have other columns than the query: export to another place"
                )));
            }
            position = position::read(client, &self.settings.name).await?;
            if position.upto.is_none() {
                let newest = question.newest(client, position.after.as_deref()).await?;
                let Some(newest) = newest else {
                    tracing::info!("nothing new to export");
                    return Ok(());
                };
                position.run += 1;
                position.upto = Some(newest);
                position::write(client, &self.settings.name, &position).await?;
            }
            // A repeated run counts nothing of its first attempt.
            let files = old.iter().flat_map(|old| &old.files);
            manifest.files = files
                .filter(|file| file.run != position.run)
                .cloned()
                .collect();
            bounds = position.upto.clone();
        }
        let range = bounds
            .as_deref()
            .map(|upto| (position.after.as_deref(), upto));
        let files = self
            .write(client, &question, range, &old, &manifest, position.run)
            .await?;
        let (rows, number) = (files.iter().map(|file| file.rows).sum(), files.len());
        manifest.files.extend(files);
        manifest.write(&*self.place.store, &path).await?;
        if let Some(upto) = position.upto.take() {
            position.after = Some(upto);
            position::write(client, &self.settings.name, &position).await?;
        } else if let Some(old) = old {
            self.remove(&old, &manifest).await?;
        }
        metrics::exported(&self.settings.name, rows, started.elapsed());
        tracing::info!(
            rows,
            files = number,
            seconds = started.elapsed().as_secs_f64(),
            "exported"
        );
        Ok(())
    }

    /// Writes the rows of a run into files.
    async fn write(
        &mut self,
        client: &mut Client,
        question: &Question,
        range: Option<(Option<&str>, &str)>,
        old: &Option<Manifest>,
        others: &Manifest,
        run: i64,
    ) -> Result<Vec<File>, Error> {
        let mut numbers: HashMap<Option<String>, u32> = HashMap::new();
        for file in &others.files {
            *numbers.entry(file.partition.clone()).or_default() += 1;
        }
        let transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await?;
        let mut reader = Reader::new(&transaction, question, range).await?;
        let mut files = Vec::new();
        let mut open: Option<Writing> = None;
        let there = |name: &str| {
            old.as_ref()
                .and_then(|old| old.sha256(name).map(str::to_owned))
        };
        while let Some(batch) = reader.next().await? {
            if self.shutdown.is_called() {
                return Err(Error::Stopped);
            }
            if let Some(full) = open.take_if(|open| {
                open.partition != batch.partition || open.rows >= self.settings.file_rows
            }) {
                files.push(full.finish(there, run).await?);
            }
            let mut rest = batch.rows;
            while rest.num_rows() > 0 {
                let writing = match &mut open {
                    Some(writing) => writing,
                    None => {
                        let number = numbers.entry(batch.partition.clone()).or_default();
                        *number += 1;
                        let name = self.name(batch.partition.as_deref(), *number);
                        open.insert(
                            Writing::begin(
                                &self.place,
                                name,
                                batch.partition.clone(),
                                reader.schema.clone(),
                                self.settings.group_rows,
                            )
                            .await?,
                        )
                    }
                };
                let room = (self.settings.file_rows - writing.rows).min(rest.num_rows() as u64);
                let room = room as usize;
                writing.write(&rest.slice(0, room)).await?;
                rest = rest.slice(room, rest.num_rows() - room);
                if writing.rows >= self.settings.file_rows
                    && let Some(full) = open.take()
                {
                    files.push(full.finish(there, run).await?);
                }
            }
        }
        drop(reader);
        if let Some(last) = open {
            files.push(last.finish(there, run).await?);
        }
        transaction.rollback().await?;
        Ok(files)
    }

    /// Returns the path of a file, such as `dt=2026-01-31/part-00001.parquet`.
    fn name(&self, partition: Option<&str>, number: u32) -> String {
        let part = format!("part-{number:05}.parquet");
        match &self.settings.partition_by {
            None => part,
            Some(column) => {
                let value = partition.map_or(NO_PARTITION.to_owned(), encoded);
                format!("{}={value}/{part}", encoded(column))
            }
        }
    }

    /// Removes files of the last export that this export no longer has.
    async fn remove(&self, old: &Manifest, new: &Manifest) -> Result<(), Error> {
        let kept: HashSet<&str> = new.files.iter().map(|file| file.path.as_str()).collect();
        for file in old
            .files
            .iter()
            .filter(|file| !kept.contains(file.path.as_str()))
        {
            match self.place.store.delete(&self.place.path(&file.path)?).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }
}

/// Percent-encodes a value for a path as Hive does: all but letters, digits and a few signs.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => text.push(char::from(byte)),
            b'.' if value.len() > 2 => text.push('.'),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn a_value_becomes_one_folder() {
        for (value, folder) in [
            ("2026-01-31", "2026-01-31"),
            ("a/b=c", "a%2Fb%3Dc"),
            ("..", "%2E%2E"),
            ("é", "%C3%A9"),
            ("", ""),
        ] {
            assert_eq!(encoded(value), folder);
        }
    }
}
