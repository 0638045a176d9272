//! MVCC: which terms a statement sees, across transactions, savepoints, cursors and changes of the
//! source that are no INSERT.

use crate::fixtures::{ids, with_lexicon};

#[test]
fn an_uncommitted_change_is_seen_by_its_own_transaction_only() {
    let (database, mut one) = with_lexicon("uncommitted");
    let mut two = database.session();
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
    one.run("BEGIN");
    one.run("INSERT INTO terms VALUES (6, 'Fanta')");
    one.run("DELETE FROM terms WHERE term_id = 2");
    assert_eq!(ids(&mut one, "pepsi or fanta"), "6");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
    one.run("COMMIT");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "6");
    assert_eq!(ids(&mut database.session(), "pepsi or fanta"), "6");
}

#[test]
fn a_change_that_is_rolled_back_is_seen_by_nobody() {
    let (database, mut one) = with_lexicon("rolled_back");
    let mut two = database.session();
    for statement in [
        "INSERT INTO terms VALUES (6, 'Fanta')",
        "UPDATE terms SET term = 'Fanta'",
        "TRUNCATE terms",
    ] {
        one.run("BEGIN");
        one.run(statement);
        assert_ne!(ids(&mut one, "pepsi or fanta"), "2");
        one.run("ROLLBACK");
        assert_eq!(ids(&mut one, "pepsi or fanta"), "2", "{statement}");
        assert_eq!(ids(&mut two, "pepsi or fanta"), "2", "{statement}");
    }
}

#[test]
fn a_savepoint_takes_its_changes_back() {
    let (_database, mut session) = with_lexicon("savepoints");
    session.run("BEGIN");
    session.run("INSERT INTO terms VALUES (6, 'Fanta')");
    session.run("SAVEPOINT a");
    session.run("INSERT INTO terms VALUES (7, 'Sprite')");
    assert_eq!(ids(&mut session, "fanta, sprite"), "6,7");
    session.run("ROLLBACK TO a");
    assert_eq!(ids(&mut session, "fanta, sprite"), "6");
    session.run("DELETE FROM terms WHERE term_id = 6");
    assert_eq!(ids(&mut session, "fanta, sprite"), "none");
    session.run("ROLLBACK TO a");
    assert_eq!(ids(&mut session, "fanta, sprite"), "6");
    session.run("SAVEPOINT b");
    session.run("INSERT INTO terms VALUES (8, 'Sprite')");
    session.run("RELEASE b");
    assert_eq!(ids(&mut session, "fanta, sprite"), "6,8");
    session.run("ROLLBACK TO a");
    session.run("COMMIT");
    assert_eq!(ids(&mut session, "fanta, sprite"), "6");
}

#[test]
fn repeatable_read_keeps_its_view() {
    let (database, mut one) = with_lexicon("repeatable_read");
    let mut two = database.session();
    two.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
    one.run("INSERT INTO terms VALUES (6, 'Fanta')");
    one.run("DELETE FROM terms WHERE term_id = 2");
    assert_eq!(ids(&mut one, "pepsi or fanta"), "6");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
    two.run("INSERT INTO terms VALUES (7, 'Sprite')");
    assert_eq!(ids(&mut two, "pepsi or fanta or sprite"), "2,7");
    two.run("COMMIT");
    assert_eq!(ids(&mut two, "pepsi or fanta or sprite"), "6,7");
}

#[test]
fn a_cursor_goes_on_with_the_terms_of_its_beginning() {
    let (_database, mut session) = with_lexicon("cursors");
    session.run("BEGIN");
    session.run(
        "DECLARE c CURSOR FOR SELECT n, (SELECT count(*) FROM termstream.match('brands', 'pepsi or fanta'), generate_series(1, n * 0 + 1))
           FROM generate_series(1, 4) n",
    );
    assert_eq!(session.lines("FETCH 1 FROM c"), ["1|1"]);
    session.run("INSERT INTO terms VALUES (6, 'Fanta')");
    assert_eq!(ids(&mut session, "pepsi or fanta"), "2,6");
    assert_eq!(session.lines("FETCH 1 FROM c"), ["2|1"]);
    session.run("SAVEPOINT a");
    session.run("DELETE FROM terms");
    assert_eq!(session.lines("FETCH 1 FROM c"), ["3|1"]);
    assert_eq!(ids(&mut session, "pepsi or fanta"), "none");
    session.run("ROLLBACK TO a");
    assert_eq!(ids(&mut session, "pepsi or fanta"), "2,6");
    assert_eq!(session.lines("FETCH 1 FROM c"), ["4|1"]);
    session.run("COMMIT");
}

#[test]
fn a_function_sees_the_term_it_has_just_inserted() {
    let (_database, mut session) = with_lexicon("plpgsql");
    session.run(
        "CREATE FUNCTION grow() RETURNS text LANGUAGE plpgsql AS $$
         DECLARE seen text := '';
         BEGIN
           FOR n IN 100..104 LOOP
             INSERT INTO terms VALUES (n, 'brandname' || chr(n));
             seen := seen || termstream.has_match('brands', 'brandname' || chr(n)) || ' '
                  || (SELECT count(*) FROM termstream.match('brands', 'brandname' || chr(n)) WHERE kind = 'exact') || ' ';
             BEGIN
               DELETE FROM terms;
               seen := seen || termstream.has_match('brands', 'brandname' || chr(n)) || ',';
               RAISE EXCEPTION 'back';
             EXCEPTION WHEN raise_exception THEN NULL;
             END;
           END LOOP;
           RETURN seen;
         END $$",
    );
    assert_eq!(session.one("SELECT grow()"), "true 1 false,".repeat(5));
}

#[test]
fn a_prepared_statement_sees_the_terms_of_each_execution() {
    let (database, mut one) = with_lexicon("prepared");
    let mut two = database.session();
    let prepared = two
        .client
        .prepare("SELECT count(*) FROM termstream.match($1, $2)")
        .expect("a statement");
    let mut count = || {
        let row = two
            .client
            .query_one(&prepared, &[&"brands", &"pepsi or fanta"])
            .expect("a row");
        row.get::<_, i64>(0)
    };
    for _ in 0..8 {
        assert_eq!(count(), 1);
    }
    one.run("INSERT INTO terms VALUES (6, 'Fanta')");
    assert_eq!(count(), 2);
    one.run("DELETE FROM terms");
    assert_eq!(count(), 0);
}

#[test]
fn one_statement_can_ask_several_lexicons_in_turn() {
    let (_database, mut session) = with_lexicon("in_turn");
    session.run(
        "CREATE TABLE more (term_id int, term text); INSERT INTO more VALUES (50, 'Fanta');
         SELECT termstream.create_lexicon('more', 'more')",
    );
    assert_eq!(
        session.lines(
            "SELECT l, term_id FROM (VALUES (1, 'brands'), (2, 'more'), (3, 'brands'), (4, 'more')) v (n, l),
                    termstream.match(l, 'pepsi or fanta') ORDER BY n"
        ),
        ["brands|2", "more|50", "brands|2", "more|50"]
    );
}

#[test]
fn every_answer_is_that_of_some_committed_state() {
    let (database, mut writer) = with_lexicon("readers");
    // Each transaction moves all terms to the next generation; a reader that saw two generations
    // at once, or a step that was rolled back, saw no committed state.
    writer.run("DELETE FROM terms; INSERT INTO terms SELECT n, 'brandname' || chr(96 + n::int) FROM generate_series(1, 4) n");
    static DONE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    let is_done = || DONE.load(std::sync::atomic::Ordering::Relaxed);
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let mut session = database.session();
            std::thread::spawn(move || {
                let mut last = 0;
                while !is_done() {
                    let seen = session.one(
                        "SELECT string_agg(term_id::text, ',' ORDER BY term_id)
                           FROM termstream.match('brands', 'brandnamea, brandnameb, brandnamec, brandnamed')
                          WHERE kind = 'exact'",
                    );
                    let ids: Vec<i64> = seen.split(',').map(|id| id.parse().expect("an id")).collect();
                    let generation = ids[0] / 10;
                    let expected: Vec<i64> = (1..=4).map(|n| generation * 10 + n).collect();
                    assert_eq!(ids, expected);
                    assert!(generation >= last, "an older state after a newer one");
                    last = generation;
                }
                last
            })
        })
        .collect();
    for _ in 0..60 {
        writer.run("BEGIN");
        writer.run("UPDATE terms SET term_id = term_id + 10 WHERE term_id % 2 = 0");
        writer.run("SAVEPOINT s; DELETE FROM terms; ROLLBACK TO s");
        writer.run("UPDATE terms SET term_id = term_id + 10 WHERE term_id % 2 = 1");
        writer.run("COMMIT");
        writer.run("BEGIN; UPDATE terms SET term_id = -1 - term_id; ROLLBACK");
    }
    DONE.store(true, std::sync::atomic::Ordering::Relaxed);
    for reader in readers {
        reader
            .join()
            .expect("a reader that saw committed states only");
    }
}

#[test]
fn noted_changes_do_not_pile_up() {
    let (database, mut session) = with_lexicon("pile");
    let mut other = database.session();
    let noted = "SELECT count(*) FROM termstream.lexicon_change";
    for isolation in ["read committed", "repeatable read", "serializable"] {
        session.run(&format!(
            "SET default_transaction_isolation = '{isolation}'"
        ));
        for n in 0..300 {
            session.run(&format!(
                "UPDATE terms SET term = 'Fanta {n}' WHERE term_id = 1"
            ));
        }
        let rows: u32 = session.one(noted).parse().expect("a number");
        assert!(
            rows <= 130,
            "{rows} rows after 300 changes under {isolation}"
        );
        assert_eq!(ids(&mut other, "fanta 299 or fanta 11"), "1");
    }
    // A change that is open keeps the others from being folded, and loses nothing.
    other.run("BEGIN");
    other.run("INSERT INTO terms VALUES (70, 'Sprite')");
    for n in 0..100 {
        session.run(&format!(
            "UPDATE terms SET term = 'Heinz {n}' WHERE term_id = 1"
        ));
    }
    assert_eq!(ids(&mut other, "sprite or heinz 99"), "1,70");
    assert_eq!(ids(&mut session, "sprite or heinz 99"), "1");
    other.run("COMMIT");
    assert_eq!(ids(&mut session, "sprite or heinz 99"), "1,70");
}

#[test]
fn writers_of_terms_do_not_wait_for_each_other() {
    let (database, mut one) = with_lexicon("writers");
    let mut two = database.session();
    one.run("BEGIN");
    one.run("INSERT INTO terms VALUES (6, 'Fanta')");
    two.run("SET lock_timeout = '2s'");
    two.run("INSERT INTO terms VALUES (7, 'Sprite')");
    one.run("COMMIT");
    assert_eq!(ids(&mut two, "fanta sprite"), "6,7");
}

#[test]
fn a_prepared_transaction_is_seen_once_it_is_committed() {
    let (database, mut one) = with_lexicon("two_phase");
    if one.one("SHOW max_prepared_transactions") == "0" {
        println!("SKIP: max_prepared_transactions is 0: two-phase commit was NOT tested");
        return;
    }
    let mut two = database.session();
    one.run("BEGIN; INSERT INTO terms VALUES (6, 'Fanta')");
    one.run("PREPARE TRANSACTION 'termstream_two_phase'");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
    two.run("COMMIT PREPARED 'termstream_two_phase'");
    assert_eq!(ids(&mut one, "pepsi or fanta"), "2,6");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2,6");
}

#[test]
fn a_statement_that_is_cancelled_while_it_matches_leaves_the_session_usable() {
    let (database, mut one) = with_lexicon("cancel_match");
    let pid = one.pid();
    let running = std::thread::spawn(move || {
        let failure = one.error(
            "SELECT count(*) FROM generate_series(1, 100000000) n, termstream.match('brands', 'a pepsi and ' || n)",
        );
        (failure, one)
    });
    let mut two = database.session();
    two.wait_for(
        &format!("SELECT state FROM pg_stat_activity WHERE pid = {pid}"),
        "active",
    );
    std::thread::sleep(std::time::Duration::from_millis(100));
    two.run(&format!("SELECT pg_cancel_backend({pid})"));
    let (failure, mut one) = running.join().expect("an error");
    failure.is("57014", "canceling statement due to user request");
    assert_eq!(ids(&mut one, "pepsi"), "2");
}
