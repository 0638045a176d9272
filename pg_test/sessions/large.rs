//! Large lexicons: the stored compiled form, the changes beside it, and the files that sessions share.

use crate::database::{Database, Session};
use crate::fixtures::with_lexicon;

/// 25,000 made-up names of two words, of which `ids` finds "quorl zyxwab" only if it is added.
const NAMES: &str = "
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text);
INSERT INTO terms
SELECT n, initcap(translate(substr(md5(n::text), 1, 7), '0123456789', 'ghijklmnop')) || ' '
       || initcap(translate(substr(md5((n / 9)::text), 1, 6), '0123456789', 'qrstuvwxyz'))
  FROM generate_series(1, 25000) n;";

fn large(name: &str) -> (Database, Session) {
    let database = Database::new(name);
    let mut session = database.session();
    session.run(NAMES);
    session.run("SELECT termstream.create_lexicon('names', 'terms')");
    (database, session)
}

fn ids(session: &mut Session, document: &str) -> String {
    session.one(&format!(
        "SELECT coalesce(string_agg(term_id::text, ',' ORDER BY term_id), 'none')
           FROM termstream.match('names', $doc${document}$doc$)"
    ))
}

fn base(session: &mut Session) -> String {
    session.one("SELECT version FROM termstream.lexicon_base WHERE lexicon = 'names'")
}

fn changes(session: &mut Session) -> String {
    session.one("SELECT count(*) FROM termstream.lexicon_delta WHERE lexicon = 'names'")
}

#[test]
fn a_change_stands_beside_the_stored_form_and_everybody_sees_it() {
    let (database, mut one) = large("large_change");
    let mut two = database.session();
    let before = base(&mut one);
    assert_eq!(ids(&mut two, "one quorl zyxwab"), "none");
    one.run("BEGIN");
    one.run("INSERT INTO terms VALUES (30000, 'Quorl Zyxwab')");
    assert_eq!(ids(&mut one, "one quorl zyxwab"), "30000");
    assert_eq!(ids(&mut two, "one quorl zyxwab"), "none");
    one.run("COMMIT");
    assert_eq!(ids(&mut two, "one qourl zyxwab"), "30000");
    assert_eq!(ids(&mut database.session(), "quorl zyxwab"), "30000");
    one.run("UPDATE terms SET term = 'Zyxwab' WHERE term_id = 30000");
    assert_eq!(ids(&mut two, "quorl"), "none");
    assert_eq!(ids(&mut two, "a zyxwab"), "30000");
    one.run("DELETE FROM terms WHERE term_id = 30000");
    assert_eq!(ids(&mut two, "a zyxwab"), "none");
    assert_eq!(base(&mut one), before);
    assert_eq!(changes(&mut one), "4");
}

#[test]
fn a_term_of_the_stored_form_goes_and_comes_back() {
    let (database, mut one) = large("large_removed");
    let mut two = database.session();
    let term = one.one("SELECT term FROM terms WHERE term_id = 777");
    assert_eq!(ids(&mut two, &term), "777");
    one.run("BEGIN");
    one.run("DELETE FROM terms WHERE term_id = 777");
    assert_eq!(ids(&mut one, &term), "none");
    one.run("ROLLBACK");
    assert_eq!(ids(&mut one, &term), "777");
    one.run("DELETE FROM terms WHERE term_id = 777");
    assert_eq!(ids(&mut two, &term), "none");
    one.run(&format!("INSERT INTO terms VALUES (777, '{term}')"));
    assert_eq!(ids(&mut two, &term), "777");
}

#[test]
fn a_term_that_stands_in_two_rows_goes_with_the_last_of_them() {
    let (database, mut one) = large("large_twice");
    let mut two = database.session();
    one.run("ALTER TABLE terms DROP CONSTRAINT terms_pkey");
    one.run("INSERT INTO terms VALUES (30000, 'Quorl Zyxwab'), (30000, 'Quorl Zyxwab')");
    one.run("SELECT termstream.refresh_lexicon('names')");
    let first = "(SELECT min(ctid) FROM terms WHERE term_id = 30000)";
    for found in ["30000", "none"] {
        one.run(&format!("DELETE FROM terms WHERE ctid = {first}"));
        assert_eq!(ids(&mut two, "one quorl zyxwab"), found);
    }
    one.run("INSERT INTO terms VALUES (30000, 'Quorl Zyxwab'), (30000, 'Quorl Zyxwab')");
    for found in ["30000", "none"] {
        one.run(&format!("DELETE FROM terms WHERE ctid = {first}"));
        assert_eq!(ids(&mut two, "one quorl zyxwab"), found);
    }
    assert_eq!(changes(&mut one), "6");
}

#[test]
fn changes_beside_the_stored_form_find_what_a_new_form_finds() {
    let (_database, mut session) = large("large_equal");
    session.run("CREATE TABLE docs AS SELECT term || ' and ' || lower(overlay(term placing 'x' from 3)) AS doc
                   FROM terms WHERE term_id % 50 = 0");
    session.run("DELETE FROM terms WHERE term_id % 150 = 0");
    session.run("UPDATE terms SET term = 'The ' || term WHERE term_id % 250 = 0");
    session.run("INSERT INTO terms SELECT 40000 + term_id, split_part(term, ' ', 1) FROM terms WHERE term_id % 100 = 50");
    assert_ne!(changes(&mut session), "0");
    let found = "SELECT string_agg(m::text, ';' ORDER BY m.start, m.term_id) FROM docs, termstream.match('names', doc) m";
    let beside = session.one(found);
    let before = base(&mut session);
    session.run("SELECT termstream.refresh_lexicon('names')");
    assert_ne!(base(&mut session), before);
    assert_eq!(changes(&mut session), "0");
    assert_eq!(session.one(found), beside);
}

#[test]
fn many_changes_become_a_new_stored_form() {
    let (database, mut one) = large("large_merged");
    let before = base(&mut one);
    one.run("INSERT INTO terms SELECT 50000 + n, 'Mass ' || md5(n::text) FROM generate_series(1, 10001) n");
    assert_ne!(base(&mut one), before);
    assert_eq!(changes(&mut one), "0");
    let name = format!("mass {}", one.one("SELECT md5('10001')"));
    assert_eq!(ids(&mut database.session(), &name), "60001");
}

#[test]
fn a_table_that_is_rewritten_has_a_stored_form_again_with_its_next_change() {
    let (database, mut one) = large("large_rewritten");
    let mut two = database.session();
    one.run("CREATE INDEX names ON terms (term)");
    for (number, rewrite) in [
        "VACUUM FULL terms",
        "CLUSTER terms USING names",
        // As a restore leaves it.
        "DELETE FROM termstream.lexicon_base; DELETE FROM termstream.lexicon_chunk",
    ]
    .into_iter()
    .enumerate()
    {
        one.run(rewrite);
        one.run(&format!(
            "UPDATE terms SET term = 'Quorl {number}' WHERE term_id < 3"
        ));
        let made = base(&mut one);
        one.run("INSERT INTO terms VALUES (30000, 'Quorl Zyxwab')");
        assert_eq!(ids(&mut two, "one quorl zyxwab"), "30000", "{rewrite}");
        one.run("DELETE FROM terms WHERE term_id = 30000");
        assert_eq!(ids(&mut two, "one quorl zyxwab"), "none", "{rewrite}");
        assert_eq!(base(&mut one), made, "{rewrite}");
        assert_eq!(changes(&mut one), "2", "{rewrite}");
    }
}

#[test]
fn small_lexicons_take_changes_beside_a_stored_form_too() {
    let (database, mut one) = crate::fixtures::with_lexicon("small_changes");
    let mut two = database.session();
    let base = "SELECT version FROM termstream.lexicon_base";
    let before = one.one(base);
    for n in 0..400 {
        one.run(&format!(
            "UPDATE terms SET term = 'Fanta {n}' WHERE term_id = 1"
        ));
    }
    assert_eq!(crate::fixtures::ids(&mut two, "fanta 399, fanta 17"), "1");
    assert_eq!(one.one(base), before);
    for n in 0..400 {
        one.run(&format!(
            "UPDATE terms SET term = 'Sprite {n}' WHERE term_id = 1"
        ));
    }
    assert_eq!(crate::fixtures::ids(&mut two, "sprite 399, fanta 399"), "1");
    assert_ne!(one.one(base), before, "more than a thousand changes");
}

/// A stored form that fits is missing, so that whoever matches reads the table.
const NO_BASE: &str = "DELETE FROM termstream.lexicon_base; DELETE FROM termstream.lexicon_change";

/// What all lexicons have in common, the words of the language, stands in none of their stored forms.
#[test]
fn the_stored_form_of_a_small_lexicon_is_small() {
    let (_database, mut session) = with_lexicon("large_stored");
    let stored = "SELECT sum(octet_length(bytes)) FROM termstream.lexicon_chunk";
    let bytes: u64 = session.one(stored).parse().expect("a number");
    assert!(bytes < 600_000, "{bytes} bytes");
    // It is opened whole: "zebra" is a word, and no misspelling.
    session.run("INSERT INTO terms VALUES (100, 'Zebro'), (101, 'Zorblax')");
    let text = "they have seen a zebra in the garden of their neighbours, a zorblux and a pespi";
    assert_eq!(crate::fixtures::ids(&mut session, text), "2,101");
}

#[test]
fn a_session_that_waits_for_a_table_holds_up_no_other_lexicon() {
    let (database, mut one) = large("large_waits");
    one.run(NO_BASE);
    one.run("BEGIN; LOCK TABLE terms IN ACCESS EXCLUSIVE MODE");
    let mut two = database.session();
    let pid = two.pid();
    let waiting = std::thread::spawn(move || ids(&mut two, "x"));
    let mut three = database.session();
    three.wait_for(
        &format!("SELECT wait_event_type FROM pg_stat_activity WHERE pid = {pid}"),
        "Lock",
    );
    // Locks for so many lexicons that some would have been shared, were there only a few.
    let other = Database::new("large_waits_other");
    let mut four = other.session();
    four.run(
        "CREATE TABLE terms AS SELECT 1 AS term_id, 'Pepsi' AS term; SET statement_timeout = '60s'",
    );
    for n in 0..40 {
        four.run(&format!(
            "SELECT termstream.create_lexicon('l{n}', 'terms')"
        ));
        four.run(&format!("SELECT termstream.has_match('l{n}', 'pepsi')"));
    }
    one.run("COMMIT");
    assert_eq!(waiting.join().expect("it goes on"), "none");
}

#[test]
fn who_has_locked_the_table_does_not_wait_for_who_waits_for_it() {
    let (database, mut one) = large("large_deadlock");
    one.run(NO_BASE);
    one.run("BEGIN; LOCK TABLE terms IN ACCESS EXCLUSIVE MODE");
    let mut two = database.session();
    let pid = two.pid();
    let waiting = std::thread::spawn(move || ids(&mut two, "x"));
    database.session().wait_for(
        &format!("SELECT wait_event_type FROM pg_stat_activity WHERE pid = {pid}"),
        "Lock",
    );
    one.run("SET LOCAL statement_timeout = '60s'");
    assert_eq!(ids(&mut one, "x"), "none");
    one.run("COMMIT");
    assert_eq!(waiting.join().expect("it goes on"), "none");
}

#[test]
fn a_change_that_commits_while_a_new_form_is_made_is_not_lost() {
    let (database, mut one) = large("large_race");
    one.run("BEGIN");
    one.run("LOCK TABLE terms IN ACCESS EXCLUSIVE MODE");
    let mut two = database.session();
    let pid = two.one("SELECT pg_backend_pid()");
    let refresh = std::thread::spawn(move || {
        two.run("SELECT termstream.refresh_lexicon('names')");
        two
    });
    // It has its snapshot and waits for the table.
    let waits = format!("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = {pid}");
    let mut three = database.session();
    while three.one(&waits) != "t" {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    one.run("INSERT INTO terms VALUES (30000, 'Quorl Zyxwab')");
    one.run("COMMIT");
    let mut two = refresh.join().expect("the refresh succeeds");
    for session in [&mut one, &mut two, &mut three] {
        assert_eq!(ids(session, "one quorl zyxwab"), "30000");
    }
}

#[test]
fn truncating_or_dropping_leaves_nothing_behind() {
    let (_database, mut session) = large("large_dropped");
    session.run("TRUNCATE terms");
    assert_eq!(ids(&mut session, "anything"), "none");
    session.run("SELECT termstream.drop_lexicon('names')");
    assert_eq!(
        session.one(
            "SELECT (SELECT count(*) FROM termstream.lexicon_base) + (SELECT count(*) FROM termstream.lexicon_chunk)
                  + (SELECT count(*) FROM termstream.lexicon_delta) + (SELECT count(*) FROM termstream.lexicon_change)"
        ),
        "0"
    );
}

/// The files of the current database's lexicons.
fn files(session: &mut Session) -> Vec<std::path::PathBuf> {
    let database = session.one("SELECT oid FROM pg_database WHERE datname = current_database()");
    let data = session.one("SHOW data_directory");
    let prefix = format!("termstream.{database}.");
    std::fs::read_dir(std::path::Path::new(&data).join("pg_stat_tmp"))
        .expect("the server's folder can be read")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path())
        .collect()
}

#[test]
fn a_damaged_file_is_not_believed() {
    let (database, mut session) = large("large_damaged");
    let term = session.one("SELECT term FROM terms WHERE term_id = 4711");
    assert_eq!(ids(&mut database.session(), &term), "4711");
    let [file] = &files(&mut session)[..] else {
        panic!("one file for one lexicon");
    };
    let whole = std::fs::read(file).expect("the file can be read");
    let mut altered = whole.clone();
    let middle = altered.len() / 2;
    altered[middle..middle + 64].fill(0xA5);
    for damaged in [
        &altered[..],
        &whole[..whole.len() / 3],
        b"",
        b"no lexicon at all",
    ] {
        std::fs::write(file, damaged).expect("the file can be written");
        assert_eq!(
            ids(&mut database.session(), &term),
            "4711",
            "{} bytes",
            damaged.len()
        );
        assert_eq!(std::fs::read(file).expect("a new file"), whole);
    }
    std::fs::remove_file(file).expect("the file can be removed");
    assert_eq!(ids(&mut database.session(), &term), "4711");
}

#[test]
fn the_files_of_a_lexicon_go_with_it() {
    let (database, mut session) = large("large_files");
    ids(&mut database.session(), "x");
    assert_eq!(files(&mut session).len(), 1);
    session.run("SELECT termstream.drop_lexicon('names')");
    assert_eq!(files(&mut session).len(), 0);
}
