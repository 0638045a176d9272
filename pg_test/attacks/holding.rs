//! Attempts to hold a session, to end the server, or to take apart what is read of a user's text.

use crate::mallory::Mallory;

#[test]
fn a_list_of_columns_without_an_end_is_refused_at_once() {
    let mut m = Mallory::new("columns");
    let make = |columns: u32| {
        format!(
            "SELECT termstream.create_stream('wide', (SELECT string_agg('column_' || n || ' int', ',')
                 FROM generate_series(1, {columns}) n), 'SELECT FROM batch')"
        )
    };
    m.session
        .error(&make(20_000))
        .is("54011", "the column list has 20000 columns")
        .hints("at most 1600");
    m.session.run(&make(1600));
    m.has_gained_nothing();
}

#[test]
fn a_stream_that_feeds_itself_ends_with_an_error() {
    let mut m = Mallory::new("itself");
    m.session.run(
        "CREATE TABLE t (a text);
         SELECT termstream.create_stream('s', 'a text', 'INSERT INTO t SELECT * FROM batch');
         SELECT termstream.create_stream('once', 'a text', 'INSERT INTO t SELECT * FROM batch');
         SELECT termstream.alter_stream('s', statement => 'INSERT INTO s SELECT * FROM batch');
         CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN INSERT INTO mallory.once VALUES (NEW.a); RETURN NEW; END';
         CREATE TRIGGER again BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.a = 'again') EXECUTE FUNCTION again()",
    );
    for rows in [
        "INSERT INTO s VALUES ('x')",
        "INSERT INTO once VALUES ('again')",
    ] {
        m.session
            .error(rows)
            .is("54001", "stack depth limit exceeded");
        m.session.run("INSERT INTO once VALUES ('x')");
    }
    assert_eq!(m.session.one("SELECT count(*) FROM t"), "2");
    // Nothing of the loads that were cut off is left.
    assert_eq!(
        m.session
            .one("SELECT count(*), sum(read) FROM termstream.loads"),
        "2|2"
    );
}

#[test]
fn a_text_does_not_break_out_of_its_place() {
    let mut m = Mallory::new("out_of_place");
    m.session.run("CREATE TABLE t (a int)");
    let make = |columns: &str, statement: &str, check: &str| {
        format!(
            "SELECT termstream.create_stream('s', $a${columns}$a$, $a${statement}$a$, check_rows => $a${check}$a$)"
        )
    };
    let insert = "INSERT INTO t SELECT a FROM batch";
    for (columns, statement, check, code) in [
        ("a int); DROP TABLE t; --", insert, "true", "42601"),
        ("a int) INHERITS (t", insert, "true", "42601"),
        ("a int DEFAULT 1) --", insert, "true", "42601"),
        ("a int", insert, "true), (SELECT 1", "42601"),
        ("a int", insert, "true) FROM t; DROP TABLE t; --", "42601"),
        ("a int", insert, "true UNION SELECT true", "42601"),
        ("a int", "SET ROLE postgres", "true", "0A000"),
        ("a int", "COPY t TO PROGRAM 'id'", "true", "0A000"),
        ("a int", "DO $$BEGIN END$$", "true", "0A000"),
        ("a int", "EXPLAIN ANALYZE DELETE FROM t", "true", "0A000"),
        ("a int", "DELETE FROM t; COMMIT", "true", "0A000"),
        ("a int", "DELETE FROM t; CREATE ROLE other", "true", "0A000"),
    ] {
        let failure = m.session.error(&make(columns, statement, check));
        assert_eq!(
            failure.code, code,
            "{columns}; {statement}; {check}: {failure:?}"
        );
    }
    // What only looks like it is fine, and so are names that are.
    m.session.run(
        r#"SELECT termstream.create_stream('"a""b; DROP TABLE t; --"', '"c""d" int -- comment',
               'INSERT INTO t SELECT "c""d" FROM batch -- comment', check_rows => '"c""d" > 0 -- comment');
           INSERT INTO "a""b; DROP TABLE t; --" VALUES ('1'), ('0')"#,
    );
    let retry = r#"SELECT read, rejected FROM termstream.retry_rejects('"a""b; DROP TABLE t; --"', 'true -- comment')"#;
    assert_eq!(m.session.one(retry), "1|1");
    m.session
        .error(r#"SELECT termstream.retry_rejects('"a""b; DROP TABLE t; --"', 'true) OR (true')"#)
        .is("42601", "syntax error at or near \")\"");
    assert_eq!(m.session.one("SELECT count(*) FROM t"), "1");
    m.has_gained_nothing();
}

#[test]
fn a_lexicon_that_is_needed_to_compile_itself_is_refused_soon() {
    let mut m = Mallory::new("needs_itself");
    m.session.run(
        "CREATE TABLE t (term_id bigint PRIMARY KEY, term text); CREATE TABLE child () INHERITS (t);
         SELECT termstream.create_lexicon('mal', 'mallory.t');
         CREATE FUNCTION again(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
         BEGIN
             IF current_setting('attack.go', true) = 'on' THEN
                 PERFORM termstream.has_match('mal', 'pepsi');
             END IF;
             RETURN n;
         END $$;
         CREATE INDEX ON t ((again(1)));
         -- With tables that inherit from it, the terms must be read again.
         INSERT INTO t VALUES (1, 'Pepsi')",
    );
    // A session that has not planned with the index yet.
    let mut session = m.database.session_of(&m.role);
    session.run("SET attack.go = on");
    let question = "SELECT termstream.has_match('mal', 'pepsi')";
    for _ in 0..2 {
        session.error(question).is(
            "54001",
            "compiling lexicon \"mal\" is nested too deeply in compiling others",
        );
    }
    session.run("SET attack.go = off");
    assert_eq!(session.one(question), "t");
}

#[test]
fn streams_that_come_and_go_leave_nothing_that_grows() {
    let mut m = Mallory::new("come_and_go");
    let keep = format!(
        "ALTER DATABASE {} SET termstream.loads_keep = 3",
        m.database.name
    );
    m.superuser.run(&keep);
    let mut session = m.database.session_of(&m.role);
    session.run("SET search_path = mallory; CREATE TABLE t (a int)");
    for round in 0..8 {
        session.run(
            "SELECT termstream.create_stream('s', 'a int', 'INSERT INTO t SELECT a FROM batch')",
        );
        session.run("SELECT termstream.move_position('s', 'x', 'y', NULL, 1)");
        for row in 0..3 {
            session.run(&format!("INSERT INTO s VALUES ('{row}')"));
        }
        session.run(match round % 2 {
            0 => "SELECT termstream.drop_stream('s', false)",
            _ => "DROP VIEW s; DROP TABLE s_rejects",
        });
    }
    session
        .run("SELECT termstream.create_stream('s', 'a int', 'INSERT INTO t SELECT a FROM batch')");
    let left = "SELECT (SELECT count(*) FROM termstream.load), (SELECT count(*) FROM termstream.load_past),
                       (SELECT count(*) FROM termstream.feed_position)";
    assert_eq!(m.superuser.one(left), "3|0|0");
    assert_eq!(
        session.one("SELECT count(DISTINCT stream) FROM termstream.loads"),
        "1"
    );
}
