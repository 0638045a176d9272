//! What a nasty user tries: odd names, a view that is not as it was made, statements that are cut off in
//! the middle. Nothing is lost without a word, and the server lives.

use crate::database::{Database, Session};
use crate::fixtures::{TERMS, loads, with_stream};

const ALTERED: &str = "the stream's view or its triggers are not as they were made";

fn with_inbox(name: &str) -> (Database, Session) {
    let database = Database::new(name);
    let mut session = database.session();
    session.run(
        "CREATE TABLE t (a int PRIMARY KEY, b text);
         SELECT termstream.create_stream('s', 'a int, b text', 'INSERT INTO t SELECT * FROM batch', batch_rows => 2)",
    );
    (database, session)
}

#[test]
fn names_that_sql_must_quote_are_names_like_any_other() {
    let database = Database::new("odd_names");
    let mut session = database.session();
    session.run(
        r#"CREATE TABLE o ("Group" int, "a b" text, "ünï" text, "batch" int, "select" text, "q""t" text, number int, c0 text, b text);
         CREATE SCHEMA "Odd Schema";
         SELECT termstream.create_stream('"Odd Schema"."My.Stream"', $$"Group" int, "a b" text DEFAULT 'x, y', "ünï" text, "batch" int,
             "select" text, "q""t" text, number int, c0 text, b text$$, 'INSERT INTO public.o SELECT * FROM batch',
             check_rows => '{"n": "number > 0", "c": "c0 IS NOT NULL", "we\"ird": "\"a b\" <> b"}')"#,
    );
    session.copy(
        r#"COPY "Odd Schema"."My.Stream" FROM STDIN (FORMAT csv)"#,
        "1,a,u,2,s,q,3,c,b\n1,b,u,2,s,q,0,,b\n",
    );
    session.run(r#"INSERT INTO "Odd Schema"."My.Stream" ("Group", "select", number, c0) VALUES (1, 's', 5, 'c')"#);
    let rejects = r#""Odd Schema"."My.Stream_rejects""#;
    assert_eq!(
        session.one(&format!(
            "SELECT array_to_string(checks, ';'), line FROM {rejects}"
        )),
        "n;c;we\"ird|1,b,u,2,s,q,0,,b"
    );
    session.run(&format!("UPDATE {rejects} SET line = '1,c,u,2,s,q,3,c,b'"));
    session.run(r#"SELECT termstream.retry_rejects('"Odd Schema"."My.Stream"')"#);
    assert_eq!(
        session.lines(r#"SELECT "a b" FROM o ORDER BY 1"#),
        ["a", "c", "x, y"]
    );
    session.run(TERMS);
    session.run(
        r#"SELECT termstream.create_lexicon('Odd "lex''icon', 'terms');
         SELECT termstream.create_match_stream('"M x"', '"Key ""1, so " bigint, id int, "batch" text, "ünï" text', 'Odd "lex''icon',
             'id, "Key ""1, so "', '{batch,ünï}', '"P x"');
         INSERT INTO "M x" VALUES (1, 2, 'pepsi', 'coca cola')"#,
    );
    assert_eq!(
        session.lines(r#"SELECT id, "Key ""1, so ", term_id FROM "P x" ORDER BY 3"#),
        ["2|1|1", "2|1|2"]
    );
}

#[test]
fn a_name_that_leaves_no_room_for_that_of_the_rejects_is_refused() {
    let database = Database::new("long_names");
    let mut session = database.session();
    for (name, bytes) in [
        ("s".repeat(56), 56),
        ("s".repeat(63), 63),
        ("é".repeat(28), 56),
    ] {
        session
            .error(&format!(
                "SELECT termstream.create_stream('{name}', 'a int', 'SELECT FROM batch')"
            ))
            .is("42622", &format!("stream name \"{name}\" is too long"))
            .details(&format!("It has {bytes} bytes"))
            .hints("at most 55 bytes");
    }
    let name = "s".repeat(55);
    session.run(&format!(
        "SELECT termstream.create_stream('{name}', 'a int', 'SELECT FROM batch'); INSERT INTO {name} VALUES ('x')"
    ));
    assert_eq!(
        session.one(&format!("SELECT count(*) FROM {name}_rejects")),
        "1"
    );
}

#[test]
fn a_view_with_a_column_more_takes_no_rows() {
    let (_database, mut session) = with_inbox("a_column_more");
    for column in ["1::int", "NULL::text", "'{}'::text[]"] {
        session.run(&format!(
            "CREATE OR REPLACE VIEW s AS SELECT NULL::termstream.field AS a, NULL::text AS b, {column} AS d WHERE false"
        ));
        session
            .error("INSERT INTO s VALUES ('1', 'x', NULL)")
            .is("55000", ALTERED);
        session
            .error("INSERT INTO s (a, b) VALUES ('1', 'x')")
            .is("55000", ALTERED);
        session.run("SELECT termstream.drop_stream('s'); SELECT termstream.create_stream('s', 'a int, b text', 'INSERT INTO t SELECT * FROM batch')");
    }
    // The load is still open when the view changes.
    session.run("DROP TRIGGER termstream_end ON s; BEGIN; INSERT INTO s VALUES ('1', 'x'); DROP TRIGGER termstream_begin ON s;
         CREATE OR REPLACE VIEW s AS SELECT NULL::termstream.field AS a, NULL::text AS b, 1::int AS d WHERE false");
    session
        .error("INSERT INTO s VALUES ('2', 'x', 77)")
        .is("55000", ALTERED);
    session.run("ROLLBACK");
}

#[test]
fn without_the_trigger_that_closes_a_load_nothing_is_committed() {
    let (_database, mut session) = with_inbox("no_end");
    session.run("DROP TRIGGER termstream_end ON s");
    session
        .error("INSERT INTO s VALUES (1, 'x')")
        .is("55000", ALTERED)
        .hints("drop_stream");
    session.run("BEGIN; SAVEPOINT one; INSERT INTO s VALUES (1, 'x'); ROLLBACK TO one; COMMIT");
    session.run("BEGIN; INSERT INTO s VALUES (1, 'x')");
    assert_eq!(session.error("COMMIT").code, "55000");
    session.run("ROLLBACK");
    session.run("CREATE TRIGGER termstream_end AFTER INSERT ON s FOR EACH STATEMENT EXECUTE FUNCTION termstream.take_rows()");
    session.run("INSERT INTO s VALUES (2, 'x')");
    assert_eq!(session.lines("SELECT * FROM t"), ["2|x"]);
}

#[test]
fn what_is_rolled_back_to_a_savepoint_is_gone_and_the_rest_is_there() {
    let (_database, mut session) = with_inbox("savepoints");
    session.run("BEGIN; SAVEPOINT x");
    session.copy("COPY s FROM STDIN (FORMAT csv)", "1,a\n2,b\nx,c\n");
    session.run("ROLLBACK TO x");
    session.copy_error("COPY s FROM STDIN (FORMAT csv)", "1,a\n3,b\n5,c\n\"4\n");
    session.run("ROLLBACK TO x; INSERT INTO s VALUES (7, 'x'), ('y', 'z'); COMMIT");
    assert_eq!(session.lines("SELECT * FROM t"), ["7|x"]);
    assert_eq!(session.lines("SELECT line FROM s_rejects"), ["y,z"]);
    assert_eq!(loads(&mut session), ["2|1|1|1|done"]);
}

#[test]
fn a_stream_that_feeds_itself_without_end_is_stopped_and_leaves_nothing() {
    let (_database, mut session) = with_inbox("endless");
    session.run(
        "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN IF new.a <> 45 THEN INSERT INTO s VALUES (new.a + 1, ''n''); END IF; RETURN new; END';
         CREATE TRIGGER again AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION again()",
    );
    session.run("INSERT INTO s VALUES (40, 'x')");
    assert_eq!(session.one("SELECT count(*) FROM t"), "6");
    assert_eq!(
        session.error("INSERT INTO s VALUES (50, 'x')").code,
        "54001"
    );
    session.run("DROP TRIGGER again ON t; INSERT INTO s VALUES (50, 'x')");
    assert_eq!(session.one("SELECT count(*) FROM t"), "7");
}

#[test]
fn rows_of_hidden_pairs_are_written_as_the_owner_may_write_them() {
    let (database, mut session) = with_stream("hidden_pairs");
    let (owner, feeder) = (database.role("owner"), database.role("feeder"));
    session.run(&format!(
        "ALTER TABLE menu_terms ENABLE ROW LEVEL SECURITY; ALTER TABLE menu_terms FORCE ROW LEVEL SECURITY;
         CREATE POLICY low ON menu_terms USING (menu_id < 10);
         ALTER VIEW menu OWNER TO {owner}; ALTER TABLE menu_terms OWNER TO {owner}; ALTER TABLE menu_rejects OWNER TO {owner};
         GRANT INSERT ON menu TO {feeder}; GRANT SELECT ON terms TO {owner}"
    ));
    let mut other = database.session_of(&feeder);
    other.run("INSERT INTO menu VALUES (1, 'pepsi', 1)");
    assert_eq!(
        other
            .error("INSERT INTO menu VALUES (2, 'pepsi', 1), (11, 'pepsi', 1)")
            .code,
        "42501",
        "the policy holds for the owner, too, and its error is none of a row's"
    );
    assert_eq!(session.lines("SELECT menu_id FROM menu_terms"), ["1"]);
    assert_eq!(loads(&mut session), ["1|1|0|1|done"]);
}

#[test]
fn a_stream_of_a_type_that_is_gone_takes_no_rows_and_can_be_dropped() {
    let database = Database::new("gone_type");
    let mut session = database.session();
    session.run(
        "CREATE TYPE mood AS ENUM ('ok'); SELECT termstream.create_stream('s', 'm mood', 'SELECT FROM batch');
         DROP TYPE mood",
    );
    session
        .error("INSERT INTO s VALUES ('ok')")
        .is("42704", "type \"public.mood\" does not exist");
    session.run("SELECT termstream.drop_stream('s', keep_rejects => false)");
    assert_eq!(
        session.one("SELECT to_regclass('s'), to_regclass('s_rejects')"),
        "|"
    );
}

#[test]
fn a_reject_whose_line_format_is_none_keeps_no_other_from_being_taken() {
    let (_database, mut session) = with_inbox("line_formats");
    session
        .error(
            "SELECT termstream.note_rejects('s', 'src', '{1}', '{x}', '{22P02}', '{m}', line_format => '{\"format\": \"xml\"}')",
        )
        .hints("jsonl");
    session.run(
        "INSERT INTO s VALUES ('x', 'a'), ('y', 'b'), ('z', 'c');
         UPDATE s_rejects SET line = replace(line, 'x', '1'), line_format = '{\"format\": \"xml\"}' WHERE line = 'x,a';
         UPDATE s_rejects SET line = '2', line_format = '{\"columns\": [\"gone\"]}' WHERE line = 'y,b';
         UPDATE s_rejects SET line = '3,c' WHERE line = 'z,c'",
    );
    assert_eq!(
        session.one("SELECT read, taken, rejected FROM termstream.retry_rejects('s')"),
        "3|1|2"
    );
    assert_eq!(session.lines("SELECT * FROM t"), ["3|c"]);
    assert_eq!(
        session.lines("SELECT line, stage, errorcode FROM s_rejects ORDER BY 1"),
        ["1,a|parse|22023", "2|parse|22023"]
    );
}

#[test]
fn where_its_triggers_do_not_fire_a_stream_refuses_rows_and_loses_none() {
    let database = crate::database::Database::new("replica");
    let mut session = database.session();
    session.run(
        "CREATE TABLE t (a int, b text);
         SELECT termstream.create_stream('s', 'a int, b text', 'INSERT INTO t SELECT * FROM batch');
         SELECT termstream.create_stream('d', $$a int DEFAULT 1, b text$$, 'INSERT INTO t SELECT * FROM batch')",
    );
    // In a session that has not met the extension yet, too.
    let mut replica = database.session();
    replica.run("SET session_replication_role = replica");
    let refused = "a stream takes no rows while session_replication_role is \"replica\"";
    for stream in ["s", "d"] {
        for (columns, row) in [("", "1,x\n"), ("(a)", "1\n"), ("(b)", "x\n")] {
            replica
                .copy_error(
                    &format!("COPY {stream} {columns} FROM STDIN (FORMAT csv)"),
                    row,
                )
                .is("55000", refused)
                .hints("origin");
        }
        for rows in [
            "VALUES ('1', 'x')",
            "(b) VALUES ('x')",
            "(a) VALUES (NULL)",
            "DEFAULT VALUES",
            "SELECT '1', 'x'",
        ] {
            replica
                .error(&format!("INSERT INTO {stream} {rows}"))
                .is("55000", refused);
        }
    }
    replica.run("RESET session_replication_role");
    replica.copy("COPY s (b) FROM STDIN", "x\n");
    replica.run("INSERT INTO d (b) VALUES ('y')");
    assert_eq!(session.lines("TABLE t ORDER BY b"), ["|x", "1|y"]);
}
