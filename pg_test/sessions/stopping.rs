//! What rows that are all right, or each wrong by itself, once ended a load for: a key that repeats under an
//! upsert, types whose errors are of any class, constraints that wait for the commit.

use crate::database::{Database, Session};
use crate::fixtures::loads;

/// The codes of the rejects, in the order of the rows.
fn codes(session: &mut Session) -> Vec<String> {
    session.lines("SELECT errorcode FROM items_rejects ORDER BY lineno")
}

fn with_items(name: &str, statement: &str, on_error: &str) -> (Database, Session) {
    let database = Database::new(name);
    let mut session = database.session();
    session.run(&format!(
        "CREATE TABLE item (id int PRIMARY KEY, name text CHECK (name <> 'wrong'), times int DEFAULT 1);
         SELECT termstream.create_stream('items', 'id int, name text', $s${statement}$s$,
             on_error => '{on_error}')"
    ));
    (database, session)
}

const UPSERT: &str = "INSERT INTO item SELECT id, name FROM batch
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, times = item.times + 1";
/// Reads all rows before it writes the first.
const SORTED: &str = "INSERT INTO item SELECT id, name FROM batch ORDER BY id
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, times = item.times + 1";
const MERGE: &str = "MERGE INTO item USING batch ON item.id = batch.id
    WHEN MATCHED THEN UPDATE SET name = batch.name, times = item.times + 1
    WHEN NOT MATCHED THEN INSERT VALUES (batch.id, batch.name)";

#[test]
fn a_key_that_repeats_under_an_upsert_is_taken_each_time_in_the_order_of_the_rows() {
    for (kind, statement) in [("upsert", UPSERT), ("sorted", SORTED), ("merge", MERGE)] {
        for on_error in ["table", "stop"] {
            let name = format!("repeats_{kind}_{on_error}");
            let (database, mut session) = with_items(&name, statement, on_error);
            session.copy(
                "COPY items FROM STDIN (FORMAT csv)",
                "1,a\n2,b\n1,a2\n1,a3\n3,c\n2,b2\n",
            );
            assert_eq!(
                session.lines("SELECT * FROM item ORDER BY 1"),
                ["1|a3|3", "2|b2|2", "3|c|1"],
                "{name}"
            );
            let path = database.file("items.csv", "id,name\n1,a4\n4,d\n4,d2\n");
            session.run(&format!("CALL termstream.load_file('items', '{path}')"));
            assert_eq!(
                session.lines("SELECT * FROM item WHERE id IN (1, 4) ORDER BY 1"),
                ["1|a4|4", "4|d2|2"],
                "{name}"
            );
            assert_eq!(
                loads(&mut session),
                ["6|6|0|6|done", "3|3|0|3|done"],
                "{name}"
            );
        }
    }
}

#[test]
fn among_keys_that_repeat_a_wrong_row_is_found() {
    let (_database, mut session) = with_items("repeats_wrong", UPSERT, "table");
    // Each key 20 times, and one row in 500 is wrong.
    let rows: String = (0..10_000)
        .map(|row| match row % 500 {
            499 => format!("{},wrong\n", row % 500),
            _ => format!("{},{row}\n", row % 500),
        })
        .collect();
    session.copy("COPY items FROM STDIN (FORMAT csv)", rows);
    assert_eq!(loads(&mut session), ["10000|9980|20|9980|done"]);
    assert_eq!(
        session.one("SELECT count(*), min(times), max(times), sum(name::int) FROM item"),
        format!("499|20|20|{}", (9500..9999).sum::<i32>())
    );
    // The last row of a statement that stops at errors is named.
    session.run("SELECT termstream.alter_stream('items', on_error => 'stop')");
    let error = session.copy_error("COPY items FROM STDIN (FORMAT csv)", "7,x\n7,y\n8,wrong\n");
    assert_eq!(error.code, "23514");
    assert_eq!(session.one("SELECT name FROM item WHERE id = 7"), "9507");
}

#[test]
fn a_row_that_finds_several_where_one_may_be_is_rejected_alone() {
    let (_database, mut session) = with_items(
        "several",
        "INSERT INTO item SELECT id, (SELECT o.name FROM item o WHERE o.id % 10 = b.id % 10) FROM batch b",
        "table",
    );
    session.run("INSERT INTO item VALUES (101, 'a'), (111, 'b'), (102, 'c')");
    session.copy("COPY items FROM STDIN (FORMAT csv)", "1,x\n2,x\n3,x\n");
    assert_eq!(codes(&mut session), ["21000"]);
    assert_eq!(
        session.lines("SELECT id, name FROM item WHERE id < 100 ORDER BY 1"),
        ["2|c", "3|"]
    );
}

#[test]
fn a_value_that_its_type_refuses_rejects_its_row_whatever_the_error_is() {
    let database = Database::new("value_errors");
    let mut session = database.session();
    session.run(
        "CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION seg;
         CREATE TABLE item (n int, t text)",
    );
    for (kind, wrong, right, code) in [
        ("tsquery", "a &", "a & b", "42601"),
        ("tsvector", "'a", "a b", "42601"),
        ("jsonpath", "$.", "$.a", "42601"),
        ("ltree", "a..b", "a.b", "42601"),
        ("lquery", "a{", "a.*", "42601"),
        ("seg", "1 .. x", "1 .. 2", "42601"),
        ("hstore", "a=>", "a=>1", "42601"),
        ("regclass", "no_such_table", "item", "42P01"),
        ("regtype", "no_such_type", "int4", "42704"),
        ("regproc", "no_such_function", "pg_backend_pid", "42883"),
        ("regnamespace", "no_such_schema", "public", "3F000"),
    ] {
        session.run(&format!(
            "TRUNCATE item; DROP VIEW IF EXISTS items; DROP TABLE IF EXISTS items_rejects;
             SELECT termstream.create_stream('items', 'n int, v {kind}',
                 'INSERT INTO item SELECT n, v::text FROM batch')"
        ));
        let quoted = |value: &str| value.replace('"', "\"\"");
        let rows = format!(
            "1,\"{}\"\n2,\"{}\"\n3,\"{}\"\n",
            quoted(right),
            quoted(wrong),
            quoted(right)
        );
        session.copy("COPY items FROM STDIN (FORMAT csv)", &rows);
        assert_eq!(
            session.one("SELECT string_agg(n::text, ',') FROM item"),
            "1,3",
            "{kind}"
        );
        let found = codes(&mut session);
        // Versions of Postgres differ in the code of some.
        assert_eq!(found.len(), 1, "{kind}");
        if !["hstore", "tsvector"].contains(&kind) {
            assert_eq!(found, [code], "{kind}");
        }
        let path = database.file("values.csv", format!("n,v\n{rows}"));
        session.run(&format!("CALL termstream.load_file('items', '{path}')"));
        assert_eq!(session.one("SELECT count(*) FROM item"), "4", "{kind}");
    }
}

#[test]
fn a_constraint_that_waits_for_the_commit_rejects_its_rows() {
    let (database, mut session) = with_items("waits", UPSERT, "table");
    session.run(
        "INSERT INTO item VALUES (1, 'a'), (3, 'c');
         CREATE TABLE sold (id int REFERENCES item DEFERRABLE INITIALLY DEFERRED, name text);
         SELECT termstream.alter_stream('items', statement => 'INSERT INTO sold SELECT id, name FROM batch')",
    );
    session.copy("COPY items FROM STDIN (FORMAT csv)", "1,x\n2,y\n3,z\n");
    assert_eq!(codes(&mut session), ["23503"]);
    let path = database.file("sold.csv", "id,name\n3,x\n4,y\n1,z\n");
    session.run(&format!("CALL termstream.load_file('items', '{path}')"));
    assert_eq!(session.lines("SELECT id FROM sold"), ["1", "3", "3", "1"]);
    assert_eq!(
        session.one("SELECT count(*) FROM items_rejects WHERE errorcode = '23503'"),
        "2"
    );
}
