//! The rows of the query as batches, each of one partition and bounded in memory.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures_util::StreamExt;
use futures_util::stream::Fuse;
use std::error::Error as StdError;
use std::pin::Pin;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{RowStream, Transaction};

use super::columns::schema;
use super::question::Question;
use super::sink::Sink;
use crate::error::Error;

/// The most rows and bytes of a batch.
const ROWS: usize = 8192;
const BYTES: usize = 8 << 20;

pub struct Reader<'a> {
    question: &'a Question,
    pub schema: SchemaRef,
    sinks: Vec<Sink>,
    /// The row stream; polling it after its end would report a broken connection.
    rows: Pin<Box<Fuse<RowStream>>>,
    /// The first row of the next batch.
    waiting: Option<tokio_postgres::Row>,
}

pub struct Batch {
    pub partition: Option<String>,
    pub rows: RecordBatch,
}

/// A value in the format in which it was sent.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Raw<'a>, Box<dyn StdError + Sync + Send>> {
        Ok(Raw(bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Reader<'_> {
    pub async fn new<'a>(
        transaction: &Transaction<'_>,
        question: &'a Question,
        bounds: Option<(Option<&str>, &str)>,
    ) -> Result<Reader<'a>, Error> {
        let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::new();
        if let Some((after, upto)) = &bounds {
            parameters.push(after);
            parameters.push(upto);
        }
        let rows = transaction.query_raw(&question.rows(), parameters).await?;
        Ok(Reader {
            question,
            schema: schema(&question.columns),
            sinks: question
                .columns
                .iter()
                .map(|one| Sink::new(&one.value))
                .collect(),
            rows: Box::pin(rows.fuse()),
            waiting: None,
        })
    }

    pub async fn next(&mut self) -> Result<Option<Batch>, Error> {
        let (mut count, mut bytes) = (0, 0);
        let mut partition = None;
        while count < ROWS && bytes < BYTES {
            let row = match self.waiting.take() {
                Some(row) => row,
                None => match self.rows.next().await.transpose()? {
                    Some(row) => row,
                    None => break,
                },
            };
            let of_row = match &self.question.partition {
                Some(_) => row.try_get(self.sinks.len())?,
                None => None,
            };
            if count == 0 {
                partition = of_row;
            } else if of_row != partition {
                self.waiting = Some(row);
                break;
            }
            for (at, sink) in self.sinks.iter_mut().enumerate() {
                let value: Option<Raw<'_>> = row.try_get(at)?;
                let value = value.map(|raw| raw.0);
                bytes += value.map_or(0, <[u8]>::len);
                sink.push(value).map_err(|wrong| {
                    let name = &self.question.columns[at].name;
                    Error::Input(format!("a value of column \"{name}\" {wrong}"))
                })?;
            }
            count += 1;
        }
        if count == 0 {
            return Ok(None);
        }
        let arrays = self.sinks.iter_mut().map(Sink::finish).collect();
        let rows = RecordBatch::try_new(self.schema.clone(), arrays)
            .map_err(|error| Error::Input(format!("the rows cannot be kept: {error}")))?;
        Ok(Some(Batch { partition, rows }))
    }
}
