//! `POST /streams/{stream}`: a body of rows, in one transaction.
//!
//! The body is read no faster than the server takes it, so memory does not depend on its size. A client
//! that stalls or goes away drops the transaction: nothing of the body is committed.

use async_compression::tokio::bufread::GzipDecoder;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::TryStreamExt;
use serde::Deserialize;
use std::io;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio_postgres::Transaction;
use tokio_util::io::StreamReader;

use super::Shared;
use super::answer::Refusal;
use crate::door::{self, Copy, Counts, Inbox};
use crate::error::Error;
use crate::metrics;
use crate::rows::{Format, Rows};

/// Read from the body and sent to the server at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Rejects that may wait for the end of a COPY; with more of them a new COPY of the same transaction is
/// begun.
const WAITING_REJECTS: usize = 10_000;
const WAITING_BYTES: usize = 8 << 20;

#[derive(Deserialize)]
pub struct Options {
    /// Whether the first line of CSV is a header: true, the default; false; or match.
    header: Option<String>,
    delimiter: Option<String>,
}

pub async fn rows(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Counts>, Refusal> {
    let format = format(&headers, &options)?;
    let gzip = is_gzip(&headers)?;
    let mut client = shared.pool.get().await?;
    let inbox = Inbox::find(&**client, &stream).await?;
    let bytes = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    let mut plain;
    let mut unpacked;
    let reader: &mut (dyn AsyncRead + Send + Unpin) = if gzip {
        let mut decoder = GzipDecoder::new(BufReader::with_capacity(CHUNK_BYTES, bytes));
        decoder.multiple_members(true);
        unpacked = decoder;
        &mut unpacked
    } else {
        plain = bytes;
        &mut plain
    };
    let transaction = client.transaction().await?;
    let outcome = take(
        &shared,
        &transaction,
        &inbox,
        Rows::new(inbox.columns.clone(), format)?,
        reader,
    )
    .await;
    match outcome {
        Ok(counts) => {
            let started = Instant::now();
            transaction.commit().await?;
            metrics::committed(&inbox.name, &counts, started.elapsed());
            Ok(Json(counts))
        }
        Err(refusal) => {
            metrics::failed(&inbox.name);
            Err(refusal)
        }
    }
}

async fn take(
    shared: &Shared,
    transaction: &Transaction<'_>,
    inbox: &Inbox,
    mut rows: Rows,
    reader: &mut (dyn AsyncRead + Send + Unpin),
) -> Result<Counts, Refusal> {
    let mut copy = Copy::begin(transaction, inbox).await?;
    let mut done: Option<Counts> = None;
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let read = tokio::time::timeout(shared.stall, reader.read(&mut buffer));
        let length = read
            .await
            .map_err(|_| {
                Refusal::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "the body stalled: nothing of it was committed",
                )
            })?
            .map_err(broken_body)?;
        match buffer.get(..length) {
            Some(bytes) if length > 0 => rows.feed(bytes)?,
            _ => rows.finish()?,
        }
        let csv = rows.take_csv();
        if !csv.is_empty() {
            copy.send(csv).await?;
        }
        let (number, bytes) = rows.waiting();
        let too_many = number >= WAITING_REJECTS || bytes >= WAITING_BYTES;
        if length > 0 && !too_many {
            continue;
        }
        let mut counts = copy.finish(transaction).await?;
        if number > 0 {
            let rejects = rows.take_rejects();
            counts = counts.plus(door::note_rejects(transaction, inbox, "http", &rejects).await?);
        }
        let sum = match done.take() {
            Some(before) => before.plus(counts),
            None => counts,
        };
        if length == 0 {
            return Ok(sum);
        }
        done = Some(sum);
        copy = Copy::begin(transaction, inbox).await?;
    }
}

fn broken_body(error: io::Error) -> Refusal {
    let text = crate::error::with_causes(&error);
    if text.contains("length limit") {
        return Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is longer than is allowed",
        );
    }
    Refusal::new(
        StatusCode::BAD_REQUEST,
        format!("the body cannot be read: {text}; nothing of it was committed"),
    )
}

fn format(headers: &HeaderMap, options: &Options) -> Result<Format, Refusal> {
    let media = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    let media = media
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match media.as_str() {
        "text/csv" => Ok(Format::Csv {
            header: options
                .header
                .as_deref()
                .unwrap_or("true")
                .parse()
                .map_err(|error: termstream::record::Error| Error::Input(error.to_string()))?,
            delimiter: match options.delimiter.as_deref().unwrap_or(",").as_bytes() {
                [byte] => *byte,
                _ => return Err(Error::Input("delimiter must be one byte".into()).into()),
            },
        }),
        "application/x-ndjson" | "application/jsonl" => Ok(Format::JsonLines),
        other => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("content type \"{other}\" is not known: send text/csv or application/x-ndjson"),
        )),
    }
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Refusal> {
    match text(headers, header::CONTENT_ENCODING).unwrap_or("identity") {
        "gzip" | "x-gzip" => Ok(true),
        "identity" => Ok(false),
        other => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("content encoding \"{other}\" is not known: send gzip or none"),
        )),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
