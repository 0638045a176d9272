//! Readiness: the database answers and has the extension, and requests that wait for a session get one.
//! Checked on a dedicated connection, which no request can hold.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Client;

use super::Shared;
use super::answer::Refusal;
use super::session::Sessions;
use crate::database::Database;
use crate::error::Error;
use crate::readiness::{Health, Need, PATIENCE, Readiness};

/// How often the database is asked, and how long it may take.
const EVERY: Duration = Duration::from_secs(1);
const ANSWER_WAIT: Duration = Duration::from_secs(5);

const QUESTION: &str = "SELECT extversion FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'termstream'";

/// The state behind `/readyz`.
#[derive(Clone)]
pub struct Ready {
    health: Health,
    version: Arc<Mutex<String>>,
    asked: watch::Receiver<bool>,
}

/// Starts the task that checks the database.
pub fn watch(database: Database, queues: [(&'static str, Sessions); 3]) -> Ready {
    let health = Health::default();
    let version = Arc::<Mutex<String>>::default();
    let (told, asked) = watch::channel(false);
    tokio::spawn(health.clone().tell());
    for (name, sessions) in queues {
        tokio::spawn(look(name, sessions, health.part(Need::Queue)));
    }
    let (part, known) = (health.part(Need::Database), version.clone());
    tokio::spawn(async move {
        let mut connection = None;
        loop {
            // A wait for the database ends in time by itself.
            match timeout(ANSWER_WAIT, ask(&database, &mut connection)).await {
                Ok(Ok(version)) => {
                    *known.lock().unwrap_or_else(PoisonError::into_inner) = version;
                    part.fine();
                }
                outcome => {
                    connection = None;
                    let reason = match outcome {
                        // This route needs no token, so it does not say where the database is.
                        Ok(Err(error @ (Error::Refused(_) | Error::Unreachable(_)))) => {
                            tracing::warn!(reason = %error, "the database does not answer");
                            "it does not answer".to_owned()
                        }
                        Ok(Err(error)) => error.to_string(),
                        _ => format!("no answer for {} s", ANSWER_WAIT.as_secs()),
                    };
                    part.failed(Need::Database, reason);
                }
            }
            told.send_replace(true);
            sleep(EVERY).await;
        }
    });
    Ready {
        health,
        version,
        asked,
    }
}

async fn ask(database: &Database, connection: &mut Option<Client>) -> Result<String, Error> {
    let client = match connection {
        Some(client) if !client.is_closed() => client,
        _ => connection.insert(database.connect().await?),
    };
    let found = client.query_typed_opt(QUESTION, &[]).await?;
    match found {
        Some(row) => Ok(row.try_get(0)?),
        None => Err(Error::Input("it has no extension termstream".into())),
    }
}

/// Whether a queue is stalled: requests wait, and none was served for a long time.
async fn look(name: &'static str, sessions: Sessions, part: Readiness) {
    let mut moved = (sessions.lent(), Instant::now());
    loop {
        let lent = sessions.lent();
        if sessions.waiting() == 0 || lent != moved.0 {
            moved = (lent, Instant::now());
            part.fine();
        } else if moved.1.elapsed() >= PATIENCE {
            let waiting = sessions.waiting();
            let reason =
                format!("{waiting} requests wait for a connection for {name}, and all are held");
            part.failed(Need::Queue, reason);
        }
        sleep(EVERY).await;
    }
}

/// Answers with the version of the extension, or 503 with what blocks the work.
pub async fn ready(State(shared): State<Shared>) -> Result<Json<Value>, Refusal> {
    let mut asked = shared.ready.asked.clone();
    // Cannot fail while the task runs.
    let _ = asked.wait_for(|asked| *asked).await;
    let ready = &shared.ready;
    match ready.health.in_words() {
        Ok(()) => {
            let version = ready.version.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(Json(json!({ "extension": *version })))
        }
        Err(reason) => Err(Refusal::busy(&reason)),
    }
}
