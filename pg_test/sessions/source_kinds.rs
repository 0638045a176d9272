//! What kind of table a source is decides by which triggers its changes are noticed, and whether it can
//! be one: unlogged tables, partitions, inheriting tables, replicas, triggers that were switched off.

use crate::database::Session;
use crate::fixtures::{ids, with_lexicon};

const NOT_NOTED: &str = "changes of public.terms are not noted for lexicon \"brands\"";

fn refused(session: &mut Session, message: &str) {
    let failure = session.error("SELECT termstream.has_match('brands', 'pepsi')");
    failure.is("55000", message);
}

#[test]
fn an_unlogged_table_is_no_source() {
    let (_database, mut session) = with_lexicon("unlogged");
    session.run("CREATE UNLOGGED TABLE fast AS SELECT * FROM terms");
    session
        .error("SELECT termstream.create_lexicon('fast', 'fast')")
        .is("55000", "the source of lexicon \"fast\" is unlogged")
        .hints("ALTER TABLE public.fast SET LOGGED");
    assert_eq!(session.one("SELECT count(*) FROM termstream.lexicon"), "1");
    session.run("ALTER TABLE terms SET UNLOGGED");
    refused(&mut session, "the source of lexicon \"brands\" is unlogged");
    assert_eq!(
        session.lines("SELECT terms, state FROM termstream.lexicons"),
        ["|the source of lexicon \"brands\" is unlogged"]
    );
    session.run("ALTER TABLE terms SET LOGGED");
    assert_eq!(ids(&mut session, "pepsi"), "2");
}

#[test]
fn a_partition_that_is_unlogged_is_no_source_either() {
    let (_database, mut session) = with_lexicon("unlogged_part");
    session.run(
        "CREATE TABLE parts (term_id bigint, term text) PARTITION BY RANGE (term_id);
         CREATE UNLOGGED TABLE part PARTITION OF parts DEFAULT",
    );
    session
        .error("SELECT termstream.create_lexicon('parts', 'parts')")
        .is("55000", "the source of lexicon \"parts\" is unlogged");
}

#[test]
fn changes_through_the_parent_of_a_partition_are_seen() {
    let (database, mut one) = with_lexicon("is_partition");
    one.run("SELECT termstream.drop_lexicon('brands'); DROP TABLE terms");
    one.run(
        "CREATE TABLE whole (term_id bigint, term text) PARTITION BY RANGE (term_id);
         CREATE TABLE terms PARTITION OF whole FOR VALUES FROM (0) TO (10);
         CREATE TABLE rest PARTITION OF whole DEFAULT;
         INSERT INTO whole VALUES (1, 'Pepsi'), (11, 'Fanta');
         SELECT termstream.create_lexicon('brands', 'terms')",
    );
    let mut two = database.session();
    let text = "pepsi, fanta, sprite";
    assert_eq!(ids(&mut two, text), "1");
    for (statement, found) in [
        ("INSERT INTO whole VALUES (2, 'Sprite')", "1,2"),
        ("UPDATE whole SET term_id = 3 WHERE term = 'Fanta'", "1,2,3"),
        ("UPDATE whole SET term = 'Heinz' WHERE term_id = 3", "1,2"),
        ("DELETE FROM whole WHERE term_id = 2", "1"),
        ("INSERT INTO terms VALUES (4, 'Sprite')", "1,4"),
        ("TRUNCATE whole", "none"),
    ] {
        one.run(statement);
        assert_eq!(ids(&mut two, text), found, "{statement}");
    }
}

#[test]
fn changes_through_the_parent_of_an_inheriting_table_are_seen() {
    let (database, mut one) = with_lexicon("is_child");
    one.run("SELECT termstream.drop_lexicon('brands'); DROP TABLE terms");
    one.run(
        "CREATE TABLE base (term_id bigint, term text);
         CREATE TABLE terms () INHERITS (base);
         INSERT INTO terms VALUES (1, 'Pepsi'), (2, 'Fanta');
         SELECT termstream.create_lexicon('brands', 'terms')",
    );
    let mut two = database.session();
    let text = "pepsi, fanta, sprite";
    assert_eq!(ids(&mut two, text), "1,2");
    for (statement, found) in [
        ("INSERT INTO base VALUES (5, 'Sprite')", "1,2"),
        ("UPDATE base SET term = 'Sprite' WHERE term_id = 2", "1,2"),
        ("UPDATE base SET term_id = 3 WHERE term_id = 2", "1,3"),
        ("DELETE FROM base WHERE term_id = 1", "3"),
        ("TRUNCATE base", "none"),
    ] {
        one.run(statement);
        assert_eq!(ids(&mut two, text), found, "{statement}");
    }
}

#[test]
fn a_source_that_gets_a_parent_is_refused_until_it_is_refreshed() {
    let (database, mut one) = with_lexicon("gets_parent");
    let mut two = database.session();
    assert_eq!(ids(&mut two, "pepsi"), "2");
    one.run(
        "CREATE TABLE base (term_id bigint, term text);
         ALTER TABLE terms INHERIT base",
    );
    two.error("SELECT termstream.has_match('brands', 'pepsi')")
        .is("55000", NOT_NOTED)
        .hints("Call termstream.refresh_lexicon('brands')");
    assert_eq!(two.one("SELECT state FROM termstream.lexicons"), NOT_NOTED);
    one.run("SELECT termstream.refresh_lexicon('brands')");
    one.run("UPDATE base SET term = 'Fanta' WHERE term_id = 2");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
    assert_eq!(ids(&mut two, "pepsi"), "none");
    // And back.
    one.run("ALTER TABLE terms NO INHERIT base");
    refused(&mut two, NOT_NOTED);
    one.run("SELECT termstream.refresh_lexicon('brands')");
    one.run("UPDATE terms SET term = 'Sprite' WHERE term_id = 2");
    assert_eq!(ids(&mut two, "fanta or sprite"), "2");
    assert_eq!(ids(&mut two, "fanta"), "none");
}

#[test]
fn what_changes_while_triggers_are_off_is_never_missed_in_silence() {
    let (database, mut one) = with_lexicon("switched_off");
    let mut two = database.session();
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
    one.run("ALTER TABLE terms DISABLE TRIGGER termstream_brands_insert");
    refused(&mut two, NOT_NOTED);
    one.run("INSERT INTO terms VALUES (6, 'Fanta')");
    one.run("ALTER TABLE terms ENABLE TRIGGER termstream_brands_insert");
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2,6");
    one.run("DROP TRIGGER termstream_brands_update ON terms");
    refused(&mut two, NOT_NOTED);
    one.run("UPDATE terms SET term = 'Sprite' WHERE term_id = 6");
    assert_eq!(one.one("SELECT termstream.refresh_lexicon('brands')"), "6");
    assert_eq!(ids(&mut two, "fanta or sprite"), "6");
    // As pg_restore --disable-triggers leaves them.
    one.run("ALTER TABLE terms DISABLE TRIGGER ALL; ALTER TABLE terms ENABLE TRIGGER ALL");
    refused(&mut two, NOT_NOTED);
    one.run("SELECT termstream.refresh_lexicon('brands')");
    assert_eq!(ids(&mut two, "fanta or sprite"), "6");
}

#[test]
fn a_replica_session_notes_each_change_once() {
    let (database, mut one) = with_lexicon("replica_once");
    let mut two = database.session();
    let delta = "SELECT string_agg(term_id || ' ' || change, ',' ORDER BY term_id, change) FROM termstream.lexicon_delta";
    one.run("SET session_replication_role = replica");
    one.run("INSERT INTO terms VALUES (6, 'Fanta'), (7, 'Sprite')");
    assert_eq!(ids(&mut two, "fanta, sprite, pepsi"), "2,6,7");
    assert_eq!(two.one(delta), "6 1,7 1");
    one.run("UPDATE terms SET term_id = 8 WHERE term_id = 7");
    one.run("UPDATE terms SET term = term");
    one.run("DELETE FROM terms WHERE term_id = 2");
    assert_eq!(ids(&mut two, "fanta, sprite, pepsi"), "6,8");
    assert_eq!(two.one(delta), "2 -1,6 1,7 -1,7 1,8 1");
    one.run("RESET session_replication_role");
    one.run("INSERT INTO terms VALUES (9, 'Heinz')");
    assert_eq!(two.one(delta), "2 -1,6 1,7 -1,7 1,8 1,9 1");
    one.run("SET session_replication_role = replica; TRUNCATE terms");
    assert_eq!(ids(&mut two, "fanta, sprite, heinz"), "none");
}
