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
fn truncate_is_seen_by_the_next_statement_of_everybody() {
    let (database, mut one) = with_lexicon("truncate");
    let mut two = database.session();
    assert_eq!(ids(&mut two, "pepsi"), "2");
    one.run("TRUNCATE terms");
    assert_eq!(ids(&mut one, "pepsi"), "none");
    assert_eq!(ids(&mut two, "pepsi"), "none");
}

#[test]
fn a_table_that_is_rewritten_is_read_anew() {
    let (database, mut one) = with_lexicon("rewritten");
    let mut two = database.session();
    assert_eq!(ids(&mut two, "pepsi"), "2");
    one.run("ALTER TABLE terms ALTER COLUMN term TYPE text USING 'the ' || term || ' company'");
    assert_eq!(ids(&mut two, "pepsi"), "none");
    assert_eq!(ids(&mut two, "the pepsi company"), "2");
    one.run("ALTER TABLE terms ALTER COLUMN term_id TYPE integer USING term_id + 100");
    assert_eq!(ids(&mut two, "the pepsi company"), "102");
    one.run("VACUUM FULL terms");
    assert_eq!(ids(&mut two, "the pepsi company"), "102");
}

#[test]
fn another_column_of_the_same_name_is_read_anew() {
    let (database, mut one) = with_lexicon("renamed");
    let mut two = database.session();
    one.run(
        "ALTER TABLE terms ADD COLUMN latin text; UPDATE terms SET latin = 'drink ' || term_id",
    );
    assert_eq!(ids(&mut two, "pepsi or drink 3"), "2");
    one.run("ALTER TABLE terms RENAME COLUMN term TO old");
    two.error("SELECT termstream.has_match('brands', 'pepsi')")
        .is(
            "42703",
            "the source of lexicon \"brands\" has no column \"term\" any more",
        )
        .hints("Rename the column back");
    one.run("ALTER TABLE terms RENAME COLUMN latin TO term");
    assert_eq!(ids(&mut two, "pepsi or drink 3"), "3");
}

#[test]
fn a_source_that_is_renamed_or_moved_stays_the_source() {
    let (database, mut one) = with_lexicon("moved");
    let mut two = database.session();
    assert_eq!(ids(&mut two, "pepsi"), "2");
    one.run("CREATE SCHEMA other; ALTER TABLE terms RENAME TO brand_names; ALTER TABLE brand_names SET SCHEMA other");
    one.run("INSERT INTO other.brand_names VALUES (6, 'Fanta')");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2,6");
}

#[test]
fn a_source_that_was_dropped_is_said_to_be() {
    let (_database, mut session) = with_lexicon("dropped");
    assert_eq!(ids(&mut session, "pepsi"), "2");
    session.run("DROP TABLE terms");
    session
        .error("SELECT termstream.has_match('brands', 'pepsi')")
        .is(
            "42P01",
            "the source table of lexicon \"brands\" was dropped",
        )
        .hints("drop_lexicon");
    assert_eq!(
        session.lines("SELECT terms, state FROM termstream.lexicons"),
        ["|the source table of lexicon \"brands\" was dropped"]
    );
    session.run("SELECT termstream.drop_lexicon('brands')");
    assert_eq!(session.one("SELECT count(*) FROM termstream.lexicons"), "0");
}

#[test]
fn every_way_into_a_partitioned_source_is_seen() {
    let (database, mut one) = with_lexicon("partitioned");
    one.run("SELECT termstream.drop_lexicon('brands'); DROP TABLE terms");
    one.run(
        "CREATE TABLE terms (term_id bigint, term text) PARTITION BY RANGE (term_id);
         CREATE TABLE terms_1 PARTITION OF terms FOR VALUES FROM (0) TO (10);
         CREATE TABLE terms_2 PARTITION OF terms FOR VALUES FROM (10) TO (20);
         INSERT INTO terms VALUES (1, 'Pepsi');
         SELECT termstream.create_lexicon('brands', 'terms')",
    );
    let mut two = database.session();
    let text = "pepsi, fanta, sprite, nestle, heinz";
    assert_eq!(ids(&mut two, text), "1");
    one.run("INSERT INTO terms VALUES (2, 'Fanta')");
    assert_eq!(ids(&mut two, text), "1,2");
    one.run("INSERT INTO terms_2 VALUES (11, 'Sprite')");
    assert_eq!(ids(&mut two, text), "1,2,11");
    one.run("UPDATE terms SET term_id = 12 WHERE term_id = 2");
    assert_eq!(ids(&mut two, text), "1,11,12");
    one.run("CREATE TABLE terms_3 (term_id bigint, term text); INSERT INTO terms_3 VALUES (21, 'Nestlé')");
    one.run("ALTER TABLE terms ATTACH PARTITION terms_3 FOR VALUES FROM (20) TO (30)");
    assert_eq!(ids(&mut two, text), "1,11,12,21");
    one.run("INSERT INTO terms_3 VALUES (22, 'Heinz')");
    assert_eq!(ids(&mut two, text), "1,11,12,21,22");
    one.run("SET session_replication_role = replica");
    one.run("DELETE FROM terms_3 WHERE term_id = 22");
    assert_eq!(
        ids(&mut two, text),
        "1,11,12,21",
        "with triggers that are not ALWAYS switched off"
    );
    one.run("RESET session_replication_role");
    one.run("ALTER TABLE terms DETACH PARTITION terms_2");
    assert_eq!(ids(&mut two, text), "1,21");
    one.run("DELETE FROM terms_2; INSERT INTO terms_2 VALUES (13, 'Sprite')");
    one.run("ALTER TABLE terms ATTACH PARTITION terms_2 FOR VALUES FROM (10) TO (20)");
    assert_eq!(
        ids(&mut two, text),
        "1,13,21",
        "changed while it was no partition"
    );
    one.run("TRUNCATE terms_3");
    assert_eq!(ids(&mut two, text), "1,13");
    one.run("DROP TABLE terms_1");
    assert_eq!(ids(&mut two, text), "13");
    one.run("TRUNCATE terms");
    assert_eq!(ids(&mut two, text), "none");
}

#[test]
fn a_replica_role_changes_terms_too() {
    let (database, mut one) = with_lexicon("replica_role");
    let mut two = database.session();
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
    one.run("SET session_replication_role = replica");
    one.run("INSERT INTO terms VALUES (6, 'Fanta')");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2,6");
}

#[test]
fn every_statement_that_changes_rows_is_noticed() {
    let (database, mut one) = with_lexicon("all_statements");
    let mut two = database.session();
    let text = "fanta, sprite, heinz, pepsi";
    for (statement, found) in [
        ("INSERT INTO terms VALUES (6, 'Fanta')", "2,6"),
        (
            "INSERT INTO terms VALUES (6, 'Sprite') ON CONFLICT (term_id) DO UPDATE SET term = excluded.term",
            "2,6",
        ),
        ("DELETE FROM terms WHERE term_id = 2", "6"),
        (
            "WITH w AS (INSERT INTO terms VALUES (7, 'Heinz') RETURNING 1) SELECT FROM w",
            "6,7",
        ),
        (
            "CREATE RULE r AS ON DELETE TO terms DO ALSO INSERT INTO terms VALUES (8, 'Pepsi')",
            "6,7",
        ),
        ("DELETE FROM terms WHERE term_id = 7", "6,8"),
    ] {
        one.run(statement);
        assert_eq!(ids(&mut two, text), found, "{statement}");
    }
    one.run("DROP RULE r ON terms");
    one.copy("COPY terms FROM STDIN (FORMAT csv)", "9,Fanta\n");
    assert_eq!(ids(&mut two, text), "6,8,9");
    if one.one("SELECT current_setting('server_version_num')::int >= 150000") == "t" {
        one.run("MERGE INTO terms USING (VALUES (10, 'Heinz')) v (i, t) ON i = term_id WHEN NOT MATCHED THEN INSERT VALUES (i, t)");
        assert_eq!(ids(&mut two, text), "6,8,9,10");
    }
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
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let mut session = database.session();
            std::thread::spawn(move || {
                let mut last = 0;
                for _ in 0..60 {
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
    let mut changes = 0;
    while readers.iter().any(|reader| !reader.is_finished()) {
        writer.run("BEGIN");
        writer.run("UPDATE terms SET term_id = term_id + 10 WHERE term_id % 2 = 0");
        writer.run("SAVEPOINT s; DELETE FROM terms; ROLLBACK TO s");
        writer.run("UPDATE terms SET term_id = term_id + 10 WHERE term_id % 2 = 1");
        writer.run("COMMIT");
        writer.run("BEGIN; UPDATE terms SET term_id = -1 - term_id; ROLLBACK");
        changes += 1;
    }
    for reader in readers {
        reader
            .join()
            .expect("a reader that saw committed states only");
    }
    assert!(changes > 10, "only {changes} changes while reading");
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
fn a_trigger_that_matches_while_terms_change_leaves_nothing_wrong_behind() {
    let (database, mut session) = with_lexicon("trigger_matches");
    // Looks for similar terms before one is added, as a check for duplicates would.
    session.run(
        "CREATE TABLE seen (term text, similar_terms bigint);
         CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           INSERT INTO seen SELECT NEW.term, count(*) FROM termstream.match('brands', NEW.term);
           RETURN NEW;
         END $$;
         CREATE TRIGGER before BEFORE INSERT ON terms FOR EACH ROW WHEN (NEW.term_id = 7)
           EXECUTE FUNCTION look();
         CREATE TRIGGER after AFTER INSERT ON terms FOR EACH ROW WHEN (NEW.term_id = 8)
           EXECUTE FUNCTION look()",
    );
    for rows in ["(6, 'Fanta'), (7, 'Sprite')", "(6, 'Fanta'), (8, 'Sprite')"] {
        // In a fresh session, where nothing is compiled yet.
        let mut fresh = database.session();
        fresh.run("BEGIN");
        fresh.run(&format!("INSERT INTO terms VALUES {rows}"));
        assert_eq!(
            ids(&mut fresh, "fanta or sprite or pepsi").len(),
            "2,6,7".len()
        );
        fresh.run("ROLLBACK");
        assert_eq!(
            ids(&mut fresh, "fanta or sprite or pepsi"),
            "2",
            "after {rows}"
        );
    }
}

#[test]
fn a_lexicon_made_anew_is_not_the_old_one() {
    let (database, mut one) = with_lexicon("made_anew");
    let mut two = database.session();
    assert_eq!(ids(&mut two, "pepsi or xpepsix"), "2");
    one.run("SELECT termstream.drop_lexicon('brands')");
    two.error("SELECT termstream.has_match('brands', 'pepsi')")
        .is("42704", "lexicon \"brands\" does not exist");
    one.run("CREATE TABLE other (term_id int, term text); INSERT INTO other VALUES (77, 'Pepsi')");
    one.run("SELECT termstream.create_lexicon('brands', 'other', whole_words => false)");
    assert_eq!(ids(&mut two, "pepsi"), "77");
    one.run("BEGIN; SELECT termstream.drop_lexicon('brands')");
    assert_eq!(ids(&mut two, "xpepsix"), "77");
    one.run("ROLLBACK");
    assert_eq!(ids(&mut one, "xpepsix"), "77");
}

#[test]
fn refresh_makes_up_for_what_disabled_triggers_missed() {
    let (database, mut one) = with_lexicon("refresh");
    let mut two = database.session();
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
    one.run("ALTER TABLE terms DISABLE TRIGGER USER");
    one.run("INSERT INTO terms VALUES (6, 'Fanta')");
    assert_eq!(one.one("SELECT termstream.refresh_lexicon('brands')"), "6");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2,6");
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
