//! What a statement can see, as a value that can be compared.
//!
//! Two snapshots of one backend with the same [`Identity`] see the same rows: `xmax` grows with every
//! transaction that ends above it, and the number of running transactions below it can only shrink
//! while it stands; `curcid` counts the commands of the own transaction, and the subtransaction tells
//! rolled back work from kept work. So whoever remembers what was read under an identity needs not
//! read it again under the same one, on primaries, standbys and in parallel workers alike.

use pgrx::pg_sys;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    xmin: u32,
    xmax: u32,
    running: (u32, i32, bool, bool),
    command: u32,
    subtransaction: u32,
    user: u32,
}

/// The identity of the active snapshot; `None` outside a statement.
///
/// The user is part of it, so that what one role was allowed to read is checked anew for another.
pub fn identity() -> Option<Identity> {
    // SAFETY: both are plain reads of backend-local state, and the snapshot outlives this call.
    unsafe {
        if !pg_sys::ActiveSnapshotSet() {
            return None;
        }
        let snapshot = &*pg_sys::GetActiveSnapshot();
        Some(Identity {
            xmin: snapshot.xmin.into(),
            xmax: snapshot.xmax.into(),
            running: (
                snapshot.xcnt,
                snapshot.subxcnt,
                snapshot.suboverflowed,
                snapshot.takenDuringRecovery,
            ),
            command: snapshot.curcid,
            subtransaction: pg_sys::GetCurrentSubTransactionId(),
            user: pg_sys::GetUserId().into(),
        })
    }
}

/// Runs `work` with a snapshot active that sees all the transaction has done so far. Where a function
/// looks at what it has just made, and where a procedure between two commits has no snapshot at all.
pub fn with_snapshot<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: pushed and popped in pairs; an error in between is cleaned up by the (sub)transaction.
    unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::PushCopiedSnapshot(pg_sys::GetTransactionSnapshot());
        pg_sys::UpdateActiveSnapshotCommandId();
        let result = work();
        pg_sys::PopActiveSnapshot();
        result
    }
}
