//! Where the rows of a COPY came from, as their feeder reports it afterwards, in the same transaction.
//!
//! A stream knows the rows of a COPY only by their numbers. A feeder that has read them from elsewhere
//! reports for each number where from, so that the rejects can say so.

use super::deferred::immediate;
use super::definition::StreamDefinition;
use super::ledger;
use super::note::not_in_transaction;
use crate::pg::error::Raise;
use crate::pg::session::{self, Snapshot};
use crate::pg::user::{SAFE_PATH, restricted};

/// For each row of a load, in order: what its reject says about where it came from.
pub struct RowOrigins {
    pub sources: Vec<Option<String>>,
    pub lines: Vec<Option<i64>>,
    /// Each a JSON value.
    pub origins: Vec<Option<String>>,
}

/// Writes into the rejects of a load of this transaction where their rows came from; returns how many
/// rejects were changed.
pub fn place_rejects(load_id: i64, origins: RowOrigins) -> Result<i64, Raise> {
    let load = ledger::find_in_transaction(load_id).ok_or_else(|| not_in_transaction(load_id))?;
    if load.counts.rejected == 0 {
        return Ok(0);
    }
    let definition = StreamDefinition::read(load.stream)?;
    let update = format!(
        "UPDATE {} r SET filename = o.source, lineno = o.line, origin = o.origin::jsonb
           FROM ROWS FROM (unnest($2), unnest($3), unnest($4)) WITH ORDINALITY o (source, line, origin, number)
          WHERE r.load_id = $1 AND r.lineno = o.number AND r.filename IS NULL AND r.origin IS NULL",
        definition.rejects
    );
    let args = [
        load_id.into(),
        origins.sources.into(),
        origins.lines.into(),
        origins.origins.into(),
    ];
    let placed = immediate(definition.owner, vec![definition.rejects_table], || {
        restricted(definition.owner, SAFE_PATH, || {
            session::connect(|session| {
                let placed =
                    session.run_on(definition.rejects_table, &update, &args, Snapshot::Latest);
                placed.processed()
            })
        })
    });
    Ok(placed as i64)
}
