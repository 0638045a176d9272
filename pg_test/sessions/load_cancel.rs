//! Whatever ends `load_file`, and its clean-up too: the load is not "running" any more, its workers are
//! gone, and the session loads on.

use crate::database::{Database, Session};
use crate::fixtures::pairs;
use crate::load_file::{FILE, call, wait_at_gate, with_gate};

const WORKERS: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'termstream load' AND datname = current_database()";

/// Waits until the process waits for a lock.
fn wait_for_lock(session: &mut Session, pid: u32) {
    session.wait_for(
        &format!("SELECT wait_event_type FROM pg_stat_activity WHERE pid = {pid}"),
        "Lock",
    );
}

/// A load at the gate is ended by `first`; what it has to write then waits for the table of loads, and is
/// ended by `second`. Returns the loader's session, which may have ended.
fn end_twice(
    database: &Database,
    session: &mut Session,
    call: String,
    first: &str,
    second: &str,
) -> Session {
    session.run("SELECT pg_advisory_lock(1)");
    let mut loader = database.session();
    let pid = loader.pid();
    let loading = std::thread::spawn(move || {
        let outcome = loader.client.simple_query(&call);
        assert!(outcome.is_err(), "the load was ended");
        loader
    });
    wait_at_gate(session);
    let mut blocker = database.session();
    blocker.run("BEGIN; LOCK TABLE termstream.load IN SHARE ROW EXCLUSIVE MODE");
    session.run(&format!("SELECT {first}({pid})"));
    session.wait_for(
        "SELECT count(*) FROM pg_locks WHERE relation = 'termstream.load'::regclass AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        "1",
    );
    wait_for_lock(session, pid);
    session.run(&format!("SELECT {second}({pid})"));
    let loader = loading.join().expect("an answer");
    session.wait_for("SELECT state FROM termstream.loads", "interrupted");
    session.wait_for(WORKERS, "0");
    blocker.run("COMMIT");
    session.run("SELECT pg_advisory_unlock(1)");
    loader
}

#[test]
fn a_second_cancel_leaves_no_load_running() {
    let (database, mut session) = with_gate("cancelled_twice");
    let path = database.file("menu.csv", FILE);
    let cancel = "pg_cancel_backend";
    let mut loader = end_twice(&database, &mut session, call(&path), cancel, cancel);
    loader.run(&call(&path));
    assert_eq!(pairs(&mut session).len(), 6);
    assert_eq!(
        session.lines("SELECT read, state FROM termstream.loads ORDER BY load_id"),
        ["4|interrupted", "3|done"]
    );
}

#[test]
fn a_second_cancel_ends_the_workers_too() {
    let (database, mut session) = with_gate("cancelled_workers");
    let path = database.file("menu.csv", FILE);
    let parallel = format!("CALL termstream.load_file('menu', '{path}', parallel => 2)");
    let cancel = "pg_cancel_backend";
    // With one at the gate and none beside it.
    session.run("SELECT termstream.alter_stream('menu', batch_rows => 100)");
    let mut loader = end_twice(&database, &mut session, parallel.clone(), cancel, cancel);
    assert_eq!(session.one("SELECT count(*) FROM termstream.load_job"), "1");
    loader.run(&parallel);
    assert_eq!(pairs(&mut session).len(), 6);
    assert_eq!(session.one("SELECT count(*) FROM termstream.load_job"), "0");
    assert_eq!(
        session.one("SELECT sum(read), sum(rejected) FROM termstream.loads"),
        "7|1"
    );
}

#[test]
fn a_session_that_is_ended_while_it_cleans_up_leaves_no_load_running() {
    let (database, mut session) = with_gate("terminated_cleaning");
    let path = database.file("menu.csv", FILE);
    end_twice(
        &database,
        &mut session,
        call(&path),
        "pg_cancel_backend",
        "pg_terminate_backend",
    );
    session.run(&call(&path));
    assert_eq!(pairs(&mut session).len(), 6);
}

#[test]
fn a_statement_timeout_leaves_word_of_it() {
    let (database, mut session) = with_gate("timed_out");
    let path = database.file("menu.csv", FILE);
    session.run("SELECT pg_advisory_lock(1)");
    let mut loader = database.session();
    loader.run("SET statement_timeout = '500ms'");
    assert_eq!(loader.error(&call(&path)).code, "57014");
    assert_eq!(
        session.one("SELECT state, error FROM termstream.loads"),
        "failed|canceling statement due to statement timeout"
    );
    session.run("SELECT pg_advisory_unlock(1)");
    loader.run("RESET statement_timeout");
    loader.run(&call(&path));
    assert_eq!(pairs(&mut session).len(), 6);
}
