//! Streams of one's own statement: the statement, the conditions, the limits, at every door and with
//! others at work.

use crate::database::{Database, Session};
use crate::fixtures::loads;

/// A stream `events` into the table `event`.
fn with_events(name: &str, options: &str) -> (Database, Session) {
    let database = Database::new(name);
    let mut session = database.session();
    session.run(&format!(
        "CREATE TABLE event (id bigint PRIMARY KEY, kind text, size int);
         SELECT termstream.create_stream('events', 'id bigint NOT NULL, kind text, size int',
             'INSERT INTO event SELECT id, kind, size FROM batch ON CONFLICT (id) DO NOTHING'{options})"
    ));
    (database, session)
}

fn rows(numbers: std::ops::RangeInclusive<i32>, bad: impl Fn(i32) -> bool) -> String {
    numbers
        .map(|n| format!("{n},a,{}\n", if bad(n) { "x" } else { "1" }))
        .collect()
}

#[test]
fn a_limit_of_rejects_ends_the_load_and_says_what_is_kept() {
    let (database, mut session) = with_events("limit", ", reject_limit => 3, batch_rows => 10");
    let copy = "COPY events FROM STDIN (FORMAT csv)";
    session.copy(copy, rows(1..=50, |n| n % 20 == 1));
    assert_eq!(loads(&mut session), ["50|47|3|47|done"]);
    let bad = rows(101..=200, |n| n % 10 == 1);
    session
        .copy_error(copy, &bad)
        .is(
            "54000",
            "stream public.events: rejected more than reject_limit (3) rows: 4 of 40 read",
        )
        .details("Nothing of the load is kept")
        .hints("alter_stream");
    assert_eq!(session.one("SELECT count(*) FROM event"), "47");
    let path = database.file("events.csv", &bad);
    session
        .error(&format!(
            "CALL termstream.load_file('events', '{path}', header => false)"
        ))
        .is(
            "54000",
            "stream public.events: rejected more than reject_limit (3) rows: 4 of 40 read",
        )
        .details("30 rows are committed");
    assert_eq!(session.one("SELECT count(*) FROM event"), "74");
    assert_eq!(
        loads(&mut session).last().map(String::as_str),
        Some("30|27|3|27|failed")
    );
    session.run("SELECT termstream.alter_stream('events', reject_limit => 0)");
    session.run(&format!(
        "CALL termstream.load_file('events', '{path}', header => false)"
    ));
    assert_eq!(
        session.one("SELECT count(*) FROM event"),
        "137",
        "it has gone on"
    );
    assert_eq!(session.one("SELECT count(*) FROM events_rejects"), "13");
}

#[test]
fn a_ratio_of_rejects_is_judged_after_300_rows() {
    let (_database, mut session) = with_events("ratio", ", reject_ratio => 0.1, batch_rows => 50");
    let copy = "COPY events FROM STDIN (FORMAT csv)";
    session.copy(copy, rows(1..=299, |n| n > 1));
    session
        .copy_error(copy, rows(1001..=2000, |n| n <= 1100))
        .is(
            "54000",
            "stream public.events: rejected more than reject_ratio (0.1) of the rows: 100 of 300 read",
        );
    session.copy(copy, rows(1001..=2000, |n| n % 10 == 0));
    assert_eq!(session.one("SELECT count(*) FROM event"), "901");
    // Rejects of a feeder are judged with the rows they came with.
    session.run("BEGIN");
    session.copy(copy, rows(3001..=3400, |_| false));
    let note = |count: u32| {
        format!(
            "SELECT termstream.note_rejects('events', 's', array_agg(n::bigint), array_agg('x'::bytea), array_agg('22000'::text),
                 array_agg('m'::text), load_id => (SELECT max(load_id) FROM termstream.loads)) FROM generate_series(1, {count}) n"
        )
    };
    session.run(&note(40));
    session.run("SAVEPOINT a");
    assert_eq!(session.error(&note(10)).code, "54000");
    session.run("ROLLBACK TO a; COMMIT");
    assert_eq!(
        loads(&mut session).last().map(String::as_str),
        Some("440|400|40|400|done")
    );
}

#[test]
fn a_limit_of_an_inner_stream_is_no_fault_of_a_row() {
    let (_database, mut session) = with_events("inner_limit", ", reject_limit => 1");
    session.run(
        "SELECT termstream.create_stream('outer_events', 'id text, size text',
             'INSERT INTO events SELECT id, ''k'', size FROM batch')",
    );
    session.run("INSERT INTO outer_events VALUES ('1', '1'), ('x', '2'), ('3', '3')");
    assert_eq!(
        session.lines(
            "SELECT stream, read, taken, rejected, pairs FROM termstream.loads ORDER BY stream"
        ),
        ["events|3|2|1|2", "outer_events|3|3|0|3"]
    );
    assert_eq!(
        session
            .error("INSERT INTO outer_events VALUES ('4', '1'), ('x', '2'), ('y', '3')")
            .code,
        "54000"
    );
    assert_eq!(session.one("SELECT count(*) FROM events_rejects"), "1");
}

#[test]
fn several_statements_see_the_same_batch() {
    let database = Database::new("several");
    let mut session = database.session();
    session.run(
        "CREATE TABLE dim (kind text PRIMARY KEY); CREATE TABLE fact (id bigint, kind text REFERENCES dim);
         CREATE TABLE total (day date PRIMARY KEY, n bigint);
         SELECT termstream.create_stream('s', 'id bigint, kind text', $$
             INSERT INTO dim SELECT DISTINCT kind FROM batch ON CONFLICT DO NOTHING;
             INSERT INTO fact SELECT id, kind FROM batch;
             INSERT INTO total SELECT '2024-01-01', count(*) FROM batch
             ON CONFLICT (day) DO UPDATE SET n = total.n + excluded.n;$$, batch_rows => 2)",
    );
    session.copy("COPY s FROM STDIN (FORMAT csv)", "1,a\n2,b\n3,a\n4,\n5,c\n");
    assert_eq!(
        session.one(
            "SELECT (SELECT count(*) FROM dim), (SELECT count(*) FROM fact), (SELECT n FROM total)"
        ),
        "3|4|4",
        "a row that breaks one statement breaks them all"
    );
    assert_eq!(
        session.lines("SELECT stage, lineno, errorcode FROM s_rejects"),
        ["statement|4|23502"]
    );
}

#[test]
fn defaults_are_for_columns_that_are_left_out() {
    let database = Database::new("defaults");
    let mut session = database.session();
    session.run(
        "CREATE TABLE t (a int, b text, c int); CREATE SEQUENCE q;
         SELECT termstream.create_stream('s', $$a int DEFAULT nextval('q') + 10 NOT NULL, b text DEFAULT 'it''s, (so', c int$$,
             'INSERT INTO t SELECT * FROM batch')",
    );
    session.run("INSERT INTO s (c) VALUES (1), (2)");
    session.run("INSERT INTO s VALUES (DEFAULT, NULL, 3), (NULL, 'x', 4)");
    session.copy("COPY s (b) FROM STDIN (FORMAT csv)", "y\n");
    assert_eq!(
        session.lines("SELECT * FROM t ORDER BY a"),
        ["11|it's, (so|1", "12|it's, (so|2", "13||3", "14|y|"]
    );
    assert_eq!(
        session.lines("SELECT stage, colname FROM s_rejects"),
        ["check|a"]
    );
}

#[test]
fn a_statement_runs_as_the_owner_on_the_path_it_was_made_with() {
    let database = Database::new("statement_rights");
    let mut superuser = database.session();
    let (owner, feeder) = (database.role("owner"), database.role("feeder"));
    superuser.run(&format!(
        "CREATE SCHEMA work AUTHORIZATION {owner}; CREATE TABLE public.secret (a int); INSERT INTO secret VALUES (42);
         CREATE TABLE public.shared (who text, a int); INSERT INTO shared VALUES ('{owner}', 1), ('{feeder}', 2);
         GRANT SELECT ON shared TO PUBLIC; ALTER TABLE shared ENABLE ROW LEVEL SECURITY;
         CREATE POLICY own ON shared USING (who = current_user)"
    ));
    let mut session = database.session_of(&owner);
    session.run("SET search_path = work; CREATE TABLE seen (a int, who text)");
    session
        .error("SELECT termstream.create_stream('s', 'a int', 'INSERT INTO seen SELECT a FROM public.secret')")
        .is("42501", "permission denied for table secret");
    session
        .error("SELECT termstream.create_stream('s', 'a int', 'INSERT INTO seen SELECT a FROM batch', check_rows => 'EXISTS (SELECT FROM public.secret)')")
        .is("42501", "permission denied for table secret");
    session.run(
        "SELECT termstream.create_stream('s', 'a int',
             'INSERT INTO seen SELECT s.a, current_user FROM public.shared s, batch')",
    );
    session.run(&format!(
        "GRANT USAGE ON SCHEMA work TO {feeder}; GRANT INSERT ON s TO {feeder}"
    ));
    let mut other = database.session_of(&feeder);
    // Tables of the same names elsewhere are not what the statement means.
    superuser.run("CREATE SCHEMA trap; CREATE TABLE trap.seen (a int, who text); GRANT ALL ON SCHEMA trap TO PUBLIC; GRANT ALL ON trap.seen TO PUBLIC");
    other.run("SET search_path = trap, public; CREATE TEMP TABLE seen (a int, who text); CREATE TEMP TABLE batch (a int)");
    other.run("INSERT INTO work.s VALUES (7)");
    assert_eq!(
        session.lines("SELECT a, who FROM seen"),
        [format!("1|{owner}")],
        "the owner's rows of the shared table, and the owner's table"
    );
    assert_eq!(other.error("SELECT * FROM work.seen").code, "42501");
    assert_eq!(
        other
            .error("SELECT termstream.alter_stream('work.s', on_error => 'stop')")
            .code,
        "42501"
    );
    assert_eq!(
        other.error("SELECT termstream.drop_stream('work.s')").code,
        "42501"
    );
    assert_eq!(
        other
            .error("UPDATE termstream.stream SET statement = ''")
            .code,
        "42501"
    );
    // What the owner may no longer do, his stream does no longer.
    superuser.run("REVOKE SELECT ON shared FROM PUBLIC");
    assert_eq!(other.error("INSERT INTO work.s VALUES (7)").code, "42501");
}

#[test]
fn who_alters_a_stream_waits_for_its_loads_and_they_for_him() {
    let (database, mut session) = with_events("altered", "");
    session.run("BEGIN");
    session.copy("COPY events FROM STDIN (FORMAT csv)", "1,a,1\n");
    let mut other = database.session();
    let altering = std::thread::spawn(move || {
        other.run("BEGIN; SELECT termstream.alter_stream('events', check_rows => 'size > 1')");
        other
    });
    let waiting =
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'events'::regclass";
    let mut watcher = database.session();
    watcher.wait_for(waiting, "1");
    session.copy("COPY events FROM STDIN (FORMAT csv)", "2,a,1\n");
    session.run("COMMIT");
    let mut other = altering.join().expect("altered");
    let mut loader = database.session();
    let loading = std::thread::spawn(move || {
        loader.copy("COPY events FROM STDIN (FORMAT csv)", "3,a,1\n4,a,2\n");
    });
    watcher.wait_for(waiting, "1");
    other.run("COMMIT");
    loading.join().expect("loaded");
    assert_eq!(
        session.lines("SELECT id FROM event ORDER BY 1"),
        ["1", "2", "4"]
    );
    assert_eq!(
        session.lines("SELECT line, checks FROM events_rejects"),
        ["3,a,1|{check_rows}"]
    );
}

#[test]
fn old_loads_are_forgotten_and_their_totals_kept() {
    let (database, mut session) = with_events("retention", "");
    let path = database.file("events.csv", "1,a,1\nx,a,1\n");
    let call = format!("CALL termstream.load_file('events', '{path}', header => false)");
    session.run(&call);
    session.run("SET termstream.loads_keep = 5");
    let loaders: Vec<_> = (0..4)
        .map(|number| {
            let mut session = database.session();
            std::thread::spawn(move || {
                session.run("SET termstream.loads_keep = 5");
                for n in 0..110 {
                    session.run(&format!(
                        "INSERT INTO events VALUES ({}, 'a', 1)",
                        1000 * number + n + 10
                    ));
                }
            })
        })
        .collect();
    for loader in loaders {
        loader
            .join()
            .expect("loads that do not wait for each other");
    }
    let mut last = database.session();
    last.run("SET termstream.loads_keep = 5");
    last.run("INSERT INTO events VALUES ('y', 'a', 1)");
    let kept: i64 = session
        .one("SELECT count(*) FROM termstream.loads")
        .parse()
        .expect("a number");
    assert_eq!(
        kept, 6,
        "five, and the one by which the file is known again"
    );
    assert_eq!(
        session.one("SELECT loads, read, taken, rejected, convert, pairs, busy > 0 FROM termstream.stream_stats"),
        "442|443|441|2|2|441|t"
    );
    session.run(&call);
    assert_eq!(
        session.one("SELECT loads FROM termstream.stream_stats"),
        "442",
        "there was nothing to do"
    );
    assert_eq!(
        session.error("SET termstream.loads_kept = 5").code,
        "42602",
        "a setting that is misspelled is refused"
    );
    let mut nobody = database.session_of(&database.role("nobody"));
    nobody.run("SELECT termstream.osa('a', 'b')");
    assert_eq!(nobody.error("SET termstream.loads_keep = 5").code, "42501");
    session.run("SELECT termstream.drop_stream('events')");
    assert_eq!(
        session.one("SELECT DISTINCT stream FROM termstream.loads"),
        "public.events",
        "a name, and no number"
    );
    assert_eq!(
        session.one("SELECT count(*) FROM termstream.stream_stats"),
        "0"
    );
}
