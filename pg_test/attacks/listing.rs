//! Lexicons made to spoil what everybody may look at: the list of all lexicons, and what is wrong with them.

use crate::mallory::Mallory;

const LIST: &str = "SELECT lexicon, terms, state FROM termstream.lexicons ORDER BY 1";
const NOT_COMPILED: &str = "mal||lexicon \"mal\" is not compiled, or is being compiled";

#[test]
fn nobody_elses_terms_are_read_for_the_list() {
    let mut m = Mallory::new("listing");
    m.session.run(
        "CREATE TABLE t (term_id bigint PRIMARY KEY, term text); CREATE TABLE child () INHERITS (t);
         INSERT INTO t VALUES (1, 'Pepsi'); GRANT SELECT ON t TO PUBLIC;
         SELECT termstream.create_lexicon('mal', 'mallory.t');
         CREATE INDEX ON t ((f(1)));
         -- With tables that inherit from it, the terms must be read again.
         INSERT INTO t VALUES (2, 'Fanta')",
    );
    let bystander = m.database.role("bystander");
    let mut bystander = m.database.session_of(&bystander);
    for code in ["57014", "53200", "40001", "P0001"] {
        m.session.run(&format!(
            "CREATE OR REPLACE FUNCTION strike() RETURNS int LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = '{code}'; END $$"
        ));
        assert_eq!(m.superuser.lines(LIST), ["brands|2|ready", NOT_COMPILED]);
        assert_eq!(
            bystander.lines(LIST),
            [
                "brands||permission denied for lexicon \"brands\"",
                NOT_COMPILED
            ]
        );
        m.superuser.run("SELECT * FROM termstream.check()");
        // Who uses it is told.
        bystander
            .error("SELECT termstream.has_match('mal', 'fanta')")
            .is(code, "not today");
    }
    // One that holds whoever runs it, and hears no cancel.
    m.session.run(
        "CREATE OR REPLACE FUNCTION strike() RETURNS int LANGUAGE plpgsql AS $$
         BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$",
    );
    m.superuser.run(LIST);
    m.session.run("DROP INDEX t_f_idx");
    assert_eq!(
        bystander.one("SELECT termstream.has_match('mal', 'fanta')"),
        "t"
    );
    // What somebody has compiled is listed.
    assert_eq!(m.superuser.lines(LIST), ["brands|2|ready", "mal|2|ready"]);
}

#[test]
fn the_list_waits_for_nobody() {
    let mut m = Mallory::new("listing_locks");
    m.session.run(
        "CREATE TABLE t (term_id bigint, term text) PARTITION BY LIST (term_id);
         CREATE TABLE t1 PARTITION OF t DEFAULT; INSERT INTO t VALUES (1, 'Pepsi'); GRANT SELECT ON t TO PUBLIC;
         SELECT termstream.create_lexicon('mal', 'mallory.t')",
    );
    m.session
        .run("BEGIN; LOCK TABLE t1 IN ACCESS EXCLUSIVE MODE");
    m.superuser.run("SET lock_timeout = '10ms'");
    let locked = "partitions of the source of lexicon \"mal\" are locked";
    assert_eq!(
        m.superuser.lines(LIST),
        ["brands|2|ready".to_owned(), format!("mal||{locked}")]
    );
    assert_eq!(
        m.superuser
            .lines("SELECT object, problem FROM termstream.check() WHERE kind = 'lexicon'"),
        [format!("mal|{locked}")]
    );
    m.session.run("COMMIT");
    // So many lexicons that the list would be made by several processes.
    m.superuser
        // The setting has another name from Postgres 16 on.
        .run(
            "SELECT set_config(name, 'on', false) FROM pg_settings
                WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
              SET parallel_setup_cost = 0; SET min_parallel_table_scan_size = 0",
        );
    assert_eq!(m.superuser.lines(LIST), ["brands|2|ready", "mal|1|ready"]);
    assert_eq!(
        m.superuser
            .one("SELECT count(*) FROM termstream.check() WHERE kind = 'lexicon'"),
        "0"
    );
}

#[test]
fn what_takes_long_does_not_end_in_another_lexicon_of_the_name() {
    let mut m = Mallory::new("meanwhile");
    let anna = m.database.role("anna");
    let mut anna = m.database.session_of(&anna);
    m.superuser.run("GRANT CREATE ON SCHEMA public TO PUBLIC");
    anna.run(
        "CREATE TABLE fruit (term_id bigint, term text); INSERT INTO fruit VALUES (1, 'Mangosteen');
         GRANT SELECT ON fruit TO PUBLIC",
    );
    m.session.run(
        "CREATE TABLE t (term_id bigint, term text);
         SELECT termstream.create_lexicon('fruit', 'mallory.t')",
    );
    m.superuser.run("SELECT pg_advisory_lock(1)");
    let mut learning = m.database.session_of(&m.role);
    let pid = learning.pid();
    let learning = std::thread::spawn(move || {
        learning.run(
            "SELECT termstream.learn('fruit', 'SELECT ''mangostean''::text FROM generate_series(1, 9),
                 (SELECT pg_advisory_lock_shared(1)) AS held')",
        )
    });
    m.superuser.wait_for(
        &format!("SELECT wait_event FROM pg_stat_activity WHERE pid = {pid}"),
        "advisory",
    );
    m.session
        .error("SET lock_timeout = '10ms'; SELECT termstream.drop_lexicon('fruit')")
        .is("55P03", "canceling statement due to lock timeout");
    m.superuser.run("SELECT pg_advisory_unlock(1)");
    learning.join().unwrap();
    m.session
        .run("RESET lock_timeout; SELECT termstream.drop_lexicon('fruit')");
    anna.run("SELECT termstream.create_lexicon('fruit', 'fruit')");
    assert_eq!(
        anna.one("SELECT termstream.has_match('fruit', 'a mangostean')"),
        "t"
    );
    assert_eq!(
        m.session
            .one("SELECT termstream.has_match('fruit', 'a mangostean')"),
        "t"
    );
}
