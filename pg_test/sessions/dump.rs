//! A dump that is restored elsewhere has working lexicons and streams, and their history.

use crate::database::{Database, Session, server_program};
use crate::fixtures::{ids, pairs, with_stream};

/// `pg_dump` of one database into another.
fn dump_into(source: &Database, target: &Database) {
    let dump = server_program("pg_dump")
        .arg(&source.name)
        .output()
        .expect("pg_dump runs");
    assert!(
        dump.status.success(),
        "{}",
        String::from_utf8_lossy(&dump.stderr)
    );
    let path = std::env::temp_dir().join(format!("{}.sql", source.name));
    std::fs::write(&path, &dump.stdout).expect("a dump");
    let restore = server_program("psql")
        .args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            &target.name,
            "-f",
        ])
        .arg(&path)
        .output()
        .expect("psql runs");
    let _ = std::fs::remove_file(&path);
    assert!(
        restore.status.success(),
        "{}",
        String::from_utf8_lossy(&restore.stderr)
    );
}

#[test]
fn a_restored_database_matches_and_loads_as_before() {
    let (source, mut before) = with_stream("dumped");
    before.run(
        "CREATE TABLE parts (term_id int, term text) PARTITION BY RANGE (term_id);
         CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
         INSERT INTO parts VALUES (1, 'Sprite');
         SELECT termstream.create_lexicon('parts', 'parts', common_words => 'none',
             learn_from => $$SELECT 'sprites and spirits' FROM generate_series(1, 9)$$);
         CREATE VIEW mentions AS SELECT * FROM termstream.match('brands', 'pepsi')",
    );
    before.copy("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\nx,y,z\n");
    let facts = "SELECT lexicon, source, terms, max_distance, overlap, created FROM termstream.lexicons ORDER BY 1";
    let learned =
        "SELECT lexicon, word, common, documents FROM termstream.lexicon_word ORDER BY 1, 2, 3";
    let history =
        "SELECT load_id, stream, read, taken, rejected, state FROM termstream.loads ORDER BY 1";
    let target = Database::empty("restored");
    dump_into(&source, &target);
    let mut after = target.session();
    for query in [
        facts,
        learned,
        history,
        "TABLE menu_rejects",
        "TABLE mentions",
        "TABLE menu_terms",
    ] {
        assert_eq!(after.lines(query), before.lines(query), "{query}");
    }
    assert!(!after.lines(learned).is_empty());
    let mut other = target.session();
    assert_eq!(ids(&mut other, "pepsi or fanta"), "2");
    after.run("INSERT INTO terms VALUES (6, 'Fanta')");
    assert_eq!(ids(&mut other, "pepsi or fanta"), "2,6");
    after.run("SET session_replication_role = replica; DELETE FROM terms WHERE term_id = 2; RESET session_replication_role");
    assert_eq!(
        ids(&mut other, "pepsi or fanta"),
        "6",
        "the triggers are still ALWAYS ones"
    );
    let sprite =
        "SELECT termstream.has_match('parts', 'sprite'), termstream.has_match('parts', 'heinz')";
    assert_eq!(other.one(sprite), "t|f");
    after.run("INSERT INTO parts_1 VALUES (2, 'Heinz')");
    assert_eq!(other.one(sprite), "t|t");
    other.copy("COPY menu FROM STDIN (FORMAT csv)", "2,fanta,1\ny,y,z\n");
    assert_eq!(pairs(&mut other), ["1|2", "2|6"]);
    assert_eq!(
        other.lines("SELECT load_id, read, taken, rejected FROM termstream.loads ORDER BY 1"),
        ["1|2|1|1", "2|2|1|1"],
        "the numbers of loads go on"
    );
    other.run("SELECT termstream.drop_stream('menu'), termstream.drop_lexicon('brands')");
}

#[test]
fn a_dump_survives_what_was_dropped_by_hand() {
    let (source, mut before) = with_stream("dumped_gone");
    before.copy("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\n");
    before.run("DROP VIEW menu; DROP TABLE terms");
    let target = Database::empty("restored_gone");
    dump_into(&source, &target);
    let mut after: Session = target.session();
    assert_eq!(after.one("SELECT count(*) FROM termstream.loads"), "1");
    assert_eq!(after.one("SELECT count(*) FROM termstream.streams"), "0");
    assert_eq!(
        after.one("SELECT state FROM termstream.lexicons"),
        "the source table of lexicon \"brands\" was dropped"
    );
    after.run("SELECT termstream.drop_lexicon('brands')");
}

#[test]
fn the_extension_can_be_dropped_and_created_again() {
    let (_database, mut session) = with_stream("extension_dropped");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\n");
    assert_eq!(session.error("DROP EXTENSION termstream").code, "2BP01");
    session.run("DROP EXTENSION termstream CASCADE");
    assert_eq!(pairs(&mut session), ["1|2"], "pairs are the user's");
    session.run("INSERT INTO terms VALUES (6, 'Fanta')");
    session.run("CREATE EXTENSION termstream");
    session.run(crate::fixtures::LEXICON);
    assert_eq!(ids(&mut session, "fanta"), "6");
    session.run("DROP VIEW IF EXISTS menu");
    session.run(crate::fixtures::STREAM);
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "2,pepsi,1\n");
    assert_eq!(pairs(&mut session), ["1|2", "2|2"]);
}

#[test]
fn a_general_stream_is_restored_with_all_its_options() {
    let source = Database::new("dumped_general");
    let mut before = source.session();
    before.run(
        "CREATE SCHEMA work; SET search_path = work, public;
         CREATE TABLE event (id bigint PRIMARY KEY, amount numeric, at date, kind text); CREATE SEQUENCE number START 100;
         SELECT termstream.create_stream('events', $$id bigint DEFAULT nextval('number') NOT NULL, amount numeric, at date DEFAULT '2024-02-29', kind text$$,
             'INSERT INTO event SELECT id, amount, at, kind FROM batch', check_rows => '{\"some\": \"amount > 0\"}',
             quality_check => 'count(kind) > 0', on_quality => 'ignore', reject_limit => 5, reject_ratio => 0.5, batch_rows => 7,
             formats => '{\"amount\": \"1.234,56\", \"at\": \"DD/MM/YYYY\"}')",
    );
    before.run("INSERT INTO events VALUES (1, '1.000,5', '31/01/2024', 'a'), (2, '-1', '31/01/2024', 'a'), (3, '1.5', NULL, 'a')");
    let target = Database::empty("restored_general");
    let dump = std::env::temp_dir().join(format!("{}.dump", source.name));
    let run = |program: &str, arguments: &[&str]| {
        let done = server_program(program)
            .args(arguments)
            .arg(&dump)
            .output()
            .expect("a program of the server");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    run("pg_dump", &["-Fc", &source.name, "-f"]);
    run("pg_restore", &["--exit-on-error", "-d", &target.name]);
    let _ = std::fs::remove_file(&dump);
    let mut after = target.session();
    for query in [
        "SELECT * FROM termstream.streams",
        "SELECT * FROM termstream.stream_stats",
        "SELECT * FROM termstream.loads",
        "SELECT * FROM work.events_rejects ORDER BY 1",
    ] {
        before.run("SET search_path = public");
        assert_eq!(after.lines(query), before.lines(query), "{query}");
    }
    after.run("INSERT INTO work.events (amount, at, kind) VALUES ('2.000,25', '01/02/2024', 'b')");
    after.run("INSERT INTO work.events (amount) VALUES ('3')");
    after.run("UPDATE work.events_rejects SET line = replace(line, '1.5', '\"1,5\"')");
    assert_eq!(
        after.one("SELECT read, taken, rejected FROM termstream.retry_rejects('work.events')"),
        "2|1|1"
    );
    assert_eq!(
        after.lines("SELECT * FROM work.event ORDER BY id"),
        [
            "1|1000.5|2024-01-31|a",
            "3|1.5||a",
            "100|2000.25|2024-02-01|b"
        ]
    );
    assert_eq!(
        after.one("SELECT loads, rejected, quality FROM termstream.stream_stats"),
        "4|4|1"
    );
    after.run("INSERT INTO work.events (amount, kind) VALUES ('2', 'c')");
    assert_eq!(
        after.lines("SELECT * FROM work.event WHERE kind = 'c'"),
        ["102|2|2024-02-29|c"],
        "a default is not written in the format of the values"
    );
}
