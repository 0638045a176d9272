//! The default of a column: for whoever leaves the column out, at every door; an explicit NULL stays NULL.

use crate::database::{Database, Session};

/// A stream with defaults that differ from row to row, that are written as their type writes them, and
/// that are NULL.
fn with_defaults(name: &str) -> (Database, Session) {
    let database = Database::new(name);
    let mut session = database.session();
    session.run(
        "CREATE TABLE t (a bigint, b text, c numeric, d date); CREATE SEQUENCE q;
         SELECT termstream.create_stream('s', $$a bigint DEFAULT nextval('q') NOT NULL, b text DEFAULT 'it''s, (so',
                 c numeric DEFAULT 1234.5, d date DEFAULT date '2024-02-29'$$,
             'INSERT INTO t SELECT * FROM batch', formats => '{\"c\": \"1.234,56\", \"d\": \"DD/MM/YYYY\"}')",
    );
    (database, session)
}

fn rows(session: &mut Session) -> Vec<String> {
    let rows = session.lines("SELECT * FROM t ORDER BY b, a");
    session.run("TRUNCATE t; ALTER SEQUENCE q RESTART");
    rows
}

#[test]
fn insert_and_copy_take_a_default_as_it_is_written_and_not_in_the_format_of_the_values() {
    let (_database, mut session) = with_defaults("defaults_of_copy");
    session.run("INSERT INTO s (b) VALUES ('x'), ('y')");
    session.run("INSERT INTO s VALUES (DEFAULT, 'z', DEFAULT, NULL)");
    session.copy("COPY s (b, c) FROM STDIN (FORMAT csv)", "z,\"1,5\"\n");
    assert_eq!(
        rows(&mut session),
        [
            "1|x|1234.5|2024-02-29",
            "2|y|1234.5|2024-02-29",
            "3|z|1234.5|",
            "4|z|1.5|2024-02-29"
        ]
    );
    assert_eq!(
        session.one("INSERT INTO s (c) VALUES ('1') RETURNING b"),
        "it's, (so"
    );
    session.run("TRUNCATE t; ALTER SEQUENCE q RESTART");
    session.run("SELECT termstream.alter_stream('s', formats => '{\"d\": \"DD/MM/YYYY\"}')");
    session.run("INSERT INTO s (b) VALUES ('x')");
    session.run("INSERT INTO s (b, c) VALUES ('y', '1.5')");
    assert_eq!(
        rows(&mut session),
        ["1|x|1234.5|2024-02-29", "2|y|1.5|2024-02-29"]
    );
}

#[test]
fn a_file_of_some_columns_leaves_the_others_to_their_defaults() {
    let (database, mut session) = with_defaults("defaults_of_columns");
    let path = database.file("s.csv", "b,c\nx,\"2,5\"\ny,\n,\"1\"\nz,bad\n");
    session.run(&format!(
        "CALL termstream.load_file('s', '{path}', columns => '{{b,c}}')"
    ));
    let expected = ["1|x|2.5|2024-02-29", "2|y||2024-02-29", "3||1|2024-02-29"];
    assert_eq!(rows(&mut session), expected);
    assert_eq!(
        session.lines("SELECT line, colname, raw_field_value, line_format FROM s_rejects"),
        [r#"z,bad|c|bad|{"format": "csv", "columns": ["b", "c"]}"#]
    );
    session.run("UPDATE s_rejects SET line = 'z,\"7,5\"'");
    session.run("SELECT termstream.retry_rejects('s')");
    let parallel = format!(
        "CALL termstream.load_file('s', '{path}', columns => '{{b,c}}', parallel => 2, resume => false)"
    );
    assert_eq!(rows(&mut session), ["1|z|7.5|2024-02-29"]);
    session.run(&parallel);
    assert_eq!(rows(&mut session), expected);
}

#[test]
fn a_key_that_an_object_lacks_leaves_the_column_to_its_default() {
    let (database, mut session) = with_defaults("defaults_of_keys");
    let path = database.file(
        "s.jsonl",
        "{\"b\":\"x\"}\n{\"b\":null,\"c\":\"2,5\",\"d\":null}\n{\"a\":null,\"b\":\"y\"}\n{\"a\":9,\"b\":\"z\",\"c\":\"bad\"}\n",
    );
    session.run(&format!(
        "CALL termstream.load_file('s', '{path}', format => 'jsonl')"
    ));
    assert_eq!(rows(&mut session), ["1|x|1234.5|2024-02-29", "2||2.5|"]);
    assert_eq!(
        session.lines("SELECT lineno, stage, colname, errorcode, raw_field_value FROM s_rejects"),
        ["3|check|a|23502|", "4|convert|c|22P02|bad"]
    );
    session.run("UPDATE s_rejects SET line = '{\"b\":\"y\"}'");
    assert_eq!(
        session.one("SELECT taken, rejected FROM termstream.retry_rejects('s')"),
        "2|0"
    );
    assert_eq!(
        rows(&mut session),
        ["1|y|1234.5|2024-02-29", "2|y|1234.5|2024-02-29"]
    );
}

#[test]
fn a_rejected_row_that_has_left_a_column_out_is_retried_so() {
    let (_database, mut session) = with_defaults("defaults_of_retries");
    session.run("INSERT INTO s (b, d) VALUES ('x', 'bad')");
    session.run("UPDATE s_rejects SET line = replace(line, 'bad', '01/02/2024')");
    session.run("SELECT termstream.retry_rejects('s')");
    // The first number was drawn for the row that failed.
    assert_eq!(rows(&mut session), ["2|x|1234.5|2024-02-01"]);
}

#[test]
fn a_default_that_fails_or_is_null_rejects_the_row_that_needs_it() {
    let database = Database::new("defaults_that_fail");
    let mut session = database.session();
    session.run(
        "CREATE TABLE t (a int, b int, c int); CREATE DOMAIN small AS int CHECK (value < 10);
         CREATE TABLE bound (n int); INSERT INTO bound VALUES (0);
         CREATE FUNCTION bounded() RETURNS int LANGUAGE sql AS 'SELECT 18 / n FROM bound';
         SELECT termstream.create_stream('s', 'a int, b small DEFAULT bounded(), c int NOT NULL DEFAULT NULL',
             'INSERT INTO t SELECT a, b, c FROM batch')",
    );
    let path = database.file(
        "s.jsonl",
        "{\"a\":1,\"c\":1}\n{\"a\":2,\"b\":5,\"c\":1}\n{\"a\":3,\"b\":5}\n",
    );
    let call =
        format!("CALL termstream.load_file('s', '{path}', format => 'jsonl', resume => false)");
    let rejects = "SELECT lineno, stage, colname, errorcode FROM s_rejects ORDER BY lineno";
    session.run(&call);
    assert_eq!(
        session.lines(rejects),
        ["1|convert|b|22012", "3|check|c|23502"]
    );
    session.run("UPDATE bound SET n = 1; TRUNCATE s_rejects");
    session.run(&call);
    assert_eq!(
        session.lines(rejects),
        ["1|convert|b|23514", "3|check|c|23502"]
    );
    session.run("UPDATE bound SET n = 3; TRUNCATE s_rejects, t");
    session.run(&call);
    assert_eq!(
        session.lines("SELECT * FROM t ORDER BY a"),
        ["1|6|1", "2|5|1"]
    );
    session.run("DROP FUNCTION bounded CASCADE");
    session
        .error(&call)
        .is("42883", "function bounded() does not exist");
}

#[test]
fn a_default_is_computed_as_the_stream_s_owner_on_the_path_it_was_made_with() {
    let database = Database::new("defaults_of_owners");
    let mut superuser = database.session();
    let (owner, feeder) = (database.role("owner"), database.role("feeder"));
    superuser.run(&format!("CREATE SCHEMA work AUTHORIZATION {owner}"));
    let mut session = database.session_of(&owner);
    session.run(&format!(
        "SET search_path = work; CREATE TABLE t (a int, who text); CREATE SEQUENCE q;
         CREATE FUNCTION who() RETURNS text LANGUAGE sql AS 'SELECT current_user || nextval(''work.q'')';
         SELECT termstream.create_stream('s', 'a int, who text DEFAULT who()', 'INSERT INTO t SELECT * FROM batch');
         GRANT USAGE ON SCHEMA work TO {feeder}; GRANT INSERT ON s TO {feeder}"
    ));
    superuser.run(&format!("GRANT pg_read_server_files TO {feeder}"));
    let path = database.file("s.jsonl", "{\"a\":1}\n");
    let mut other = database.session_of(&feeder);
    other.run("CREATE FUNCTION pg_temp.who() RETURNS text LANGUAGE sql AS 'SELECT ''trap'''");
    other.run(&format!(
        "CALL termstream.load_file('work.s', '{path}', format => 'jsonl')"
    ));
    assert_eq!(session.lines("SELECT * FROM t"), [format!("1|{owner}1")]);
}

#[test]
fn no_character_of_a_text_stands_for_a_default() {
    let database = Database::new("defaults_of_texts");
    let mut session = database.session();
    session.run(
        "CREATE TABLE t (n int, a text);
         SELECT termstream.create_stream('s', $$n int, a text DEFAULT upper('default')$$, 'INSERT INTO t SELECT * FROM batch')",
    );
    // Characters that Unicode keeps for a program's own use, and others that look like marks.
    let texts = [
        "\u{fdd0}", "\u{feff}", "\u{1a}", "DEFAULT", "default-", "{}",
    ];
    for text in texts {
        let csv = database.file("s.csv", format!("n,a\n3,\"{text}\"\nx,\"{text}\"\n"));
        let text_in_json = text.replace('\u{1a}', "\\u001a");
        let json = database.file("s.jsonl", format!("{{\"a\":\"{text_in_json}\",\"n\":4}}\n"));
        session.copy("COPY s FROM STDIN (FORMAT csv)", format!("1,\"{text}\"\n"));
        session.run(&format!("INSERT INTO s VALUES (2, '{text}')"));
        session.run(&format!(
            "CALL termstream.load_file('s', '{csv}', resume => false)"
        ));
        session.run(&format!(
            "CALL termstream.load_file('s', '{json}', format => 'jsonl', resume => false)"
        ));
        session.run("UPDATE s_rejects SET line = '5' || substr(line, 2)");
        session.run("SELECT termstream.retry_rejects('s')");
        let expected: Vec<String> = (1..=5).map(|n| format!("{n}|{text}")).collect();
        assert_eq!(session.lines("SELECT * FROM t ORDER BY n"), expected);
        session.run("TRUNCATE t");
    }
}

#[test]
fn a_reject_is_kept_as_a_line_of_the_columns_that_it_has() {
    let (_database, mut session) = with_defaults("defaults_of_rejects");
    session.run("ALTER TABLE t ADD CHECK (a <> 2)");
    session.run("INSERT INTO s (d, b) VALUES ('bad', NULL)");
    session.run("INSERT INTO s (b) VALUES ('y')");
    session.copy("COPY s (a, b, d) FROM STDIN (FORMAT csv)", "7,x,bad\n");
    assert_eq!(
        session
            .lines("SELECT line, raw_field_value, line_format FROM s_rejects ORDER BY reject_id"),
        [
            r#",bad|bad|{"format": "csv", "columns": ["b", "d"]}"#,
            r#"y||{"format": "csv", "columns": ["b"]}"#,
            r#"7,x,bad|bad|{"format": "csv", "columns": ["a", "b", "d"]}"#,
        ]
    );
    session.run("UPDATE s_rejects SET line = replace(line, 'bad', '01/02/2024')");
    session.run("SELECT termstream.retry_rejects('s')");
    assert_eq!(
        rows(&mut session),
        [
            "7|x|1234.5|2024-02-01",
            "4|y|1234.5|2024-02-29",
            "3||1234.5|2024-02-01"
        ]
    );
    assert_eq!(session.lines("SELECT * FROM s_rejects"), [""; 0]);
}

#[test]
fn a_row_without_any_value_is_kept_as_an_object_without_keys() {
    let database = Database::new("defaults_of_all");
    let mut session = database.session();
    session.run(
        "CREATE TABLE t (n int CHECK (n > 1)); CREATE SEQUENCE q;
         SELECT termstream.create_stream('s', $$n int DEFAULT nextval('q')$$, 'INSERT INTO t SELECT * FROM batch')",
    );
    session.run("INSERT INTO s DEFAULT VALUES");
    assert_eq!(
        session.lines("SELECT line, line_format FROM s_rejects"),
        [r#"{}|{"format": "jsonl"}"#]
    );
    session.run("SELECT termstream.retry_rejects('s')");
    assert_eq!(session.lines("SELECT n FROM t"), ["2"]);
}

#[test]
fn what_is_left_out_can_be_said_row_by_row_and_each_session_says_it_by_a_text_of_its_own() {
    let (database, mut session) = with_defaults("defaults_by_row");
    session.run(
        "INSERT INTO s (b, c) SELECT b, coalesce(c, termstream.left_out()) FROM (VALUES ('x', NULL), ('y', '1,5')) v (b, c)",
    );
    let expected = ["1|x|1234.5|2024-02-29", "2|y|1.5|2024-02-29"];
    assert_eq!(rows(&mut session), expected);

    let mut other = database.session();
    let mark = "SELECT termstream.left_out()";
    let (one, another) = (session.one(mark), other.one(mark));
    assert_eq!(session.one(mark), one);
    assert_ne!(one, another, "nobody knows the text of another session");
    other.copy(
        "COPY s (b, c) FROM STDIN (FORMAT csv)",
        format!("x,{one}\n"),
    );
    assert_eq!(
        session.lines("SELECT colname, raw_field_value FROM s_rejects"),
        [format!("c|{one}")]
    );
    session.run("ALTER SEQUENCE q RESTART");

    other.run("BEGIN; SET LOCAL termstream.left_out = '-'");
    other.copy("COPY s FROM STDIN (FORMAT csv)", "-,x,-,-\n-,y,\"1,5\",-\n");
    other.run("INSERT INTO s (b) VALUES ('z')");
    other.run("COMMIT");
    assert_eq!(
        rows(&mut session),
        [
            "1|x|1234.5|2024-02-29",
            "2|y|1.5|2024-02-29",
            "3|z|1234.5|2024-02-29"
        ]
    );
}
