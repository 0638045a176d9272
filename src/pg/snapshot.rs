//! What a statement can see, as a value that can be compared.
//!
//! Two snapshots of one backend with the same [`Identity`] see the same rows: `xmax` grows with every
//! transaction that ends above it, and while it stays the same, the number of running transactions below it
//! can only shrink. `curcid` counts the commands of this transaction, and the subtransaction distinguishes
//! work that was rolled back. So what was read under an identity need not be read again under the same one,
//! on primaries, standbys and in parallel workers alike.

use pgrx::pg_sys;

/// Functions of Postgres that read backend-local state and raise no error, declared without pgrx's guard:
/// they are called for every row that is matched, and the four guards took 2% of its time.
mod plain {
    use pgrx::pg_sys::{Oid, Snapshot, SubTransactionId};

    unsafe extern "C-unwind" {
        pub safe fn ActiveSnapshotSet() -> bool;
        pub fn GetActiveSnapshot() -> Snapshot;
        pub safe fn GetCurrentSubTransactionId() -> SubTransactionId;
        pub safe fn GetUserId() -> Oid;
    }
}

/// Equal for two snapshots of this backend if they see the same rows.
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
/// The role is part of it, so that the rights of each role are checked.
pub fn identity() -> Option<Identity> {
    if !plain::ActiveSnapshotSet() {
        return None;
    }
    // SAFETY: there is one, and it outlives this call.
    let snapshot = unsafe { &*plain::GetActiveSnapshot() };
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
        subtransaction: plain::GetCurrentSubTransactionId(),
        user: plain::GetUserId().into(),
    })
}

/// A moment of this transaction: what was written before it has a lower command number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    pub subtransaction: u32,
    pub command: u32,
}

/// The present moment. Two moments are equal only if the transaction has written nothing between them.
pub fn moment() -> Moment {
    // SAFETY: makes what was written so far visible to what comes; reads the number of the command that
    // comes, without saying that it writes.
    let command = unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::GetCurrentCommandId(false)
    };
    Moment {
        subtransaction: plain::GetCurrentSubTransactionId(),
        command,
    }
}

/// The command number before which the running statement sees what this transaction wrote.
pub fn command_seen() -> u32 {
    if !plain::ActiveSnapshotSet() {
        return u32::MAX;
    }
    // SAFETY: there is one, and it outlives this call.
    unsafe { (*plain::GetActiveSnapshot()).curcid }
}

/// Runs `work` with an active snapshot that sees everything this transaction has done so far: for a
/// function that reads what it has just created, and for a procedure that has no snapshot after a commit.
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

/// Runs `work` with an active snapshot that sees everything committed by now, and everything this
/// transaction has done so far, whatever its isolation level.
pub fn with_latest_snapshot<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: pushed and popped in pairs; an error in between is cleaned up by the (sub)transaction.
    unsafe {
        pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
        let result = work();
        pg_sys::PopActiveSnapshot();
        result
    }
}
