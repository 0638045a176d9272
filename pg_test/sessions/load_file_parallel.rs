//! `load_file` with several workers: the same rows, rejects and counts as with none, whatever happens
//! to the workers.

use crate::database::{Database, Session};
use crate::fixtures::{loads, pairs, with_lexicon};

fn call(path: &str, options: &str) -> String {
    format!("CALL termstream.load_file('menu', '{path}'{options})")
}

/// A stream with small batches.
fn with_menu(name: &str) -> (Database, Session) {
    let (database, mut session) = with_lexicon(name);
    session.run(
        "SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text, day date', 'brands', 'menu_id',
             '{name}', 'menu_terms', batch_rows => 50)",
    );
    (database, session)
}

/// A header, rows that are good, rows that are wrong in each way, quoted line ends that look like rows.
fn hostile_file(rows: usize) -> String {
    let mut file = "menu_id,name,day\r\n".to_owned();
    for id in 1..=rows {
        file += &match id % 50 {
            3 => format!("{id},pepsi\n"),
            13 => format!("{id},pepsi,2024-01-01,4\n"),
            20 => format!("x{id},pepsi,2024-01-01\r\n"),
            31 => format!("{id},\"nestle\n{id},pepsi,2024-01-01\n\"\"\",2024-01-01\n"),
            _ => format!("{id},pepsi number {id},2024-01-01\n"),
        };
    }
    file
}

const REJECTS: &str =
    "SELECT lineno, line, stage, errorcode, err_message FROM menu_rejects ORDER BY lineno";

/// Loads, counts and position of the newest load.
const LOAD: &str = "
SELECT read, taken, rejected, parse, convert, pairs, bytes, position, line, state, busy > 0
  FROM termstream.load ORDER BY load_id DESC LIMIT 1";

#[test]
fn several_workers_do_what_one_session_does() {
    let (database, mut session) = with_menu("parallel");
    let path = database.file("menu.csv", hostile_file(3000));
    let alone = session.lines(&call(&path, ""));
    let expected = (
        pairs(&mut session),
        session.lines(REJECTS),
        session.lines(LOAD),
    );
    assert_eq!(expected.1.len(), 180);
    session.run("TRUNCATE menu_terms, menu_rejects");
    let together = session.lines(&call(&path, ", resume => false, parallel => 3"));
    let counts = |line: &str| line.split_once('|').map(|(_, counts)| counts.to_owned());
    assert_eq!(counts(&together[0]), counts(&alone[0]));
    assert_eq!(pairs(&mut session), expected.0);
    assert_eq!(session.lines(REJECTS), expected.1);
    assert_eq!(session.lines(LOAD), expected.2);
    for table in ["load_range", "load_job"] {
        assert_eq!(
            session.one(&format!("SELECT count(*) FROM termstream.{table}")),
            "0"
        );
    }
    assert_eq!(
        session.lines(&call(&path, ", parallel => 2")),
        ["|0|0|0|0|0"]
    );
}

#[test]
fn workers_convert_under_the_settings_and_with_the_rights_of_the_session() {
    let (database, mut session) = with_menu("parallel_settings");
    let role = database.role("loader");
    session.run(&format!(
        "GRANT pg_read_server_files TO {role};
         GRANT INSERT ON menu TO {role};
         CREATE TABLE seen (who text, day date, zone text); GRANT ALL ON seen TO public;
         UPDATE termstream.stream SET statement =
             'INSERT INTO public.seen SELECT current_user, day, current_setting(''timezone'') FROM batch'"
    ));
    let path = database.file("menu.csv", "menu_id,name,day\n1,pepsi,02.01.2024\n");
    session.run(&format!(
        "SET datestyle = 'German, DMY'; SET timezone = 'Asia/Tokyo'; SET ROLE {role}"
    ));
    session.run(&call(&path, ", parallel => 2"));
    session.run("RESET ROLE; RESET datestyle");
    assert_eq!(
        session.lines("SELECT * FROM seen"),
        ["postgres|2024-01-02|Asia/Tokyo"],
        "the statement runs as the stream's owner"
    );
    assert_eq!(session.one("SELECT userid FROM termstream.loads"), role);
    database
        .session_of(&role)
        .error("SELECT * FROM termstream.load_job")
        .is("42501", "permission denied for table load_job");
}

#[test]
fn an_error_of_a_worker_is_the_loads_and_the_next_load_goes_on() {
    let (database, mut session) = with_menu("parallel_error");
    let path = database.file("menu.csv", hostile_file(3000));
    session.run(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.menu_id = 1002 THEN PERFORM * FROM missing; END IF; RETURN NEW; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION fail()",
    );
    session
        .error(&call(&path, ", parallel => 2"))
        .is("42P01", "relation \"missing\" does not exist");
    let state = "SELECT state, error, position < (SELECT position FROM termstream.load) FROM termstream.loads";
    assert_eq!(
        session.lines(state),
        ["failed|relation \"missing\" does not exist|t"]
    );
    assert_eq!(
        session.one("SELECT read = (SELECT count(DISTINCT menu_id) FROM menu_terms) + rejected FROM termstream.loads"),
        "t",
        "what is counted is what is there"
    );
    session.run("DROP TRIGGER fail ON menu_terms");
    session.run(&call(&path, ", parallel => 2"));
    assert_complete(&mut session);
}

#[test]
fn what_workers_have_left_open_a_session_loads_alone() {
    let (database, mut session) = with_menu("parallel_then_alone");
    let path = database.file("menu.csv", hostile_file(3000));
    session.run(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.menu_id IN (102, 1502) THEN PERFORM * FROM missing; END IF; RETURN NEW; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION fail()",
    );
    session.error(&call(&path, ", parallel => 2"));
    session.error(&call(&path, ", parallel => 1"));
    session.run("DROP TRIGGER fail ON menu_terms");
    session.run(&call(&path, ""));
    assert_complete(&mut session);
    assert_eq!(
        session.one("SELECT count(*) FROM termstream.load_range"),
        "0"
    );
}

/// All of `hostile_file(3000)`, once.
fn assert_complete(session: &mut Session) {
    assert_eq!(
        session
            .one("SELECT sum(read), sum(taken), sum(rejected), sum(pairs) FROM termstream.loads"),
        "3000|2820|180|2880"
    );
    assert_eq!(
        session.one("SELECT count(*), count(DISTINCT menu_id) FROM menu_terms"),
        "2880|2820"
    );
    assert_eq!(
        session.one("SELECT count(*), count(DISTINCT lineno) FROM menu_rejects"),
        "180|180"
    );
}

#[test]
fn a_worker_that_is_ended_ends_the_load_and_a_cancel_ends_the_workers() {
    let (database, mut session) = with_menu("parallel_ended");
    let path = database.file("menu.csv", hostile_file(3000));
    session.run(
        "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.menu_id > 1000 THEN PERFORM pg_advisory_xact_lock_shared(1); END IF; RETURN NEW; END $$;
         CREATE TRIGGER gate BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION gate();
         SELECT pg_advisory_lock(1)",
    );
    let workers = "SELECT count(*) FROM pg_stat_activity
         WHERE backend_type = 'termstream load' AND datname = current_database() AND wait_event = 'advisory'";
    for end in ["worker", "leader"] {
        let mut loader = database.session();
        let pid = loader.pid();
        let again = path.clone();
        let loading = std::thread::spawn(move || {
            let failure = loader.error(&call(&again, ", parallel => 2"));
            (failure, loader)
        });
        session.wait_for(workers, "2");
        let mut watcher = database.session();
        if end == "worker" {
            assert_eq!(
            watcher.one("SELECT bytes BETWEEN 1 AND total_bytes, rows > 0, rows_per_second > 0, percent BETWEEN 1 AND 100, eta > '0' FROM termstream.progress"),
            "t|t|t|t|t"
        );
        }
        watcher.error(&call(&path, "")).is(
            "55006",
            &format!("file \"{path}\" is being loaded into the stream"),
        );
        match end {
            "worker" => session.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE backend_type = 'termstream load' AND datname = current_database() LIMIT 1",
            ),
            _ => session.run(&format!("SELECT pg_cancel_backend({pid})")),
        }
        let (failure, mut loader) = loading.join().expect("an answer");
        match end {
            "worker" => failure
                .is("57000", "a worker of the load ended unexpectedly")
                .hints("call load_file again"),
            _ => failure.is("57014", "canceling statement due to user request"),
        };
        assert_eq!(loader.one(workers), "0");
        assert_eq!(
            loader.one("SELECT DISTINCT state FROM termstream.loads"),
            "failed"
        );
    }
    session.run("SELECT pg_advisory_unlock(1)");
    session.run(&call(&path, ", parallel => 2"));
    assert_complete(&mut session);
}

#[test]
fn a_load_whose_leader_is_gone_is_gone_on_with_when_its_workers_are_done() {
    let (database, mut session) = with_menu("parallel_leader_gone");
    let path = database.file("menu.csv", hostile_file(3000));
    session.run(
        "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.menu_id > 1000 THEN PERFORM pg_advisory_xact_lock_shared(1); END IF; RETURN NEW; END $$;
         CREATE TRIGGER gate BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION gate();
         SELECT pg_advisory_lock(1)",
    );
    let mut loader = database.session();
    let pid = loader.pid();
    let again = path.clone();
    let loading = std::thread::spawn(move || {
        loader
            .client
            .simple_query(&call(&again, ", parallel => 2"))
            .is_err()
    });
    session.wait_for(
        "SELECT count(*) FROM pg_stat_activity
          WHERE backend_type = 'termstream load' AND datname = current_database() AND wait_event = 'advisory'",
        "2",
    );
    session.run(&format!("SELECT pg_terminate_backend({pid})"));
    assert!(loading.join().expect("an answer"), "the session has ended");
    session.wait_for("SELECT state FROM termstream.loads", "interrupted");
    // The workers still hold their ranges: the next load waits for them.
    let mut next = database.session();
    let loading = std::thread::spawn(move || {
        next.run(&call(&path, ""));
    });
    session.wait_for(
        "SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event = 'transactionid'",
        "1",
    );
    session.run("SELECT pg_advisory_unlock(1)");
    loading.join().expect("the rest is loaded");
    assert_complete(&mut session);
    assert_eq!(
        session.one("SELECT count(*) FROM termstream.load_range"),
        "0"
    );
}

#[test]
fn without_workers_to_spare_the_session_loads_the_file_alone() {
    let (database, mut session) = with_menu("parallel_no_workers");
    let path = database.file("menu.csv", hostile_file(200));
    session.run(&call(&path, ", parallel => 64"));
    assert_eq!(loads(&mut session), ["200|188|12|192|done"]);
    for parallel in [0, 65] {
        session
            .error(&call(&path, &format!(", parallel => {parallel}")))
            .is(
                "22023",
                &format!("parallel must be between 1 and 64, not {parallel}"),
            );
    }
}

#[test]
fn batches_that_wait_for_each_other_are_tried_again() {
    let (database, mut session) = with_menu("parallel_deadlock");
    // The same keys in each batch, in opposite order.
    let mut file = "menu_id,name,day\n".to_owned();
    for batch in 0..12 {
        for row in 0..50 {
            let id = if batch % 2 == 0 { row } else { 49 - row };
            file += &format!("{id},pepsi,2024-01-01\n");
        }
    }
    let path = database.file("menu.csv", file);
    session.run(
        "UPDATE termstream.stream SET statement =
            'INSERT INTO public.menu_terms SELECT menu_id, 2 FROM batch ON CONFLICT DO NOTHING';
         CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END $$;
         CREATE TRIGGER slow BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    session.run("SET deadlock_timeout = '10ms'");
    session.run(&call(&path, ", parallel => 4"));
    assert_eq!(pairs(&mut session).len(), 50);
    assert_eq!(loads(&mut session), ["600|600|0|50|done"]);
}

#[test]
fn limits_of_rejects_hold_for_all_workers_together() {
    let (database, mut session) = with_menu("parallel_limits");
    let path = database.file("menu.csv", hostile_file(6000));
    session.run("SELECT termstream.alter_stream('menu', reject_limit => 100)");
    let failure = session.error(&call(&path, ", parallel => 2"));
    assert_eq!(failure.code, "54000", "{failure:?}");
    assert!(
        failure
            .message
            .starts_with("stream public.menu: rejected more than reject_limit (100) rows: "),
        "{failure:?}"
    );
    failure.details("rows are committed");
    // Each range of 50 rows has three rejects: what two workers have at hand may be too much, no more.
    assert_eq!(
        session.one("SELECT state, rejected BETWEEN 90 AND 106, rejected = (SELECT count(*) FROM menu_rejects) FROM termstream.loads"),
        "failed|t|t"
    );
    session.run("SELECT termstream.alter_stream('menu', reject_limit => 1000)");
    session.run(&call(&path, ", parallel => 2"));
    assert_eq!(
        session.one("SELECT sum(read), sum(rejected) FROM termstream.loads"),
        "6000|360"
    );
}

#[test]
fn rejects_of_workers_are_taken_again_like_others() {
    let (database, mut session) = with_menu("parallel_retry");
    let path = database.file("menu.csv", "day;name;menu_id\n2024-01-01;pepsi;x1\n");
    session.run(&call(
        &path,
        ", parallel => 2, delimiter => ';', columns => '{day,name,menu_id}'",
    ));
    session.run("UPDATE menu_rejects SET line = replace(line, 'x', '')");
    session.run("SELECT termstream.retry_rejects('menu')");
    assert_eq!(pairs(&mut session), ["1|2"]);
}

#[test]
fn loads_by_workers_alone_are_forgotten_when_they_are_old_too() {
    let (database, mut session) = with_menu("parallel_retention");
    let path = database.file("menu.csv", hostile_file(200));
    for _ in 0..4 {
        let mut loader = database.session();
        loader.run("SET termstream.loads_keep = 2");
        loader.run(&call(&path, ", parallel => 2, resume => false"));
    }
    assert_eq!(loads(&mut session).len(), 2);
    assert_eq!(
        session.one("SELECT loads, read = 4 * (SELECT max(read) FROM termstream.loads) FROM termstream.stream_stats"),
        "4|t"
    );
}
