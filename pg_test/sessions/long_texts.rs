//! What a function of texts may take: it ends soon after its statement is cancelled, holds memory in
//! proportion to the document, and where there is none the statement fails and the session goes on. Told
//! by the backend's own `/proc` entry, in processor time, so that a busy machine makes no difference.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::database::{Database, Session};
use crate::fixtures::with_lexicon;

const SKIP: &str = "SKIP: the server's /proc is not here: nothing was measured";

/// A number in KiB of a backend's status.
fn status_kib(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Processor time that a backend has used, in milliseconds.
fn processor_ms(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<u64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    // A tick is a hundredth of a second wherever Linux runs Postgres.
    (ticks.len() == 2).then(|| 10 * (ticks[0] + ticks[1]))
}

/// Terms that honest and hostile texts are full of, and documents by name.
fn with_documents(name: &str) -> (Database, Session) {
    let (database, mut session) = with_lexicon(name);
    session.run(
        "INSERT INTO terms VALUES (6, 'x'), (7, 'b a'), (8, 'a b');
         CREATE TABLE documents (name text PRIMARY KEY, document text);
         ALTER TABLE documents ALTER document SET STORAGE EXTERNAL;
         INSERT INTO documents VALUES
             ('mentions', repeat('pepsi and some other words here, ', 800000)),
             ('x', repeat('x ', 10000000)),
             ('chain', repeat('a b ', 6000000)),
             ('warm', repeat('x pepsi y, pespi ', 64)),
             ('none', repeat('quo vadis ', 5000000)),
             ('word', repeat('q', 60000000)),
             ('accents', repeat('é', 10000000)),
             ('breaks', repeat(E'\\x1f', 60000000))",
    );
    (database, session)
}

/// Each function, and the documents that keep it busy for long.
const CALLS: [(&str, &[&str]); 9] = [
    (
        "count(*) FROM documents, termstream.match('brands', document)",
        &["mentions", "x", "chain", "none"],
    ),
    (
        "count(m) FROM (SELECT termstream.match('brands', document, 'all') m, name FROM documents) documents",
        &["mentions", "x"],
    ),
    (
        "count(*) FROM documents, termstream.match_ids('brands', document)",
        &["mentions", "x", "none"],
    ),
    (
        "count(*) FROM documents, termstream.count_terms('brands', document)",
        &["mentions", "x", "chain"],
    ),
    (
        "termstream.best_match('brands', document) FROM documents",
        &["mentions", "chain"],
    ),
    (
        "termstream.has_match('brands', document) FROM documents",
        &["none"],
    ),
    (
        "length(termstream.highlight('brands', document)) FROM documents",
        &["mentions", "x"],
    ),
    (
        "count(*) FROM documents, termstream.explain_match('brands', document)",
        &["mentions", "none"],
    ),
    (
        "termstream.word_count(document) FROM documents",
        &["x", "chain"],
    ),
];

#[test]
fn every_function_hears_a_cancel() {
    const TIMEOUT_MS: u64 = 150;
    let (database, _session) = with_documents("bounds_cancel");
    for (call, documents) in CALLS {
        for document in documents {
            let mut session = database.session();
            let pid = session.pid();
            session.run(&format!("SELECT {call} WHERE name = 'nothing'"));
            let Some(before) = processor_ms(pid) else {
                println!("{SKIP}");
                return;
            };
            // Often enough for a machine that ends one call before the timeout.
            let sql = format!("SELECT {call}, generate_series(1, 1000) WHERE name = '{document}'");
            session.run(&format!("SET statement_timeout = {TIMEOUT_MS}"));
            assert_eq!(session.error(&sql).code, "57014", "{sql}");
            // Until the timeout it used at most as much as passed; what is more, it used after that.
            let used = processor_ms(pid).expect("as before") - before;
            assert!(used <= TIMEOUT_MS + 100 + 20, "{sql}: {used} ms");
            session.run("SET statement_timeout = 0");
            assert_eq!(
                session.one("SELECT term_id FROM termstream.match('brands', 'a pespi')"),
                "2",
                "after {sql}"
            );
        }
    }
}

#[test]
fn a_function_holds_memory_in_proportion_to_the_document() {
    let (database, mut session) = with_documents("bounds_memory");
    session.run(
        "CREATE TABLE nested (term_id bigint PRIMARY KEY, term text);
         INSERT INTO nested SELECT n, repeat('x ', n) FROM generate_series(1, 100) n;
         SELECT termstream.create_lexicon('nested', 'nested');
         INSERT INTO documents VALUES ('small', repeat('x ', 7500)), ('none small', repeat('y ', 7500))",
    );
    let nested = CALLS.map(|(call, _)| {
        (
            call.replace("'brands'", "'nested'"),
            vec!["small", "none small"],
        )
    });
    let large = CALLS
        .iter()
        .filter(|(call, _)| !call.contains("explain_match"));
    let large = large.map(|(call, _)| (call.to_string(), vec!["x", "word", "accents"]));
    for (call, documents) in nested.into_iter().chain(large) {
        for document in documents {
            let mut session = database.session();
            let pid = session.pid();
            // Beyond that, Postgres keeps rows on disk.
            session.run("SET work_mem = '64kB'; SET jit = off");
            let bytes =
                format!("SELECT octet_length(document) FROM documents WHERE name = '{document}'");
            let bytes: u64 = session.one(&bytes).parse().expect("a length");
            // What Postgres and the extension hold for any document.
            session.run(&format!("SELECT {call} WHERE name = 'warm'"));
            let Some(before) = status_kib(pid, "VmHWM:") else {
                println!("{SKIP}");
                return;
            };
            let shared_before = shared_kib(pid);
            session.run(&format!("SELECT {call} WHERE name = '{document}'"));
            // Pages of the shared form, and of the server's buffers, are nobody's own.
            let shared = shared_kib(pid).saturating_sub(shared_before);
            let peak = status_kib(pid, "VmHWM:").expect("as before");
            let grown = (peak - before).saturating_sub(shared);
            println!("{grown} KiB for {} of {document}: {call}", bytes / 1024);
            let most = 1024 + UNTOLD + 16 * bytes / 1024;
            assert!(
                grown <= most,
                "{call} of {document}: {grown} KiB, not {most}"
            );
        }
    }
}

/// What may be missing in one reading of a process's memory and not in the next, in KiB: Linux adds up pages
/// in lots of 64 for each of three kinds.
const UNTOLD: u64 = 3 * 64 * 4;

/// What a backend has mapped of files and of the server's memory.
fn shared_kib(pid: u32) -> u64 {
    let part = |name| status_kib(pid, name).unwrap_or(0);
    part("RssFile:") + part("RssShmem:")
}

/// Gives a backend this much more address space than it has.
fn limited(pid: u32, more: u64) -> bool {
    let Some(size) = status_kib(pid, "VmSize:") else {
        return false;
    };
    let limit = format!("--as={}", size * 1024 + more);
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &pid.to_string(), &limit]);
    // The user of the server may limit it; root in a container may not.
    if let Ok(process) = std::fs::metadata(format!("/proc/{pid}")) {
        prlimit.uid(process.uid()).gid(process.gid());
    }
    prlimit.status().is_ok_and(|status| status.success())
}

#[test]
fn a_statement_without_memory_fails_alone() {
    let (database, mut one) = with_lexicon("bounds_refused");
    let mut other = database.session();
    other.run("BEGIN; SELECT termstream.has_match('brands', 'pepsi')");
    one.run("SELECT termstream.has_match('brands', 'pepsi')");
    if !limited(one.pid(), 100 << 20) {
        println!("SKIP: prlimit may not limit the backend: nothing was refused");
        return;
    }
    one.error("SELECT length(termstream.highlight('brands', repeat('pepsi ', 100000), repeat('x', 100000), ''))")
        .is("54000", "the marked document has 10000600000 bytes, more than a text may have")
        .details("100000 mentions")
        .hints("shorter marks");
    for sql in [
        // A text that Postgres may make, and the machine may not.
        "SELECT length(termstream.highlight('brands', repeat('pepsi ', 10000), repeat('x', 50000), ''))",
        // Words without an end.
        "SELECT termstream.has_match('brands', repeat('é', 8000000))",
        "SELECT termstream.word_count(repeat('дa', 8000000))",
        "SELECT count(*) FROM termstream.match('brands', repeat('ﬃ', 6000000))",
        "SELECT count(*) FROM termstream.match_ids('brands', repeat('pepsi ', 8000000), repeat('pepsi ', 8000000))",
    ] {
        assert_eq!(one.error(sql).code, "53200", "{sql}");
        assert_eq!(
            one.one("SELECT term_id FROM termstream.match('brands', 'a pespi')"),
            "2",
            "after {sql}"
        );
    }
    assert_eq!(
        other.one("SELECT termstream.has_match('brands', 'pepsi')"),
        "t"
    );
    other.run("COMMIT");
}

#[test]
fn many_rows_are_the_same_in_every_place_of_a_query() {
    let (_database, mut session) = with_lexicon("bounds_rows");
    let document = "repeat('pepsi, cocacola é ', 3000)";
    session.run("SET work_mem = '64kB'");
    let summary = "count(*), count(DISTINCT start), sum(start), min(start), max(start), sum(length), min(matched), max(term)";
    let expected = session.one(&format!(
        "SELECT {summary} FROM termstream.match('brands', {document})"
    ));
    assert_eq!(expected.split('|').next(), Some("6000"));
    for sql in [
        format!(
            "SELECT {summary} FROM (SELECT (m).* FROM (SELECT termstream.match('brands', {document}) m OFFSET 0) s) r"
        ),
        format!(
            "SELECT {summary} FROM generate_series(1, 1), LATERAL termstream.match('brands', {document})"
        ),
        format!(
            "SELECT {summary} FROM ROWS FROM (termstream.match('brands', {document}), generate_series(1, 6000)) r"
        ),
    ] {
        assert_eq!(session.one(&sql), expected, "{sql}");
    }
    assert_eq!(
        session.lines("SELECT (termstream.match('brands', repeat('pepsi ', n))).start FROM (VALUES (2), (3000), (1)) v(n) OFFSET 3001"),
        ["17995", "1"]
    );
    assert_eq!(
        session.one("SELECT count(*), sum(i) FROM (SELECT termstream.match_ids('brands', repeat('pepsi cola coca cola ', 3000)) i) s"),
        "2|3"
    );
    assert_eq!(
        session.lines(
            "SELECT * FROM termstream.count_terms('brands', repeat('pepsi, coca cola, ', 5000))"
        ),
        ["1|5000", "2|5000"]
    );
}
