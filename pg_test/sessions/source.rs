//! The source of a lexicon: every way in which its terms can change is noticed, in every session.

use crate::fixtures::{ids, with_lexicon};

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
