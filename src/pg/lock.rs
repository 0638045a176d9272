//! Locks of the extension's own, held by Postgres' lock manager: a session that waits for one can be
//! cancelled, is shown with a wait event in pg_stat_activity, and deadlocks are found.
//!
//! They have the kind "userlock", which no SQL function can take, so that nobody can hold up others by
//! taking one; and they can be taken on a standby too.

use pgrx::pg_sys;

/// What a lock is about. Locks of different kinds never meet.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Kind {
    /// A compiled form of a lexicon that one session makes for all.
    CompiledForm = 1,
    /// A file that one session loads into a stream.
    LoadedFile = 2,
    /// A load at work, by its number: `termstream.loads` looks for it.
    Load = 3,
}

/// A lock of the current database, known by its kind and a number of 64 bits.
pub struct Lock {
    tag: pg_sys::LOCKTAG,
}

const MODE: i32 = pg_sys::ExclusiveLock as i32;

impl Lock {
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

    /// Takes the lock until the (sub)transaction ends in which it is taken.
    pub fn hold(&self) {
        // SAFETY: the tag is copied; the lock manager gives the lock back with the transaction.
        unsafe {
            pg_sys::LockAcquire(&self.tag, MODE, false, false);
        }
    }

    /// Takes the lock for as long as the result lives, over the ends of transactions; `None` if somebody
    /// has it. Neither taking it nor giving it back waits or hears a cancel, so that an error gives it
    /// back whatever else it interrupts; the end of the process does, too.
    pub fn hold_until_dropped(self) -> Option<Held> {
        // SAFETY: the tag is copied.
        let taken = unsafe { pg_sys::LockAcquire(&self.tag, MODE, true, true) };
        (taken != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL).then_some(Held { lock: self })
    }

    /// Runs `work` while nobody else holds the lock; waits for whoever does.
    pub fn alone<R>(&self, work: impl FnOnce() -> R) -> R {
        self.hold();
        self.held(work)
    }

    /// Runs `work` where nobody else holds the lock; `None` if somebody does.
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

/// A lock that is held.
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
