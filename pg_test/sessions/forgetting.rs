//! What is no longer needed is let go: by a backend its memory and the disk of removed files, by the server
//! the files of what was dropped.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::database::{Database, Session};
use crate::fixtures::{TERMS, ids, with_lexicon};
use crate::memory::private_kib;

/// The files of all lexicons of a database.
fn files(session: &mut Session, database: &str) -> Vec<PathBuf> {
    let data = session.one("SHOW data_directory");
    let prefix = format!("termstream.{database}.");
    std::fs::read_dir(std::path::Path::new(&data).join("pg_stat_tmp"))
        .expect("the server's folder can be read")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path())
        .collect()
}

const OID: &str = "SELECT oid FROM pg_database WHERE datname = current_database()";

#[test]
fn a_backend_forgets_the_lexicons_that_it_has_rolled_back() {
    let (_database, mut session) = with_lexicon("rolled_back");
    let make = |session: &mut Session, first: u32, number: u32| {
        for n in first..first + number {
            session.run(&format!(
                "BEGIN; SELECT termstream.create_lexicon('passing_{n}', 'terms')"
            ));
            session.run(&format!(
                "SELECT termstream.has_match('passing_{n}', 'a pepsi')"
            ));
            session.run("ROLLBACK");
        }
    };
    make(&mut session, 0, 10);
    let Some(before) = private_kib(&mut session) else {
        println!("SKIP: the server's /proc is not here: memory was NOT measured");
        return;
    };
    make(&mut session, 10, 30);
    let after = private_kib(&mut session).expect("as before");
    assert!(after < before + (24 << 10), "from {before} to {after} KiB");
    assert_eq!(ids(&mut session, "pepsi"), "2");
}

#[test]
fn a_backend_gives_back_the_disk_of_lexicons_that_others_drop_or_change() {
    let (database, mut one) = with_lexicon("gives_back");
    for n in 0..4 {
        one.run(&format!(
            "SELECT termstream.create_lexicon('more_{n}', 'terms')"
        ));
    }
    let mut two = database.session();
    for n in 0..4 {
        two.run(&format!("SELECT termstream.has_match('more_{n}', 'pepsi')"));
    }
    let pid = two.pid();
    let maps = || std::fs::read_to_string(format!("/proc/{pid}/maps"));
    let Ok(before) = maps() else {
        println!("SKIP: the server's /proc is not here: its maps were NOT looked at");
        return;
    };
    assert_eq!(before.matches("/pg_stat_tmp/termstream.").count(), 4);
    one.run("SELECT termstream.drop_lexicon('more_0'), termstream.drop_lexicon('more_1')");
    one.run("SELECT termstream.refresh_lexicon('more_2')");
    // Someone maps the new form, and so removes the file of the old one.
    one.run("SELECT termstream.has_match('more_2', 'pepsi')");
    for n in 0..20 {
        one.run(&format!(
            "UPDATE terms SET term = 'Fanta {n}' WHERE term_id = 1"
        ));
        assert_eq!(ids(&mut two, "pepsi"), "2");
    }
    let after = maps().expect("as before");
    let gone: Vec<&str> = after
        .lines()
        .filter(|line| line.contains("/pg_stat_tmp/termstream.") && line.ends_with("(deleted)"))
        .collect();
    assert!(gone.is_empty(), "{gone:?}");
}

#[test]
fn the_files_of_a_dropped_database_go_with_the_next_that_is_written() {
    let (_here, mut session) = with_lexicon("drops_other");
    let oid = {
        let other = Database::new("dropped_other");
        let mut session = other.session();
        session.run(TERMS);
        session.run("SELECT termstream.create_lexicon('brands', 'terms')");
        assert_eq!(ids(&mut other.session(), "pepsi"), "2");
        session.one(OID)
    };
    // Another test may be as fast in removing it.
    let data = session.one("SHOW data_directory");
    let stale = format!("{data}/pg_stat_tmp/termstream.{oid}.{:016x}.{:016x}", 1, 2);
    let is_told = (0..100).any(|_| {
        std::fs::write(&stale, "x").expect("a file");
        session.lines(&format!(
            "SELECT kind, problem FROM termstream.check() WHERE object = '{stale}'"
        )) == ["file|its database was dropped"]
    });
    assert!(is_told);
    assert_eq!(ids(&mut session, "pepsi"), "2");
    assert_eq!(files(&mut session, &oid).len(), 0);
}

#[test]
fn the_file_of_a_lexicon_that_was_dropped_while_it_was_written_goes_too() {
    let (database, mut session) = with_lexicon("orphan");
    assert_eq!(ids(&mut database.session(), "pepsi"), "2");
    let oid = session.one(OID);
    let [file] = &files(&mut session, &oid)[..] else {
        panic!("one file for one lexicon");
    };
    let orphan = file.with_file_name(format!("termstream.{oid}.{:016x}.{:016x}", 1, 2));
    std::fs::copy(file, &orphan).expect("a copy");
    session.run("SELECT termstream.refresh_lexicon('brands')");
    assert_eq!(ids(&mut database.session(), "pepsi"), "2");
    assert!(!orphan.exists());
    assert_eq!(files(&mut session, &oid).len(), 1);
}

#[test]
fn only_the_server_reads_the_files() {
    let (database, mut session) = with_lexicon("file_mode");
    assert_eq!(ids(&mut database.session(), "pepsi"), "2");
    let oid = session.one(OID);
    for file in files(&mut session, &oid) {
        let mode = file.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn bytes_tells_the_size_of_the_compiled_form_wherever_it_lies() {
    let (database, mut one) = with_lexicon("bytes");
    let bytes = |session: &mut Session| -> u64 {
        let bytes = session.one("SELECT bytes FROM termstream.lexicons");
        bytes.parse().expect("a number")
    };
    let mut two = database.session();
    assert!(bytes(&mut one) > 1 << 20);
    assert_eq!(bytes(&mut one), bytes(&mut two));
    one.run("CREATE TABLE docs AS SELECT 'some words of document ' || n AS doc FROM generate_series(1, 50) n");
    one.run("SELECT termstream.learn('brands', 'SELECT doc FROM docs')");
    let learned = bytes(&mut one);
    assert!(learned > 1 << 20, "{learned} after learn");
    assert_eq!(bytes(&mut two), learned);
    one.run("INSERT INTO terms VALUES (6, 'Fanta')");
    assert!(bytes(&mut one) > learned);
}
