//! Rows that come in by COPY and INSERT: which pairs they make, and that a statement is all or
//! nothing.

use crate::database::Session;
use crate::fixtures::{loads, pairs, with_lexicon, with_stream};

const ROWS: &str = "1,a pepsi and a coca cola,1.50\n2,nothing,2\n3,\"nestle, red bull\",\n";
const PAIRS: [&str; 4] = ["1|1", "1|2", "3|4", "3|5"];

#[test]
fn copy_from_the_client_makes_the_pairs() {
    let (_database, mut session) = with_stream("copy");
    assert_eq!(session.copy("COPY menu FROM STDIN (FORMAT csv)", ROWS), 3);
    assert_eq!(pairs(&mut session), PAIRS);
    assert_eq!(loads(&mut session), ["3|3|0|4|done"]);
    session.copy("COPY menu FROM STDIN", "4\tpepsi\t1\n5\t\\N\t\\N\n");
    assert_eq!(loads(&mut session)[1..], ["2|2|0|1|done"]);
}

#[test]
fn copy_from_a_file_of_the_server_makes_the_pairs() {
    let (database, mut session) = with_stream("copy_file");
    let file = database.file("menu.csv", format!("menu_id,name,price\n{ROWS}"));
    session.run(&format!("COPY menu FROM '{file}' (FORMAT csv, HEADER)"));
    assert_eq!(pairs(&mut session), PAIRS);
}

#[test]
fn insert_in_all_its_forms_makes_the_pairs() {
    let (_database, mut session) = with_stream("insert");
    session.run("INSERT INTO menu VALUES (1, 'a pepsi and a coca cola', 1.50), (2, 'nothing', 2)");
    session.run("INSERT INTO menu (name, menu_id) SELECT 'nestle, red bull', 3");
    assert_eq!(pairs(&mut session), PAIRS);
    assert_eq!(
        session.lines("INSERT INTO menu VALUES (4, 'pepsi', 1), (5, NULL, NULL) RETURNING menu_id, name, price"),
        ["4|pepsi|1", "5||"]
    );
    assert_eq!(
        session.lines(
            "WITH i AS (INSERT INTO menu VALUES (6, 'pepsi') RETURNING *) SELECT menu_id FROM i"
        ),
        ["6"]
    );
    let prepared = session
        .client
        .prepare("INSERT INTO menu VALUES ($1::text, $2)")
        .expect("a statement");
    for n in 0..8 {
        let rows = session
            .client
            .execute(&prepared, &[&(10 + n).to_string(), &"red bull"])
            .expect("a row");
        assert_eq!(rows, 1);
    }
    assert_eq!(session.one("SELECT count(*) FROM menu_terms"), "14");
    assert_eq!(
        session.one("SELECT sum(read), sum(taken), sum(pairs) FROM termstream.loads"),
        "14|14|14"
    );
    session.run("INSERT INTO menu SELECT WHERE false");
    assert_eq!(
        loads(&mut session).last().map(String::as_str),
        Some("0|0|0|0|done")
    );
}

#[test]
fn columns_that_are_left_out_are_null() {
    let (_database, mut session) = with_stream("partial");
    session.copy(
        "COPY menu (name, menu_id) FROM STDIN (FORMAT csv)",
        "pepsi,7\n",
    );
    session.copy("COPY menu (name) FROM STDIN (FORMAT csv)", "pepsi\n");
    assert_eq!(pairs(&mut session), ["7|2"]);
    assert_eq!(
        session.lines("SELECT stage, errorcode, colname, err_message, lineno FROM menu_rejects"),
        ["check|23502|menu_id|null value in column \"menu_id\" violates not-null constraint|1"]
    );
}

#[test]
fn an_error_in_the_middle_undoes_the_whole_statement() {
    let (_database, mut session) = with_lexicon("all_or_nothing");
    session.run(
        "SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}',
             'menu_terms', batch_rows => 2)",
    );
    // COPY itself fails at the seventh line, after three batches.
    let lines = "1,pepsi\n2,pepsi\nx,pepsi\n4,pepsi\n5,pepsi\n6,pepsi\n7\n8,pepsi\n";
    session
        .copy_error("COPY menu FROM STDIN (FORMAT csv)", lines)
        .is("22P04", "missing data for column \"name\"");
    session
        .error(
            "INSERT INTO menu SELECT n::text, 'pepsi' || 1 / (5 - n) FROM generate_series(1, 10) n",
        )
        .is("22012", "division by zero");
    assert_eq!(pairs(&mut session), [""; 0]);
    assert_eq!(loads(&mut session), [""; 0]);
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "0");
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi\n2,pepsi\nx,pepsi\n4,pepsi\n5,pepsi\n",
    );
    assert_eq!(pairs(&mut session), ["1|2", "2|2", "4|2", "5|2"]);
    assert_eq!(loads(&mut session), ["5|4|1|4|done"]);
}

#[test]
fn a_statement_that_is_rolled_back_leaves_nothing() {
    let (_database, mut session) = with_stream("taken_back");
    session.run("BEGIN; SAVEPOINT a");
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        format!("{ROWS}x,y,z\n"),
    );
    assert_eq!(pairs(&mut session), PAIRS);
    session.run("ROLLBACK TO a");
    assert_eq!(pairs(&mut session), [""; 0]);
    session.run("INSERT INTO menu VALUES (9, 'pepsi')");
    session.run("SAVEPOINT b");
    session
        .copy_error("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\n2\n")
        .is("22P04", "missing data for column \"name\"");
    session.run("ROLLBACK TO b");
    session.run("INSERT INTO menu VALUES (10, 'pepsi')");
    session.run("COMMIT");
    assert_eq!(pairs(&mut session), ["9|2", "10|2"]);
    assert_eq!(loads(&mut session), ["1|1|0|1|done", "1|1|0|1|done"]);
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "0");
}

#[test]
fn an_error_that_a_function_catches_leaves_nothing() {
    let (_database, mut session) = with_stream("caught");
    session.run(
        "CREATE FUNCTION fail_and_go_on() RETURNS void LANGUAGE plpgsql AS $$
         BEGIN
           BEGIN
             INSERT INTO menu SELECT n::text, 'pepsi', (1 / (3 - n))::text FROM generate_series(1, 5) n;
           EXCEPTION WHEN division_by_zero THEN
             INSERT INTO menu VALUES (100, 'coca cola');
           END;
           INSERT INTO menu VALUES (101, 'nestle');
         END $$",
    );
    for _ in 0..3 {
        session.run("SELECT fail_and_go_on()");
    }
    assert_eq!(pairs(&mut session), ["100|1", "101|4"]);
    assert_eq!(loads(&mut session).len(), 6);
}

#[test]
fn the_same_rows_twice_change_nothing() {
    let (_database, mut session) = with_stream("twice");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", ROWS);
    session.copy("COPY menu FROM STDIN (FORMAT csv)", ROWS);
    session.copy("COPY menu FROM STDIN (FORMAT csv)", format!("{ROWS}{ROWS}"));
    assert_eq!(pairs(&mut session), PAIRS);
    assert_eq!(
        loads(&mut session),
        ["3|3|0|4|done", "3|3|0|0|done", "6|6|0|0|done"]
    );
}

#[test]
fn the_size_of_a_batch_does_not_matter() {
    let (_database, mut session) = with_lexicon("batches");
    let rows: String = (0..50)
        .map(|n| match n % 5 {
            0 => format!("{n},pepsi and coca cola\n"),
            1 => format!("{n},nothing\n"),
            2 => format!("x{n},pepsi\n"),
            3 => format!("{},red bull\n", n - 3),
            _ => format!("{n},\n"),
        })
        .collect();
    let mut outcomes = Vec::new();
    for size in [1, 7, 49, 50, 5000] {
        session.run(&format!(
            "SELECT termstream.create_match_stream('menu_{size}', 'menu_id bigint, name text', 'brands', 'menu_id',
                 '{{name}}', 'terms_{size}', batch_rows => {size})"
        ));
        session.copy(&format!("COPY menu_{size} FROM STDIN (FORMAT csv)"), &rows);
        outcomes.push((
            session.lines(&format!("SELECT * FROM terms_{size} ORDER BY 1, 2")),
            session.lines(&format!(
                "SELECT lineno, line, colname, errorcode FROM menu_{size}_rejects ORDER BY reject_id"
            )),
            loads(&mut session).pop(),
        ));
    }
    assert_eq!(outcomes[0].2.as_deref(), Some("50|40|10|30|done"));
    assert!(
        outcomes.iter().all(|outcome| *outcome == outcomes[0]),
        "{outcomes:#?}"
    );
}

#[test]
fn one_statement_can_fill_two_streams() {
    let (_database, mut session) = with_stream("two_streams");
    session.run(
        "SELECT termstream.create_match_stream('other', 'id int, t text', 'brands', 'id', '{t}', 'other_terms')",
    );
    session.run(
        "WITH a AS (INSERT INTO menu SELECT n::text, 'pepsi' FROM generate_series(1, 3) n RETURNING menu_id, name),
              b AS (INSERT INTO other SELECT menu_id, name || ' nestle' FROM a RETURNING 1),
              c AS (INSERT INTO menu VALUES (4, 'red bull') RETURNING 1)
         SELECT count(*) FROM b",
    );
    assert_eq!(pairs(&mut session), ["1|2", "2|2", "3|2", "4|5"]);
    assert_eq!(
        session.one("SELECT count(*), sum(id), sum(term_id) FROM other_terms"),
        "6|12|18"
    );
    assert_eq!(
        session.one("SELECT sum(read), sum(taken), sum(pairs), count(*) FROM termstream.loads"),
        "7|7|10|2"
    );
}

#[test]
fn a_stream_can_feed_another_one_or_itself() {
    let (_database, mut session) = with_lexicon("nested");
    session.run(
        "SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text, price text', 'brands', 'menu_id',
             '{name}', 'menu_terms', batch_rows => 2);
         SELECT termstream.create_match_stream('other', 'id int, t text', 'brands', 'id', '{t}', 'other_terms', batch_rows => 1);
         CREATE FUNCTION pass_on() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           INSERT INTO public.other VALUES (NEW.menu_id, 'red bull'), (NEW.menu_id, 'pepsi');
           IF NEW.menu_id < 100 THEN
             INSERT INTO public.menu VALUES (NEW.menu_id + 100, 'nestle'), (NEW.menu_id + 200, 'nestle'), (NEW.menu_id + 300, 'none');
           END IF;
           RETURN NEW;
         END $$;
         CREATE TRIGGER pass_on BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION pass_on()",
    );
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi,\n2,pepsi,\n3,none,\n4,pepsi,\n5,red bull,\n",
    );
    assert_eq!(
        pairs(&mut session),
        [
            "1|2", "2|2", "4|2", "5|5", "101|4", "102|4", "104|4", "105|4", "201|4", "202|4",
            "204|4", "205|4"
        ]
    );
    assert_eq!(session.one("SELECT count(*) FROM other_terms"), "24");
    assert_eq!(
        session.lines(
            "SELECT stream, read, taken, rejected, state, count(*) FROM termstream.loads GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2"
        ),
        ["menu|3|3|0|done|4", "menu|5|5|0|done|1", "other|2|2|0|done|12"]
    );
}

#[test]
fn two_sessions_load_overlapping_rows_at_once() {
    let (database, mut session) = with_stream("at_once");
    let loaders: Vec<_> = (0..2)
        .map(|_| {
            let mut session = database.session();
            std::thread::spawn(move || {
                for round in 0..4 {
                    // Always in the same order, as two files of one source are; else a deadlock is
                    // what Postgres' unique keys answer.
                    let rows: String = (0..2000)
                        .map(|n| format!("{},pepsi and nestle,1\n", round * 1000 + n))
                        .collect();
                    session.copy("COPY menu FROM STDIN (FORMAT csv)", rows);
                }
            })
        })
        .collect();
    for loader in loaders {
        loader.join().expect("a load without an error");
    }
    assert_eq!(
        session.one("SELECT count(*), count(DISTINCT menu_id) FROM menu_terms"),
        "10000|5000"
    );
    assert_eq!(
        session
            .one("SELECT sum(read), sum(taken), sum(rejected), sum(pairs) FROM termstream.loads"),
        "16000|16000|0|10000"
    );
}

#[test]
fn rows_are_counted_for_the_client() {
    let (_database, mut session) = with_stream("counted");
    let rows = |session: &mut Session, sql: &str| session.client.execute(sql, &[]).expect("rows");
    assert_eq!(
        rows(
            &mut session,
            "INSERT INTO menu SELECT n::text, 'x' FROM generate_series(1, 12345) n"
        ),
        12345
    );
    assert_eq!(
        rows(
            &mut session,
            "INSERT INTO menu VALUES ('not a number', 'x')"
        ),
        1
    );
}

#[test]
fn terms_of_the_own_transaction_are_found_by_its_rows() {
    let (_database, mut session) = with_stream("own_terms");
    session.run("BEGIN");
    session.run("INSERT INTO terms VALUES (6, 'Fanta')");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "1,fanta,1\n");
    session.run("DELETE FROM terms WHERE term_id = 6");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "2,fanta,1\n");
    session.run("COMMIT");
    assert_eq!(pairs(&mut session), ["1|6"]);
}
