//! Compiled forms in the making: made once for all who need them, and nothing left of one that was
//! cancelled.

use crate::database::Session;
use crate::fixtures::{ids, with_lexicon};

/// Without its stored form a lexicon is compiled from its table by whoever needs it.
const NO_BASE: &str = "DELETE FROM termstream.lexicon_base";

/// How often the terms were read as a whole; what a session did shows once it has been told to say so.
fn scans(session: &mut Session) -> i64 {
    session.lines("SELECT pg_stat_force_next_flush()");
    let scans = session.one(
        "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'terms'",
    );
    scans.parse().expect("a count")
}

#[test]
fn sessions_that_need_the_same_form_make_it_once() {
    let (database, mut writer) = with_lexicon("made_once");
    writer.run(
        "INSERT INTO terms SELECT n, 'brand ' || md5(n::text) FROM generate_series(10, 5000) n",
    );
    writer.run(NO_BASE);
    let before = scans(&mut writer);
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let mut session = database.session();
            std::thread::spawn(move || {
                let found = ids(&mut session, "pepsi");
                scans(&mut session);
                found
            })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.join().expect("a reader"), "2");
    }
    assert_eq!(scans(&mut writer) - before, 1);
}

#[test]
fn a_form_whose_making_is_cancelled_leaves_nothing_behind() {
    let (database, mut session) = with_lexicon("cancelled");
    session.run(
        "INSERT INTO terms SELECT n, 'brand ' || md5(n::text) FROM generate_series(10, 15000) n",
    );
    let mut cancelled = 0;
    for milliseconds in (1..60).step_by(3) {
        let mut hasty = database.session();
        session.run("INSERT INTO terms SELECT max(term_id) + 1, 'Pepsi' FROM terms");
        session.run(NO_BASE);
        hasty.run(&format!("SET statement_timeout = {milliseconds}"));
        let result = hasty
            .client
            .simple_query("SELECT count(*) FROM termstream.match('brands', 'pepsi')");
        cancelled += u32::from(result.is_err());
        // The one who was cancelled, and all others, find what there is.
        hasty.run("SET statement_timeout = 0");
        let expected = session.one("SELECT count(*) FROM terms WHERE term = 'Pepsi'");
        for session in [&mut hasty, &mut session] {
            let found = session.one("SELECT count(*) FROM termstream.match('brands', 'pepsi')");
            assert_eq!(found, expected);
        }
    }
    assert!(cancelled > 0, "nobody was cancelled");
    let folder = session.one("SHOW data_directory");
    let database = session.one("SELECT oid FROM pg_database WHERE datname = current_database()");
    let files = std::fs::read_dir(std::path::Path::new(&folder).join("pg_stat_tmp"))
        .expect("the server's folder can be read")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(&format!("termstream.{database}.")));
    // The form in use, and its lock; no unfinished one.
    let files: Vec<String> = files.collect();
    assert!(files.len() <= 2, "{files:?}");
}
