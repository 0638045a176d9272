//! What a statement can see, as a value that can be compared.
//!
//! Two snapshots of one backend with the same [`Identity`] see the same rows: `xmax` grows with every
//! transaction that ends above it, and the number of running transactions below it can only shrink
//! while it stands; `curcid` counts the commands of the own transaction, and the subtransaction tells
//! rolled back work from kept work. So whoever remembers what was read under an identity needs not
//! read it again under the same one, on primaries, standbys and in parallel workers alike.

use pgrx::pg_sys;

/// Reads of backend-local state that raise no error, without the guard of pgrx's own: they come with
/// every row that is matched, and the four guards took 2% of its time.
mod plain {
    use pgrx::pg_sys::{Oid, Snapshot, SubTransactionId};

    unsafe extern "C-unwind" {
        pub safe fn ActiveSnapshotSet() -> bool;
        pub fn GetActiveSnapshot() -> Snapshot;
        pub safe fn GetCurrentSubTransactionId() -> SubTransactionId;
        pub safe fn GetUserId() -> Oid;
    }
}

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

/// A place in the own transaction: what was written before it has a lower command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    pub subtransaction: u32,
    pub command: u32,
}

/// Now. Two moments are equal only if the transaction has written nothing between them.
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

/// The running statement sees what the own transaction wrote before this command.
pub fn command_seen() -> u32 {
    if !plain::ActiveSnapshotSet() {
        return u32::MAX;
    }
    // SAFETY: there is one, and it outlives this call.
    unsafe { (*plain::GetActiveSnapshot()).curcid }
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

/// Runs `work` with a snapshot active that sees all that is committed by now, and what the transaction has
/// done so far, whatever its isolation level.
pub fn with_latest_snapshot<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: pushed and popped in pairs; an error in between is cleaned up by the (sub)transaction.
    unsafe {
        pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
        let result = work();
        pg_sys::PopActiveSnapshot();
        result
    }
}
