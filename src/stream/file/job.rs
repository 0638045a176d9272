//! The job of a load's workers, and the error of a worker that has failed: `termstream.load_job`, which
//! other roles cannot read.

use pgrx::pg_sys;
use pgrx::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::options::FileOptions;
use super::source::Identity;
use crate::pg::error::{Caught, Raise, code_of};
use crate::pg::session::{self, Snapshot};
use crate::pg::user::on_safe_path;
use crate::tables;

/// What the workers of a load need to know.
#[derive(Serialize, Deserialize)]
pub struct Job {
    pub options: FileOptions,
    pub file: Identity,
    /// The settings of the session that loads, under which the workers convert values.
    settings: BTreeMap<String, String>,
}

/// Reads what the session has set, without settings of the transaction and of its role, which a worker has
/// its own.
const SETTINGS: &str = "
SELECT pg_catalog.jsonb_object_agg(name, setting)::pg_catalog.text
  FROM pg_catalog.pg_settings
 WHERE source IN ('client', 'session')
   AND (context = 'user'
        OR context = 'superuser' AND pg_catalog.current_setting('is_superuser') = 'on')
   AND name !~ '^(role|session_authorization|application_name|client_encoding|search_path'
               '|(default_)?transaction_.*)$'";

impl Job {
    /// The job of loading this file with these options and the settings of this session.
    pub fn new(options: &FileOptions, file: Identity) -> Job {
        let settings = on_safe_path(|| {
            session::connect(|session| {
                session
                    .run(SETTINGS, &[], Snapshot::Latest)
                    .get::<String>(0, 1)
            })
        });
        Job {
            options: options.clone(),
            file,
            settings: settings
                .and_then(|settings| serde_json::from_str(&settings).ok())
                .unwrap_or_default(),
        }
    }

    /// Stores the job for the workers of a load.
    pub fn write(&self, load_id: i64) {
        let job = serde_json::to_string(self).unwrap_or_default();
        tables::ADD_JOB.execute(&[load_id.into(), job.into()]);
    }

    /// Sets the settings in this worker's session.
    pub fn apply_settings(&self) {
        let isolation = ("default_transaction_isolation", "read committed");
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| (&**name, &**value));
        session::connect(|session| {
            for (name, value) in settings.chain([isolation]) {
                session.run(
                    "SELECT pg_catalog.set_config($1, $2, false)",
                    &[name.into(), value.into()],
                    Snapshot::Latest,
                );
            }
        });
    }
}

/// A job, and the load that it belongs to.
pub struct Assigned {
    pub job: Job,
    pub stream: pg_sys::Oid,
    pub path: String,
    pub started: TimestampWithTimeZone,
}

/// The job of a load, if it has one.
pub fn find(load_id: i64) -> Option<Assigned> {
    tables::JOB.run(&[load_id.into()], |rows| {
        Some(Assigned {
            job: serde_json::from_str(&rows.get::<String>(0, 1)?).ok()?,
            stream: rows.get(0, 2)?,
            path: rows.get(0, 3)?,
            started: rows.get(0, 4)?,
        })
    })
}

/// Whether the session that leads the load is still running it.
pub fn is_running(load_id: i64) -> bool {
    tables::IS_RUNNING.run(&[load_id.into()], |rows| rows.get(0, 1) == Some(true))
}

/// Stores the error of a worker for the leader; only the first one of a load is kept.
pub fn fail(load_id: i64, error: &Caught) {
    tables::FAIL_JOB.execute(&[
        load_id.into(),
        error.sqlstate.as_str().into(),
        error.message.as_str().into(),
        error.detail.as_deref().into(),
        error.hint.as_deref().into(),
    ]);
}

/// The stored error of a worker, if one has failed.
pub fn failure(load_id: i64) -> Option<Raise> {
    tables::FAILURE.run(&[load_id.into()], |rows| {
        let text = |column| rows.get::<String>(0, column);
        let mut raise = Raise::new(code_of(&text(1)?), text(2)?);
        raise.detail = text(3);
        raise.hint = text(4);
        Some(raise)
    })
}

/// Removes the job of a load.
pub fn remove(load_id: i64) {
    tables::DROP_JOB.execute(&[load_id.into()]);
}
