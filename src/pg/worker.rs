//! Background workers that a session starts for a job, and that end with it.
//!
//! A worker connects as the role that logged in, and then acts as the session's current role. It runs its
//! own transactions, and finds its work in tables, by the number of the job.

use pgrx::bgworkers::{
    BackgroundWorkerBuilder, BackgroundWorkerStatus, BgWorkerStartTime, DynamicBackgroundWorker,
};
use pgrx::pg_sys;
use std::ffi::{CStr, CString};

use super::compat::handle_signal;
use super::error::{Caught, Raise, caught};

/// Postgres' own signal handlers, declared without pgrx's guard: they run at any moment, and raise no
/// error.
mod plain {
    unsafe extern "C-unwind" {
        pub fn die(signal: i32);
        pub fn SignalHandlerForConfigReload(signal: i32);
    }
}

static mut MAIN: Option<fn(i64)> = None;

/// Registers the main function of workers, once for the life of the backend. It is given the number of the
/// job.
pub fn register(main: fn(i64)) {
    // SAFETY: called by _PG_init, once; backends have one thread.
    unsafe { MAIN = Some(main) }
}

/// A worker that was started by this session.
pub struct Worker {
    handle: DynamicBackgroundWorker,
}

impl Worker {
    /// Starts a worker; `None` if the server has none to spare (`max_worker_processes`).
    pub fn start(job: i64, name: &str) -> Option<Worker> {
        // SAFETY: plain reads of backend-local state.
        let (database, login, role, me, is_superuser) = unsafe {
            (
                pg_sys::MyDatabaseId,
                pg_sys::GetAuthenticatedUserId(),
                pg_sys::GetUserId(),
                pg_sys::MyProcPid,
                pg_sys::superuser(),
            )
        };
        let started = BackgroundWorkerBuilder::new(name)
            .set_type("termstream load")
            .set_library("termstream")
            .set_function("termstream_worker")
            .enable_shmem_access(None)
            .enable_spi_access()
            .set_start_time(BgWorkerStartTime::RecoveryFinished)
            .set_restart_time(None)
            .set_argument(Some(pg_sys::Datum::from(job)))
            .set_extra(&format!(
                "{} {} {} {}",
                database.to_u32(),
                login.to_u32(),
                role.to_u32(),
                u32::from(is_superuser)
            ))
            .set_notify_pid(me)
            .load_dynamic();
        started.ok().map(|handle| Worker { handle })
    }

    /// Whether the worker is running or about to start.
    pub fn is_alive(&self) -> bool {
        matches!(
            self.handle.pid(),
            Ok(_) | Err(BackgroundWorkerStatus::NotYetStarted)
        )
    }

    /// Terminates workers, and waits until they, and so their transactions, have ended. All are signalled
    /// before the wait, since a cancel may end it.
    pub fn stop(workers: Vec<Worker>) {
        let told: Vec<_> = workers
            .into_iter()
            .map(|worker| worker.handle.terminate())
            .collect();
        for handle in told {
            // A postmaster that died ends this session as well.
            let _ = handle.wait_for_shutdown();
        }
    }
}

/// Waits for so many milliseconds, or until the latch of this process is set.
pub fn wait(milliseconds: i64) {
    let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
    // SAFETY: the latch of this process, which lives as long as it.
    unsafe {
        pg_sys::WaitLatch(
            pg_sys::MyLatch,
            events as i32,
            milliseconds,
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
    pgrx::check_for_interrupts!();
}

/// Runs `work` in a new transaction, which is rolled back if it fails. Only for workers: the transactions
/// of a session are begun by its client.
pub fn in_transaction<R>(work: impl FnOnce() -> Result<R, Raise>) -> Result<R, Caught> {
    // SAFETY: begun and ended in pairs; nothing of it outlives the abort.
    unsafe {
        let outcome = caught(|| {
            pg_sys::SetCurrentStatementStartTimestamp();
            pg_sys::StartTransactionCommand();
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
            let result = work().unwrap_or_else(|raise| raise.raise());
            pg_sys::PopActiveSnapshot();
            pg_sys::CommitTransactionCommand();
            pg_sys::pgstat_report_stat(false);
            result
        });
        if outcome.is_err() {
            pg_sys::AbortCurrentTransaction();
        }
        outcome
    }
}

/// Sets what `pg_stat_activity` shows as the query of this worker.
pub fn show(work: &str) {
    let work = CString::new(work).unwrap_or_default();
    // SAFETY: copies the text.
    unsafe {
        pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_RUNNING, work.as_ptr());
    }
}

/// The entry point at which Postgres starts a worker.
#[pgrx::pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn termstream_worker(job: pg_sys::Datum) {
    // SAFETY: the first thing the process does; `bgw_extra` is the text of `start`.
    unsafe {
        handle_signal(pg_sys::SIGTERM as i32, plain::die);
        handle_signal(pg_sys::SIGHUP as i32, plain::SignalHandlerForConfigReload);
        pg_sys::BackgroundWorkerUnblockSignals();
        let extra = CStr::from_ptr((*pg_sys::MyBgworkerEntry).bgw_extra.as_ptr());
        let numbers = extra.to_str().unwrap_or_default().split(' ');
        let numbers: Vec<u32> = numbers.filter_map(|number| number.parse().ok()).collect();
        let [database, login, role, is_superuser] = numbers[..] else {
            return;
        };
        let [database, login, role] = [database, login, role].map(pg_sys::Oid::from);
        pg_sys::BackgroundWorkerInitializeConnectionByOid(database, login, 0);
        // As after SET ROLE: no error goes back to another role.
        pg_sys::SetCurrentRoleId(role, is_superuser != 0);
        if let Some(main) = MAIN {
            main(job.value() as i64);
        }
    }
}
