//! `POST /streams/{stream}`: a body of rows, in one transaction, or in several if the client asks for it.
//!
//! The body is read no faster than the server takes it, so memory does not depend on its size. A client
//! that stalls or goes away drops the transaction: nothing of it is committed.
//!
//! A session of the database is taken when the beginning of the body is there, which for a short one is
//! all of it, and given back behind each transaction. While others wait for one, a body that holds it
//! must come faster.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use tokio_util::io::StreamReader;

use super::answer::Refusal;
use super::hold::{Hold, with_beginning};
use super::read::find;
use super::{Shared, pace, running};
use crate::counts::Counts;
use crate::error::Error;
use crate::inbox::Inbox;
use crate::metrics;
use crate::pipeline::{self, CHUNK_BYTES, Intake};
use crate::rows::{Format, Rows};
use crate::unpack::{HTTP_WINDOW, Packing, unpack};

/// How much of a body must have arrived before a session is taken for it.
const BEGINNING: usize = CHUNK_BYTES;

#[derive(Deserialize)]
pub struct Options {
    /// Whether the first line of CSV is a header: true, the default; false; or match.
    header: Option<String>,
    delimiter: Option<String>,
    /// Commit whenever so many rows were read, and not all of the body at once.
    commit_rows: Option<u64>,
}

pub async fn rows(
    State(shared): State<Shared>,
    Path(stream): Path<String>,
    options: Result<Query<Options>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Counts>, Refusal> {
    let Query(options) = options?;
    let format = format(&headers, &options)?;
    let packing = packing(&headers)?;
    let length = text(&headers, header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if length.is_some_and(|length| length > shared.max_body) {
        return Err(too_long());
    }
    let inbox = find(&shared, &stream).await?;
    let told = Arc::new(shared.running.begin(&inbox.name, length));
    let hold = Hold::new(shared.loads.clone());
    let pieces = hold.keep(Box::pin(pieces(shared.max_body, body, Arc::clone(&told))));
    let pieces = with_beginning(pieces, BEGINNING).await.map_err(|error| {
        metrics::failed(&inbox.name);
        refused(Error::io("read the rows", error).into())
    })?;
    let pieces = StreamReader::new(Box::pin(pieces));
    let rows = Rows::new(inbox.columns.clone(), format)?;
    let commit_rows = options.commit_rows.unwrap_or(u64::MAX).max(1);
    let mut intake = Intake::new(unpack(packing, pieces), rows, "http")
        .at_most(shared.max_body)
        .in_batches_of(commit_rows)
        .seen_by(told.rows());
    let mut sum: Option<Counts> = None;
    loop {
        match take(&hold, &inbox, &mut intake, sum.is_none(), commit_rows).await {
            Ok(Some(counts)) => {
                sum = Some(match sum {
                    Some(before) => before.plus(counts),
                    None => counts,
                });
                told.committed(sum.as_ref());
            }
            Ok(None) => return Ok(Json(sum.unwrap_or_default())),
            Err(error) => {
                metrics::failed(&inbox.name);
                let refusal = refused(error);
                return Err(match sum {
                    Some(counts) => refusal.with_committed(counts),
                    None => refusal,
                });
            }
        }
    }
}

/// Runs one transaction; returns `None` if no rows are left, except for the first.
async fn take(
    hold: &Hold,
    inbox: &Inbox,
    intake: &mut Intake,
    is_first: bool,
    commit_rows: u64,
) -> Result<Option<Counts>, Failed> {
    let first = intake.next().await?;
    if !is_first && first.is_empty() && intake.is_drained() {
        return Ok(None);
    }
    let (mut session, _holding) = hold.session().await?;
    let transaction = session.begin(None).await?;
    let counts = intake
        .batch(&transaction, inbox, first, |rows| rows >= commit_rows)
        .await?;
    pipeline::commit(transaction, inbox, Some(&counts)).await?;
    session.give_back();
    Ok(Some(counts))
}

/// Why rows were not taken: no session was free, or a later error.
enum Failed {
    Refused(Refusal),
    Broken(Error),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Failed {
        Failed::Refused(refusal)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Broken(error)
    }
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Failed {
        Failed::Broken(error.into())
    }
}

/// The body as it arrives; ends with an error if the client stalls or sends too much.
fn pieces(
    most: u64,
    body: Body,
    told: Arc<running::Body>,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    body.into_data_stream().map(move |piece| match piece {
        Err(error) if pace::is_too_slow(&error) => Err(ErrorKind::TimedOut.into()),
        Err(error) => Err(io::Error::other(error)),
        Ok(piece) if told.received(piece.len()) > most => Err(ErrorKind::FileTooLarge.into()),
        Ok(piece) => Ok(piece),
    })
}

fn refused(failed: Failed) -> Refusal {
    let error = match failed {
        Failed::Refused(refusal) => return refusal,
        Failed::Broken(error) => error,
    };
    let Error::Io(_, error) = &error else {
        return error.into();
    };
    match error.kind() {
        ErrorKind::FileTooLarge => too_long(),
        ErrorKind::TimedOut => Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body stalled, or came too slowly: what is not committed was rolled back",
        ),
        _ => Refusal::new(
            StatusCode::BAD_REQUEST,
            format!(
                "the body cannot be read: {}",
                crate::error::with_causes(error)
            ),
        ),
    }
}

fn too_long() -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "the body is longer than is allowed",
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
                .map_err(|error: termstream_core::record::Error| Error::Input(error.to_string()))?,
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

fn packing(headers: &HeaderMap) -> Result<Packing, Refusal> {
    match text(headers, header::CONTENT_ENCODING).unwrap_or("identity") {
        "identity" => Ok(Packing::None),
        "gzip" | "x-gzip" => Ok(Packing::Gzip),
        "zstd" => Ok(Packing::Zstd {
            window: HTTP_WINDOW,
        }),
        other => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("content encoding \"{other}\" is not known: send gzip, zstd or none"),
        )),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
