//! Rejects that are taken again: those that pass leave the table, those that fail stay, once.

use crate::database::Session;
use crate::fixtures::{loads, pairs, with_stream};

fn rejects(session: &mut Session) -> Vec<String> {
    session.lines(
        "SELECT reject_id, stage, lineno, line, errorcode, colname FROM menu_rejects ORDER BY reject_id",
    )
}

const RETRY: &str = "SELECT read, taken, rejected FROM termstream.retry_rejects('menu')";

#[test]
fn mended_rejects_go_into_the_stream_and_the_others_stay_once() {
    let (_database, mut session) = with_stream("retry");
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1x,pepsi,1\n2,\"a \"\"coca cola\"\", cold\",free\n3x,nestle,1\n4,pepsi,1\n",
    );
    assert_eq!(session.one(RETRY), "3|0|3", "nothing was mended");
    assert_eq!(
        rejects(&mut session),
        [
            "1|convert|1|1x,pepsi,1|22P02|menu_id",
            "2|convert|2|2,\"a \"\"coca cola\"\", cold\",free|22P02|price",
            "3|convert|3|3x,nestle,1|22P02|menu_id"
        ]
    );
    session.run(
        "UPDATE menu_rejects SET line = '1,pepsi,1' WHERE lineno = 1;
         UPDATE menu_rejects SET line = replace(line, 'free', '1e9') WHERE lineno = 2",
    );
    assert_eq!(session.one(RETRY), "3|1|2");
    assert_eq!(
        rejects(&mut session),
        [
            "2|convert|2|2,\"a \"\"coca cola\"\", cold\",1e9|22003|price",
            "3|convert|3|3x,nestle,1|22P02|menu_id"
        ]
    );
    session.run(
        "UPDATE menu_rejects SET line = '2,coca cola,0' || chr(10) || '7,pepsi,0' WHERE lineno = 2",
    );
    assert_eq!(session.one(RETRY), "2|0|2", "two rows are not one");
    assert_eq!(rejects(&mut session)[0].split('|').nth(1), Some("parse"));
    session.run("UPDATE menu_rejects SET line = '2,coca cola,0' WHERE lineno = 2");
    session.run("BEGIN");
    assert_eq!(session.one(RETRY), "2|1|1");
    session.run("ROLLBACK");
    assert_eq!(rejects(&mut session).len(), 2, "a rollback takes it back");
    assert_eq!(session.one(RETRY), "2|1|1");
    assert_eq!(pairs(&mut session), ["1|2", "2|1", "4|2"]);
    assert_eq!(
        loads(&mut session).last().map(String::as_str),
        Some("2|1|1|1|done")
    );
}

#[test]
fn a_condition_or_a_load_says_which() {
    let (database, mut session) = with_stream("retry_some");
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi,a\n2,pepsi,b\n",
    );
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "3,pepsi,c\n4,pepsi,d\n",
    );
    session.run("UPDATE menu_rejects SET line = replace(line, raw_field_value, '1')");
    let first = session.one("SELECT min(load_id) FROM menu_rejects");
    assert_eq!(
        session.one(&format!(
            "SELECT taken FROM termstream.retry_rejects('menu', 'lineno = 2', load_id => {first})"
        )),
        "1"
    );
    assert_eq!(
        session.one("SELECT taken FROM termstream.retry_rejects('menu', $$raw_field_value ~ '[cd]' -- all of them$$)"),
        "2"
    );
    assert_eq!(pairs(&mut session), ["2|2", "3|2", "4|2"]);
    for (condition, code) in [
        ("lineno =", "42601"),
        ("true) OR (true", "42601"),
        ("true; DROP TABLE menu_terms", "42601"),
        ("lineno = 1, true", "42601"),
        ("missing = 1", "42703"),
        ("lineno", "42804"),
    ] {
        let retry = format!("SELECT termstream.retry_rejects('menu', $c${condition}$c$)");
        assert_eq!(session.error(&retry).code, code, "{condition}");
    }
    // The condition has the caller's rights, and no others.
    session.run("CREATE TABLE secret (a int)");
    let role = database.role("mender");
    session.run(&format!("GRANT INSERT ON menu TO {role}"));
    let mut mender = database.session_of(&role);
    mender
        .error(RETRY)
        .is("42501", "permission denied for table public.menu_rejects")
        .hints("SELECT, UPDATE and DELETE");
    session.run(&format!(
        "GRANT SELECT, UPDATE, DELETE ON menu_rejects TO {role}"
    ));
    mender
        .error("SELECT termstream.retry_rejects('menu', 'EXISTS (SELECT FROM secret)')")
        .is("42501", "permission denied for table secret");
    assert_eq!(mender.one(RETRY), "1|1|0");
    session.run(&format!("REVOKE INSERT ON menu FROM {role}"));
    mender
        .error(RETRY)
        .is("42501", "permission denied for stream menu");
}

#[test]
fn lines_are_read_as_they_were_written() {
    let (database, mut session) = with_stream("retry_formats");
    let path = database.file(
        "menu.csv",
        "'1x'|1|pepsi\n'2'|2|it''s nestle|too many\n'3'|1|\\N\n",
    );
    session.run(&format!(
        "CALL termstream.load_file('menu', '{path}', header => false, delimiter => '|', quote => '''', null_string => '\\N',
             columns => '{{menu_id,price,name}}')"
    ));
    session.run(
        "SELECT termstream.note_rejects('menu', 'topic', ARRAY[1, 2, 3],
             ARRAY['{\"menu_id\": 4, \"name\": \"red bull\"', '\\xff', '{\"menu_id\": 5, \"nam\": \"pepsi\"}']::bytea[],
             ARRAY['22032', '22021', '22000'], ARRAY['no', 'no', 'no'], line_format => '{\"format\": \"jsonl\"}');
         SELECT termstream.note_rejects('menu', 'service', ARRAY[9], ARRAY['9,pepsi,1']::bytea[], ARRAY['08006'], ARRAY['no answer'],
             stage => 'predict')",
    );
    session.run(
        "UPDATE menu_rejects SET line = replace(replace(line, '1x', '1'), '|too many', '') WHERE filename <> 'topic';
         UPDATE menu_rejects SET line = line || '}' WHERE filename = 'topic' AND lineno = 1",
    );
    assert_eq!(session.one(RETRY), "5|3|2");
    assert_eq!(pairs(&mut session), ["1|2", "2|4", "4|5"]);
    assert_eq!(
        session.lines(
            "SELECT stage, line, line_bytes, origin IS NULL FROM menu_rejects ORDER BY reject_id"
        ),
        [
            "parse||\\xff|t",
            "parse|{\"menu_id\": 5, \"nam\": \"pepsi\"}|\\x7b226d656e755f6964223a20352c20226e616d223a20227065707369227d|t",
            "predict|9,pepsi,1|\\x392c70657073692c31|t"
        ],
        "a row that waits for its service is left to its feeder"
    );
}

#[test]
fn a_row_that_was_not_kept_whole_waits_for_who_has_it() {
    let (database, mut session) = with_stream("retry_cut");
    let mut file = b"menu_id,name,price\n1,pepsi ".to_vec();
    file.extend(std::iter::repeat_n(b'x', 17 << 20));
    file.extend_from_slice(b",1\n");
    let path = database.file("huge.csv", &file);
    session.run(&format!("CALL termstream.load_file('menu', '{path}')"));
    assert_eq!(
        session.one("SELECT line IS NULL, octet_length(line_bytes) < line_size FROM menu_rejects"),
        "t|t"
    );
    assert_eq!(session.one(RETRY), "0|0|0");
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "1");
    session.run("UPDATE menu_rejects SET line = '1,pepsi,1'");
    assert_eq!(session.one(RETRY), "1|1|0");
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "0");
}

#[test]
fn two_who_retry_at_once_take_each_row_once() {
    let (database, mut session) = with_stream("retry_at_once");
    session.run(
        "CREATE TABLE counted (id bigint);
         SELECT termstream.create_stream('rows', 'id bigint', 'INSERT INTO counted SELECT id FROM batch',
             check_rows => 'id < 0', batch_rows => 100);
         INSERT INTO rows SELECT n::text FROM generate_series(1, 3000) n;
         SELECT termstream.alter_stream('rows', check_rows => '')",
    );
    let menders: Vec<_> = (0..3)
        .map(|_| {
            let mut session = database.session();
            std::thread::spawn(move || {
                let taken = session.one("SELECT taken FROM termstream.retry_rejects('rows')");
                taken.parse::<i64>().expect("a number")
            })
        })
        .collect();
    let taken: i64 = menders
        .into_iter()
        .map(|one| one.join().expect("retried"))
        .sum();
    assert_eq!(taken, 3000);
    assert_eq!(
        session.one("SELECT count(*), count(DISTINCT id) FROM counted"),
        "3000|3000"
    );
    assert_eq!(session.one("SELECT count(*) FROM rows_rejects"), "0");
}

#[test]
fn a_rejects_table_that_was_made_into_something_else_is_not_read() {
    let database = crate::database::Database::new("retry_sly");
    let mut superuser = database.session();
    superuser.run("GRANT CREATE ON SCHEMA public TO PUBLIC");
    let mut owner = database.session_of(&database.role("owner"));
    owner.run(
        "CREATE TABLE t (a int);
         SELECT termstream.create_stream('s', 'a int', 'INSERT INTO t SELECT a FROM batch');
         INSERT INTO s VALUES ('x');
         CREATE TYPE sly AS (t text);
         CREATE FUNCTION trap(sly) RETURNS text LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
         CREATE CAST (sly AS text) WITH FUNCTION trap(sly) AS IMPLICIT;
         ALTER TABLE s_rejects ALTER stage TYPE sly USING row(stage)::sly",
    );
    superuser
        .error("SELECT termstream.retry_rejects('s')")
        .is("42804", "public.s_rejects is no longer a rejects table");
    // Nor is one that was dropped.
    owner.run("DROP TABLE s_rejects");
    superuser
        .error("SELECT termstream.retry_rejects('s')")
        .is("42P01", "the rejects table of stream public.s was dropped");
}
