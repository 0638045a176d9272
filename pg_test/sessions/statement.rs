//! The statement of a stream: tried without its ON CONFLICT clause, cut where a row breaks it, planned
//! once for batches of a size and kept.

use crate::fixtures::{loads, pairs, with_lexicon, with_stream};

/// Rows of one pair each.
fn rows(ids: impl Iterator<Item = i64>) -> String {
    ids.map(|id| format!("{id},pepsi,1\n")).collect()
}

#[test]
fn duplicates_within_a_load_or_of_an_earlier_one_are_no_errors() {
    let (_database, mut session) = with_stream("duplicates");
    // Three full batches: two are new, one meets the second one again, and itself.
    let ids = (1..=10_000).chain(6_001..=8_500).chain(6_001..=8_500);
    session.copy("COPY menu FROM STDIN (FORMAT csv)", rows(ids));
    session.copy("COPY menu FROM STDIN (FORMAT csv)", rows(9_001..=14_000));
    assert_eq!(
        loads(&mut session),
        ["15000|15000|0|10000|done", "5000|5000|0|4000|done"]
    );
    assert_eq!(
        session.one("SELECT count(*), min(menu_id), max(menu_id) FROM menu_terms"),
        "14000|1|14000"
    );
}

#[test]
fn duplicates_are_no_errors_of_a_stream_that_stops_at_errors_either() {
    let (_database, mut session) = with_lexicon("duplicates_stop");
    session.run(
        "SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text, price numeric(5,2)', 'brands',
             'menu_id', '{name}', 'menu_terms', on_error => 'stop');
         INSERT INTO menu_terms VALUES (4000, 2)",
    );
    session.copy("COPY menu FROM STDIN (FORMAT csv)", rows(1..=8000));
    assert_eq!(loads(&mut session), ["8000|8000|0|7999|done"]);
    session.run("ALTER TABLE menu_terms ADD CHECK (menu_id < 9000)");
    let error = session.copy_error("COPY menu FROM STDIN (FORMAT csv)", rows(8001..=9500));
    assert_eq!(error.code, "23514");
    assert_eq!(session.one("SELECT count(*) FROM menu_terms"), "8000");
}

#[test]
fn rows_that_break_the_statement_are_found_among_many_wherever_it_stops_reading() {
    let guilty: Vec<i64> = vec![1, 2, 77, 2500, 4999, 5000, 5001, 9999];
    let list = guilty
        .iter()
        .map(i64::to_string)
        .collect::<Vec<_>>()
        .join(",");
    for (kind, constraint) in [
        // Fails at the row.
        ("check", format!("ALTER TABLE menu_terms ADD CHECK (menu_id NOT IN ({list}))")),
        // Fails when all rows are read.
        ("foreign", format!(
            "CREATE TABLE menus AS SELECT id FROM generate_series(1::bigint, 12000) id WHERE id NOT IN ({list});
             ALTER TABLE menus ADD PRIMARY KEY (id);
             ALTER TABLE menu_terms ADD FOREIGN KEY (menu_id) REFERENCES menus")),
    ] {
        let (_database, mut session) = with_stream(&format!("cut_{kind}"));
        session.run(&constraint);
        session.copy("COPY menu FROM STDIN (FORMAT csv)", rows(1..=12_000));
        assert_eq!(loads(&mut session), ["12000|11992|8|11992|done"], "{kind}");
        assert_eq!(
            session.one("SELECT string_agg(lineno::text, ',' ORDER BY lineno) FROM menu_rejects WHERE stage = 'statement'"),
            list,
            "{kind}"
        );
        assert_eq!(session.one("SELECT count(*) FROM menu_terms"), "11992", "{kind}");
    }
}

#[test]
fn a_plan_that_is_kept_follows_the_stream_and_its_tables() {
    let (_database, mut session) = with_stream("kept_plan");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\n");
    session.run("ALTER TABLE menu_terms ADD COLUMN at date DEFAULT '2024-02-29'");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "2,pepsi,1\n");
    assert_eq!(
        session.lines("SELECT menu_id, at FROM menu_terms ORDER BY 1"),
        ["1|2024-02-29", "2|2024-02-29"]
    );
    // The same statement over columns of other types and in another order.
    session.run(
        "SELECT termstream.drop_stream('menu');
         SELECT termstream.create_match_stream('menu', 'name varchar(20), menu_id int', 'brands', 'menu_id', '{name}',
             'menu_terms')",
    );
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "coca cola,3\n");
    // Another table of the same name.
    session.run(
        "DROP TABLE menu_terms;
         CREATE TABLE menu_terms (term_id bigint, menu_id bigint, PRIMARY KEY (menu_id, term_id))",
    );
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "coca cola,4\n");
    assert_eq!(pairs(&mut session), ["4|1"]);
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "0");
}

#[test]
fn of_several_statements_the_rows_of_all_that_write_are_counted() {
    let database = crate::database::Database::new("several_statements");
    let mut session = database.session();
    session.run(
        "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE last (a int); INSERT INTO last VALUES (0);
         SELECT termstream.create_stream('s', 'a int',
             $$SELECT 'a;b', 1 FROM batch;
               INSERT INTO t SELECT a FROM batch; -- and what is the newest; of all
               UPDATE last SET a = (SELECT max(a) FROM t);
               NOTIFY changed; TRUNCATE last; INSERT INTO last SELECT max(a) FROM t$$)",
    );
    session.run("INSERT INTO s VALUES (1), (2), (3)");
    session.run("INSERT INTO s VALUES (4), (4), (5)");
    assert_eq!(
        session.lines("SELECT a FROM last UNION ALL (SELECT a FROM t ORDER BY a)"),
        ["5", "1", "2", "3", "4", "5"]
    );
    assert_eq!(
        loads(&mut session),
        ["3|3|0|5|done", "3|2|1|6|done"],
        "a batch that is cut runs all of them for each part of it"
    );
}

/// A subquery that stands on the inner side of a join by loops is run once for each row.
#[test]
fn a_large_batch_is_not_run_by_the_plan_of_a_small_one() {
    let (database, mut session) = with_lexicon("plan_sizes");
    session.run(
        "CREATE SEQUENCE calls;
         CREATE TABLE taken (id bigint);
         SELECT termstream.create_stream('numbers', 'id bigint',
             'INSERT INTO taken SELECT id FROM batch, (SELECT nextval($$calls$$)) s')",
    );
    let calls = |session: &mut crate::database::Session, first: &str| {
        session.run("SELECT setval('calls', 1, false)");
        session.run(&format!(
            "INSERT INTO numbers SELECT generate_series(1, {first})"
        ));
        session.run("INSERT INTO numbers SELECT generate_series(1, 2000)");
        session
            .one("SELECT last_value FROM calls")
            .parse::<u64>()
            .expect("a number")
    };
    // A session in which the statement was never planned, and one in which it was for few rows.
    for first in ["0", "3"] {
        let mut session = database.session();
        let calls = calls(&mut session, first);
        assert!(calls <= 4, "{calls} calls after {first} rows");
    }
}
