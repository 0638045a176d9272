//! Where the rows of a COPY came from: told by the feeder afterwards, in the same transaction.
//!
//! A stream sees the rows of a COPY by their number. A feeder that has read them from elsewhere says
//! for each number where that was, and the rejects say so too.

use super::deferred::immediate;
use super::definition::Definition;
use super::ledger;
use super::note::not_own;
use crate::pg::error::Raise;
use crate::pg::session::{self, Snapshot};
use crate::pg::user::{SAFE_PATH, restricted};

/// For each row of the load, in its order, what is to stand in its reject.
pub struct Places {
    pub sources: Vec<Option<String>>,
    pub lines: Vec<Option<i64>>,
    /// JSON.
    pub origins: Vec<Option<String>>,
}

/// Tells the rejects of a load of this transaction where they came from; returns how many there are.
pub fn place_rejects(load_id: i64, places: Places) -> Result<i64, Raise> {
    let own = ledger::find_own(load_id).ok_or_else(|| not_own(load_id))?;
    if own.counts.rejected == 0 {
        return Ok(0);
    }
    let definition = Definition::read(own.stream)?;
    let update = format!(
        "UPDATE {} r SET filename = o.source, lineno = o.line, origin = o.origin::jsonb
           FROM ROWS FROM (unnest($2), unnest($3), unnest($4)) WITH ORDINALITY o (source, line, origin, number)
          WHERE r.load_id = $1 AND r.lineno = o.number AND r.filename IS NULL AND r.origin IS NULL",
        definition.rejects
    );
    let args = [
        load_id.into(),
        places.sources.into(),
        places.lines.into(),
        places.origins.into(),
    ];
    let placed = immediate(definition.owner, vec![definition.rejects_table], || {
        restricted(definition.owner, SAFE_PATH, || {
            session::connect(|session| {
                let placed =
                    session.run_on(definition.rejects_table, &update, &args, Snapshot::Latest);
                placed.touched()
            })
        })
    });
    Ok(placed as i64)
}
