//! The position of an incremental export, stored in the database.
//!
//! A run is announced with its bounds before a file is written; the position moves past it when the manifest
//! is written. A process that finds an announced run repeats it: the same rows into files of the same names.

use tokio_postgres::Client;

use crate::error::Error;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The number of runs announced so far.
    pub run: i64,
    /// The cursor of the last row of the last finished run, as text.
    pub after: Option<String>,
    /// The last cursor of a run that was announced and not finished.
    pub upto: Option<String>,
}

/// Locks the export for this session. Returns `false` if another session has it.
pub async fn claim(client: &Client, name: &str) -> Result<bool, Error> {
    let row = client
        .query_one(
            "SELECT pg_catalog.pg_try_advisory_lock(
                 pg_catalog.hashtextextended('termfeed export ' || CURRENT_USER || ' ' || $1, 0))",
            &[&name],
        )
        .await?;
    Ok(row.try_get(0)?)
}

pub async fn read(client: &Client, name: &str) -> Result<Position, Error> {
    let row = client
        .query_opt(
            "SELECT run, after, upto FROM termstream.export_positions WHERE export = $1",
            &[&name],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Position::default());
    };
    Ok(Position {
        run: row.try_get(0)?,
        after: row.try_get(1)?,
        upto: row.try_get(2)?,
    })
}

pub async fn write(client: &Client, name: &str, position: &Position) -> Result<(), Error> {
    client
        .execute(
            "INSERT INTO termstream.export_positions (export, run, after, upto)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (role, export) DO UPDATE
                SET run = $2, after = $3, upto = $4, updated = pg_catalog.clock_timestamp()",
            &[&name, &position.run, &position.after, &position.upto],
        )
        .await?;
    Ok(())
}
