//! The extension's own locks, in Postgres' lock manager: a session that waits for one can be cancelled and
//! is shown with a wait event in pg_stat_activity, and deadlocks are detected.
//!
//! They are of the type "userlock", which no SQL function can take, so that no role can hold up others by
//! taking one. They can also be taken on a standby.

use pgrx::pg_sys;

/// The kind of a lock. Locks of different kinds never conflict.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Kind {
    /// Held by the session that compiles a form of a lexicon for all sessions.
    CompiledForm = 1,
    /// Held by the session that begins to load a file into a stream.
    LoadedFile = 2,
    /// Held while the load of this number runs; `termstream.loads` looks for it.
    Load = 3,
}

/// A lock of the current database, identified by its kind and a key of 64 bits.
pub struct Lock {
    tag: pg_sys::LOCKTAG,
}

const MODE: i32 = pg_sys::ExclusiveLock as i32;

impl Lock {
    /// The lock of this kind and key, which is not taken yet.
    pub fn new(kind: Kind, key: u64) -> Lock {
        // SAFETY: a plain read of a setting of the backend.
        let database = unsafe { pg_sys::MyDatabaseId };
        Lock {
            tag: pg_sys::LOCKTAG {
                locktag_field1: database.to_u32(),
                locktag_field2: (key >> 32) as u32,
                locktag_field3: key as u32,
                locktag_field4: kind as u16,
                locktag_type: pg_sys::LockTagType::LOCKTAG_USERLOCK as u8,
                locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
            },
        }
    }

    /// Takes the lock until the current (sub)transaction ends.
    pub fn hold(&self) {
        // SAFETY: the tag is copied; the lock manager gives the lock back with the transaction.
        unsafe {
            pg_sys::LockAcquire(&self.tag, MODE, false, false);
        }
    }

    /// Takes the lock until the result is dropped, across transactions; `None` if another session holds it.
    /// Neither taking nor releasing it waits or can be cancelled, so an error always releases it, as does
    /// the end of the process.
    pub fn hold_until_dropped(self) -> Option<Held> {
        // SAFETY: the tag is copied.
        let taken = unsafe { pg_sys::LockAcquire(&self.tag, MODE, true, true) };
        (taken != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL).then_some(Held { lock: self })
    }

    /// Takes the lock, waiting for it, and runs `work`.
    pub fn alone<R>(&self, work: impl FnOnce() -> R) -> R {
        self.hold();
        self.held(work)
    }

    /// Takes the lock and runs `work`; `None` if another session holds the lock.
    pub fn alone_if_free<R>(&self, work: impl FnOnce() -> R) -> Option<R> {
        // SAFETY: the tag is copied; the lock manager gives the lock back with the transaction.
        let taken = unsafe { pg_sys::LockAcquire(&self.tag, MODE, false, true) };
        (taken != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL).then(|| self.held(work))
    }

    fn held<R>(&self, work: impl FnOnce() -> R) -> R {
        let result = work();
        // SAFETY: held since it was taken. An error in `work` gives it back with the (sub)transaction.
        unsafe {
            pg_sys::LockRelease(&self.tag, MODE, false);
        }
        result
    }
}

/// A lock that is held until this is dropped.
pub struct Held {
    lock: Lock,
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: held by this session since it was made, and given back once.
        unsafe {
            pg_sys::LockRelease(&self.lock.tag, MODE, true);
        }
    }
}
