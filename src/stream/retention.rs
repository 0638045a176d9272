//! Loads that are too old to be kept one by one: the ledger has the last `termstream.loads_keep` of each
//! stream, and the sums of those before.
//!
//! Nobody waits for it: what another session forgets at this moment is left to it, and each session
//! writes sums of its own.

use pgrx::pg_sys;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};
use std::cell::RefCell;
use std::collections::HashMap;

use crate::pg::session;
use crate::pg::subtransaction::subtransaction;
use crate::pg::user::as_extension_owner;

static KEEP: GucSetting<i32> = GucSetting::<i32>::new(10_000);

/// Defines the setting.
pub fn register() {
    GucRegistry::define_int_guc(
        c"termstream.loads_keep",
        c"Sets how many loads of each stream are kept in termstream.loads.",
        c"Older ones are summed up in termstream.stream_stats. What load_file needs to go on is kept. -1 keeps all.",
        &KEEP,
        -1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::default(),
    );
}

/// A session looks for old loads of a stream with its first load and with every hundredth: it costs
/// some 0.1 ms where there are none.
const EVERY: u32 = 100;

thread_local! {
    static LOADS: RefCell<HashMap<pg_sys::Oid, u32>> = RefCell::new(HashMap::new());
}

/// The loads before the last `$2`, but for those that run and the last one of each file, by which it is
/// known again; and the sums made before that nobody else holds.
const FORGET: &str = "
WITH old AS (
    SELECT l.load_id FROM termstream.load l
     WHERE l.stream = $1 AND l.state <> 'running'
       AND l.load_id <= (SELECT k.load_id FROM termstream.load k WHERE k.stream = $1
                          ORDER BY k.load_id DESC OFFSET $2 LIMIT 1)
       AND (l.tail_hash IS NULL OR EXISTS (
            SELECT FROM termstream.load later
             WHERE later.stream = l.stream AND later.load_id > l.load_id AND later.source = l.source
               AND later.userid = l.userid AND later.tail_hash IS NOT NULL))
       FOR UPDATE SKIP LOCKED),
past AS (
    SELECT ctid FROM termstream.load_past
     WHERE stream = $1 AND EXISTS (SELECT FROM old) FOR UPDATE SKIP LOCKED),
gone AS (
    DELETE FROM termstream.load l USING old WHERE l.load_id = old.load_id
 RETURNING 1 AS loads, l.read, l.taken, l.rejected, l.parse, l.convert, l.\"check\", l.statement, l.quality,
           l.predict, l.pairs, l.bytes, l.busy, l.started AS last_load),
merged AS (
    DELETE FROM termstream.load_past p USING past WHERE p.ctid = past.ctid
 RETURNING p.loads, p.read, p.taken, p.rejected, p.parse, p.convert, p.\"check\", p.statement, p.quality,
           p.predict, p.pairs, p.bytes, p.busy, p.last_load),
parts AS (SELECT * FROM gone UNION ALL SELECT * FROM merged)
INSERT INTO termstream.load_past (stream, loads, read, taken, rejected, parse, convert, \"check\", statement,
       quality, predict, pairs, bytes, busy, last_load)
SELECT $1, sum(loads), sum(read), sum(taken), sum(rejected), sum(parse), sum(convert), sum(\"check\"),
       sum(statement), sum(quality), sum(predict), sum(pairs), sum(bytes), sum(busy), max(last_load)
  FROM parts HAVING count(*) > 0";

/// Above read committed it fails where another session has been at it meanwhile: then it is done.
const SERIALIZATION_FAILURE: &str = "40001";

/// Forgets old loads of the stream, now and then.
pub fn forget(stream: pg_sys::Oid) {
    let keep = KEEP.get();
    let number = LOADS.with_borrow_mut(|loads| {
        let number = loads.entry(stream).or_insert(0);
        *number += 1;
        *number
    });
    if keep < 0 || number % EVERY != 1 {
        return;
    }
    let outcome = subtransaction(|| {
        as_extension_owner(|| {
            session::connect(|session| {
                session.execute(FORGET, &[stream.into(), i64::from(keep).into()])
            })
        })
    });
    match outcome {
        Err(error) if error.sqlstate != SERIALIZATION_FAILURE => error.rethrow(),
        _ => {}
    }
}
