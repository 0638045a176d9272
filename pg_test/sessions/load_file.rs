//! `load_file`: commits batch by batch, and whatever ends it, the ledger says what is there.

use crate::database::{Database, Session, server_folder};
use crate::fixtures::{loads, pairs, with_lexicon, with_stream};

/// A stream of small batches, and a trigger that makes each new pair wait for an advisory lock.
pub fn with_gate(name: &str) -> (Database, Session) {
    let (database, mut session) = with_lexicon(name);
    session.run(
        "SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}',
             'menu_terms', batch_rows => 2);
         CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF NEW.menu_id >= 5 THEN PERFORM pg_advisory_xact_lock_shared(1); END IF;
           IF NEW.menu_id = 6 THEN PERFORM * FROM public.switch_off WHERE true; END IF;
           RETURN NEW;
         END $$;
         CREATE TABLE switch_off ();
         CREATE TRIGGER gate BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION gate()",
    );
    (database, session)
}

/// Waits until somebody waits at the gate.
pub fn wait_at_gate(session: &mut Session) {
    session.wait_for(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted",
        "1",
    );
}

pub const FILE: &str =
    "menu_id,name\n1,pepsi\n2,pepsi\nx,pepsi\n4,pepsi\n5,pepsi\n6,pepsi\n7,pepsi\n";

/// Behind the fourth row, where the second batch ends.
const TWO_BATCHES: usize = "menu_id,name\n1,pepsi\n2,pepsi\nx,pepsi\n4,pepsi\n".len();

pub fn call(path: &str) -> String {
    format!("CALL termstream.load_file('menu', '{path}')")
}

const STATE: &str = "SELECT read, taken, rejected, pairs, state, position, line, finished IS NULL FROM termstream.loads";

#[test]
fn a_file_is_loaded_and_counted() {
    let (database, mut session) = with_stream("file");
    let path = database.file(
        "menu.csv",
        "menu_id,name,price\n1,pepsi,1\n2,\"a,\nnestle\",2",
    );
    session.run(&call(&path));
    assert_eq!(pairs(&mut session), ["1|2", "2|4"]);
    assert_eq!(
        session.one(
            "SELECT stream, source, userid = current_user, read, taken, rejected, pairs, bytes, position, line,
                    started < finished, state, error IS NULL FROM termstream.loads"
        ),
        format!("menu|{path}|t|2|2|0|2|25|44|4|t|done|t")
    );
    session.run(&format!(
        "CALL termstream.load_file('menu', '{path}', resume => false)"
    ));
    assert_eq!(loads(&mut session)[1], "2|2|0|0|done");
}

#[test]
fn each_batch_is_committed_before_the_next_one_begins() {
    let (database, mut session) = with_gate("batch_commits");
    let path = database.file("menu.csv", FILE);
    session.run("SELECT pg_advisory_lock(1)");
    let mut loader = database.session();
    let loading = std::thread::spawn(move || loader.run(&call(&path)));
    wait_at_gate(&mut session);
    assert_eq!(pairs(&mut session), ["1|2", "2|2", "4|2"]);
    assert_eq!(
        session.lines(STATE),
        [format!("4|3|1|3|running|{TWO_BATCHES}|5|t")]
    );
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "1");
    session.run("SELECT pg_advisory_unlock(1)");
    loading.join().expect("the rest is loaded");
    assert_eq!(pairs(&mut session).len(), 6);
    assert_eq!(
        session.lines(STATE),
        [format!("7|6|1|6|done|{}|8|f", FILE.len())]
    );
}

#[test]
fn an_error_keeps_the_batches_before_it() {
    let (database, mut session) = with_gate("batch_fails");
    let path = database.file("menu.csv", FILE);
    session.run("DROP TABLE switch_off");
    session
        .error(&call(&path))
        .is("42P01", "relation \"public.switch_off\" does not exist");
    assert_eq!(pairs(&mut session), ["1|2", "2|2", "4|2"]);
    assert_eq!(
        session.lines(STATE),
        [format!("4|3|1|3|failed|{TWO_BATCHES}|5|f")]
    );
    assert_eq!(
        session.one("SELECT error FROM termstream.loads"),
        "relation \"public.switch_off\" does not exist"
    );
    session.run("CREATE TABLE switch_off ()");
    session.run(&call(&path));
    assert_eq!(pairs(&mut session).len(), 6);
}

#[test]
fn a_load_whose_session_dies_is_interrupted() {
    let (database, mut session) = with_gate("killed");
    let path = database.file("menu.csv", FILE);
    session.run("SELECT pg_advisory_lock(1)");
    let again = path.clone();
    let mut loader = database.session();
    let pid = loader.pid();
    let loading = std::thread::spawn(move || loader.client.simple_query(&call(&path)).is_err());
    wait_at_gate(&mut session);
    session.run(&format!("SELECT pg_terminate_backend({pid})"));
    assert!(loading.join().expect("an answer"), "the session has ended");
    session.wait_for("SELECT state FROM termstream.loads", "interrupted");
    assert_eq!(pairs(&mut session), ["1|2", "2|2", "4|2"]);
    assert_eq!(
        session.lines(STATE),
        [format!("4|3|1|3|interrupted|{TWO_BATCHES}|5|t")]
    );
    session.run("SELECT pg_advisory_unlock(1)");
    session.run(&call(&again));
    assert_eq!(pairs(&mut session).len(), 6);
    assert_eq!(loads(&mut session)[1], "3|3|0|3|done");
}

#[test]
fn a_load_that_nobody_runs_is_interrupted_though_its_session_is_there() {
    let (_database, mut session) = with_stream("pid_reused");
    session.run("INSERT INTO menu VALUES (1, 'pepsi')");
    session.run("UPDATE termstream.load SET state = 'running', pid = pg_backend_pid()");
    assert_eq!(
        session.one("SELECT state FROM termstream.loads"),
        "interrupted"
    );
}

#[test]
fn a_cancel_leaves_the_session_usable() {
    let (database, mut session) = with_gate("cancelled");
    let path = database.file("menu.csv", FILE);
    session.run("SELECT pg_advisory_lock(1)");
    let mut loader = database.session();
    let pid = loader.pid();
    let again = path.clone();
    let loading = std::thread::spawn(move || {
        let failure = loader.error(&call(&path));
        (failure, loader)
    });
    wait_at_gate(&mut session);
    session.run(&format!("SELECT pg_cancel_backend({pid})"));
    let (failure, mut loader) = loading.join().expect("an answer");
    failure.is("57014", "canceling statement due to user request");
    assert_eq!(
        session.lines(STATE),
        [format!("4|3|1|3|failed|{TWO_BATCHES}|5|f")]
    );
    session.run("SELECT pg_advisory_unlock(1)");
    loader.run(&call(&again));
    assert_eq!(pairs(&mut loader).len(), 6);
    assert_eq!(loads(&mut loader), ["4|3|1|3|failed", "3|3|0|3|done"]);
}

#[test]
fn a_cancel_while_the_ledger_is_written_leaves_the_session_usable() {
    let (database, mut session) = with_gate("ledger_locked");
    let path = database.file("menu.csv", FILE);
    session.run("SELECT pg_advisory_lock(1)");
    let mut loader = database.session();
    let pid = loader.pid();
    let again = path.clone();
    let loading = std::thread::spawn(move || {
        let failure = loader.error(&call(&path));
        (failure, loader)
    });
    wait_at_gate(&mut session);
    session.run("BEGIN");
    session.run("LOCK TABLE termstream.load IN SHARE ROW EXCLUSIVE MODE");
    session.run("SELECT pg_advisory_unlock(1)");
    session.wait_for("SELECT count(*) FROM pg_locks WHERE relation = 'termstream.load'::regclass AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "1");
    session.run(&format!("SELECT pg_cancel_backend({pid})"));
    // The load wants to leave word of its failure, too, and waits for the table again.
    session.wait_for(
        &format!("SELECT wait_event_type FROM pg_stat_activity WHERE pid = {pid}"),
        "Lock",
    );
    session.run("COMMIT");
    let (failure, mut loader) = loading.join().expect("an answer");
    failure.is("57014", "canceling statement due to user request");
    assert_eq!(
        session.lines(STATE),
        [format!("4|3|1|3|failed|{TWO_BATCHES}|5|f")]
    );
    loader.run(&call(&again));
    assert_eq!(pairs(&mut loader).len(), 6);
}

#[test]
fn it_does_not_run_where_it_could_not_commit() {
    let (database, mut session) = with_stream("atomic");
    let path = database.file("menu.csv", "menu_id,name,price\n1,pepsi,1\n");
    let message = "load_file cannot run inside a transaction block or a function";
    // PL/pgSQL wants a variable for each value that comes back.
    let block = || {
        format!(
            "DECLARE a bigint; b bigint; c bigint; d bigint; e bigint; f bigint;
             BEGIN
               CALL termstream.load_file('menu', '{path}', resume => false, load_id => a, read => b,
                                         taken => c, rejected => d, pairs => e, bytes => f);
             END"
        )
    };
    session.run("BEGIN");
    session
        .error(&call(&path))
        .is("2D000", message)
        .hints("COPY");
    session.run("ROLLBACK");
    session.run(&format!(
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ {} $$;
         CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ {} $$;
         CREATE PROCEDURE q() LANGUAGE plpgsql SET work_mem = '4MB' AS $$ {} $$",
        block(),
        block(),
        block()
    ));
    session.error("SELECT f()").is("2D000", message);
    session.error("CALL q()").is("2D000", message);
    assert_eq!(loads(&mut session), [""; 0]);
    session.run("CALL p()");
    session.run(&format!("DO $$ {} $$", block()));
    assert_eq!(loads(&mut session), ["1|1|0|1|done", "1|1|0|0|done"]);
}

#[test]
fn a_file_that_cannot_be_read_is_said_to_be() {
    let (database, mut session) = with_stream("unreadable");
    let folder = server_folder().join("files");
    let good = database.file("menu.csv", "menu_id,name,price\n1,pepsi,1\n");
    let folder = folder.to_str().expect("a plain path");
    session
        .error(&call(&format!("{folder}/missing.csv")))
        .is(
            "58P01",
            &format!("could not open file \"{folder}/missing.csv\": No such file or directory"),
        )
        .hints("\\copy");
    session
        .error(&call(folder))
        .is("42809", &format!("\"{folder}\" is a directory"));
    session
        .error(&call("/dev/zero"))
        .is("42809", "\"/dev/zero\" is not a regular file")
        .hints("COPY");
    let pipe = format!("{folder}/{}.pipe", database.name);
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    session
        .error(&call(&pipe))
        .is("42809", &format!("\"{pipe}\" is not a regular file"));
    std::fs::remove_file(&pipe).expect("the pipe");
    session
        .error(&call("menu.csv"))
        .is("42602", "path \"menu.csv\" is not absolute")
        .hints("full path");
    session
        .error(&call(""))
        .is("42602", "path \"\" is not absolute");
    let secret = database.file("secret.csv", "menu_id,name,price\n1,pepsi,1\n");
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o0))
        .expect("a file nobody reads");
    session.error(&call(&secret)).is(
        "42501",
        &format!("could not open file \"{secret}\": Permission denied"),
    );
    session
        .error(&format!("CALL termstream.load_file('nothing', '{good}')"))
        .is("42704", "stream \"nothing\" does not exist")
        .hints("Known streams: menu.");
    session
        .error(&format!("CALL termstream.load_file('terms', '{good}')"))
        .is("42704", "stream \"terms\" does not exist");
    assert_eq!(loads(&mut session), [""; 0], "no load has begun");
}

#[test]
fn a_file_without_rows_is_loaded_if_it_has_the_header_that_was_promised() {
    let (database, mut session) = with_stream("empty_file");
    for content in ["menu_id,name,price", "menu_id,name,price\n"] {
        let path = database.file("empty.csv", content);
        session.run(&call(&path));
        assert_eq!(
            loads(&mut session).last().map(String::as_str),
            Some("0|0|0|0|done")
        );
    }
    let path = database.file("nothing.csv", "");
    session
        .error(&call(&path))
        .is(
            "22P04",
            &format!("file \"{path}\" is empty, its header is missing"),
        )
        .hints("header => false");
    session.run(&format!(
        "CALL termstream.load_file('menu', '{path}', header => false)"
    ));
    assert_eq!(loads(&mut session).len(), 3);
}

#[test]
fn a_stream_that_is_dropped_meanwhile_ends_the_load() {
    let (database, mut session) = with_gate("dropped_meanwhile");
    let path = database.file("menu.csv", FILE);
    session.run("SELECT pg_advisory_lock(1)");
    let mut loader = database.session();
    let loading = std::thread::spawn(move || {
        let failure = loader.error(&call(&path));
        (failure, loader)
    });
    wait_at_gate(&mut session);
    let mut dropper = database.session();
    let dropping = std::thread::spawn(move || dropper.run("SELECT termstream.drop_stream('menu')"));
    // The batch at work holds the stream, as it would a table.
    session.wait_for(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'",
        "1",
    );
    session.run("SELECT pg_advisory_unlock(1)");
    dropping.join().expect("the stream dropped");
    let (failure, mut loader) = loading.join().expect("an answer");
    assert_eq!(failure.code, "42704", "{failure:?}");
    assert_eq!(pairs(&mut loader).len(), 5);
    assert_eq!(
        loader.one("SELECT read, state FROM termstream.loads"),
        "6|failed"
    );
}

#[test]
fn many_files_one_after_the_other_leak_no_files() {
    let (database, mut session) = with_stream("descriptors");
    let good = database.file("menu.csv", "menu_id,name,price\n1,pepsi,1\n");
    let bad = database.file("bad.csv", "menu_id,name,price\n1,pepsi,1\n2,pepsi,1\n");
    let pid = session.pid();
    let open = || std::fs::read_dir(format!("/proc/{pid}/fd")).map(|files| files.count());
    session.run(&call(&good));
    let Ok(before) = open() else {
        println!("SKIP: no right to look at the server's open files");
        return;
    };
    session.run(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.menu_id = 2 THEN PERFORM * FROM missing; END IF; RETURN NEW; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION fail()",
    );
    for _ in 0..30 {
        session.run(&call(&good));
        session.error(&call(&bad));
    }
    let after = open().expect("still readable");
    assert!(
        after < before + 20,
        "{before} open files before, {after} after"
    );
}
