//! Forgetting old loads: the ledger keeps the last `termstream.loads_keep` loads of each stream, and the
//! sums of older ones.
//!
//! No session waits for another: it skips loads that another session is just forgetting, and writes sums in
//! rows of its own.

use pgrx::pg_sys;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};
use std::cell::RefCell;
use std::collections::HashMap;

use crate::pg::subtransaction::subtransaction;
use crate::tables;

static KEEP: GucSetting<i32> = GucSetting::<i32>::new(10_000);

/// Defines the setting `termstream.loads_keep`.
pub fn register() {
    GucRegistry::define_int_guc(
        c"termstream.loads_keep",
        c"Sets how many loads of each stream are kept in termstream.loads.",
        c"Older loads are summed up in termstream.stream_stats. Those that load_file needs to resume are kept. -1 keeps all.",
        &KEEP,
        -1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::default(),
    );
}

/// A session looks for old loads of a stream at its first load and at every hundredth one. That takes about
/// 0.1 ms if there are none.
const EVERY: u32 = 100;

thread_local! {
    static LOADS: RefCell<HashMap<pg_sys::Oid, u32>> = RefCell::new(HashMap::new());
}

/// The error above READ COMMITTED if another session has forgotten the loads meanwhile, which is just as
/// good.
const SERIALIZATION_FAILURE: &str = "40001";

/// Forgets old loads of the stream, at every hundredth call.
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
    contained(|| {
        tables::FORGET_LOADS.execute(&[stream.into(), i64::from(keep).into()]);
    });
}

/// Forgets what is left of dropped streams: positions, sums and old loads. For each role, as many of its
/// loads into dropped streams are kept as of one stream.
pub fn forget_lost() {
    let keep = KEEP.get();
    contained(|| {
        tables::DROP_LOST_POSITIONS.execute(&[]);
        if keep >= 0 {
            tables::FORGET_LOST_SUMS.execute(&[]);
            tables::FORGET_LOST_LOADS.execute(&[i64::from(keep).into()]);
        }
    });
}

/// Runs `work`; a serialization failure undoes it and is ignored.
fn contained(work: impl FnOnce()) {
    match subtransaction(work) {
        Err(error) if error.sqlstate != SERIALIZATION_FAILURE => error.rethrow(),
        _ => {}
    }
}
