//! Loads that are too old to be kept one by one: the ledger has the last `termstream.loads_keep` of each
//! stream, and the sums of those before.
//!
//! Nobody waits for it: what another session forgets at this moment is left to it, and each session
//! writes sums of its own.

use pgrx::pg_sys;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};
use std::cell::RefCell;
use std::collections::HashMap;

use crate::pg::subtransaction::subtransaction;
use crate::tables;

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
    contained(|| {
        tables::FORGET_LOADS.execute(&[stream.into(), i64::from(keep).into()]);
    });
}

/// Forgets what is left of streams that are gone, by `drop_stream` or by hand: of all the loads of a role in
/// them as many are kept as of a stream.
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

fn contained(work: impl FnOnce()) {
    match subtransaction(work) {
        Err(error) if error.sqlstate != SERIALIZATION_FAILURE => error.rethrow(),
        _ => {}
    }
}
