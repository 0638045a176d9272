//! What builds, learns, tunes, loads and takes rejects again hears a timeout at once, takes memory in
//! proportion, and fails alone where there is none. Told by the backend's own `/proc` entry: the time is
//! that of its processor, which other work on the machine does not lengthen.

use crate::database::{Database, Failure, Session};
use crate::fixtures::with_stream;

/// Processor time of a process in ticks of 10 ms.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the server is here");
    let (_, after) = stat.rsplit_once(") ").expect("a name in parentheses");
    let fields: Vec<&str> = after.split(' ').collect();
    let number = |at: usize| fields[at].parse::<u64>().expect("a number");
    number(11) + number(12)
}

/// A line of `/proc/PID/status` in KiB.
fn status_kib(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it is here");
    let line = status.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.expect("a line of it").parse().expect("a number")
}

/// How much longer than its timeout a statement may be at work: a tenth of a second, and two ticks that
/// are counted late.
const LATE: u64 = 12;

/// Runs a statement with ever longer timeouts, each so many ticks, until one lets it end. A statement has
/// used no more processor time than its timeout when that ends it; what it uses then is its own fault.
fn hears_timeouts(database: &Database, prepare: &str, sql: &str, timeouts: &[u64]) {
    let mut heard = 0;
    for timeout in timeouts {
        let mut session = database.session();
        let pid = session.pid();
        session.run(prepare);
        session.run(&format!("SET statement_timeout = '{}ms'", timeout * 10));
        let before = ticks(pid);
        let outcome = session.client.simple_query(sql);
        let used = ticks(pid) - before;
        let Err(error) = outcome else {
            break;
        };
        let code = error.code().map(|code| code.code().to_owned());
        assert_eq!(code.as_deref(), Some("57014"), "{sql}: {error:?}");
        assert!(used <= timeout + LATE, "{sql}: {used} ticks for {timeout}");
        session.run("SET statement_timeout = 0");
        assert_eq!(session.one("SELECT 1"), "1");
        heard += 1;
    }
    assert!(heard > 0, "{sql}: no timeout was too short");
}

const TIMEOUTS: [u64; 6] = [5, 20, 50, 90, 140, 200];

#[test]
fn building_learning_and_tuning_hear_a_timeout() {
    let database = Database::new("bounds_timeout");
    let mut session = database.session();
    session.run(
        "CREATE TABLE terms (term_id bigint PRIMARY KEY, term text);
         INSERT INTO terms
         SELECT n, substr(md5(n::text), 1, 7) || ' ' || substr(md5((n / 3)::text), 1, 9)
           FROM generate_series(1, 200000) n;
         CREATE TABLE few (term_id bigint PRIMARY KEY, term text);
         INSERT INTO few SELECT term_id, term FROM terms LIMIT 30000;
         SELECT termstream.create_lexicon('few', 'few');
         ANALYZE",
    );
    let create = "SELECT termstream.create_lexicon('brands', 'terms')";
    hears_timeouts(&database, "", create, &TIMEOUTS);
    session.run(
        "SELECT termstream.drop_lexicon(lexicon) FROM termstream.lexicons WHERE lexicon = 'brands'",
    );
    session.run(create);
    let refresh = "SELECT termstream.refresh_lexicon('brands')";
    hears_timeouts(&database, "", refresh, &TIMEOUTS);
    // One document of many words, and many documents; both before a form is compiled.
    for query in [
        "SELECT string_agg(md5(n::text), ' ') FROM generate_series(1, 400000) n",
        "SELECT md5(n::text) || ' x ' || md5((n / 2)::text) FROM generate_series(1, 400000) n",
    ] {
        let learn = format!("SELECT termstream.learn('few', $query${query}$query$)");
        hears_timeouts(&database, "", &learn, &TIMEOUTS);
    }
    let tune = "SELECT count(*) FROM termstream.tune_lexicon('few',
        'SELECT term, term_id FROM few')";
    hears_timeouts(&database, "", tune, &TIMEOUTS);
}

/// What gzip makes of the same bytes many times over: it expands a thousandfold.
fn gzip(line: &str, times: usize) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let lines = line.repeat(1000);
    for _ in 0..times / 1000 {
        encoder.write_all(lines.as_bytes()).expect("memory");
    }
    encoder.finish().expect("memory")
}

#[test]
fn loads_hear_a_timeout() {
    let (database, mut session) = with_stream("bounds_load");
    let many = "1,a can of pepsi and some crisps,1.50\n";
    let bomb = database.file("many.gz", gzip(many, 1_000_000));
    // Ends in no line: a record that is longer than any may be.
    let endless = database.file("endless.gz", gzip("no line end", 60_000_000));
    // Nothing, compressed many times: the file has bytes, and its text none.
    let empty = gzip("", 0).repeat(4_000_000);
    let empty = database.file("empty.gz", empty);
    let rejected = database.file("rejected.csv", "x,a can of pepsi,1\n".repeat(300_000));
    for path in [&bomb, &endless, &empty, &rejected] {
        let load = format!(
            "CALL termstream.load_file('menu', '{path}', header => false, resume => false)"
        );
        hears_timeouts(&database, "", &load, &TIMEOUTS[..4]);
    }
    let plain = database.file("many.csv", many.repeat(500_000));
    let copy = format!("COPY menu FROM '{plain}' (FORMAT csv)");
    hears_timeouts(&database, "", &copy, &TIMEOUTS);
    session.run("TRUNCATE menu_rejects");
    session.run(&format!("COPY menu FROM '{rejected}' (FORMAT csv)"));
    let retry = "SELECT read FROM termstream.retry_rejects('menu')";
    hears_timeouts(&database, "", retry, &TIMEOUTS);
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "300000");
    for path in [bomb, endless, empty, rejected, plain] {
        std::fs::remove_file(path).expect("our own file");
    }
}

#[test]
fn a_lexicon_of_long_terms_takes_memory_in_proportion() {
    let database = Database::new("bounds_memory");
    let mut session = database.session();
    for (words, letters) in [(1, 192), (32, 6), (96, 2), (192, 1)] {
        session.run(&format!(
            "DROP TABLE IF EXISTS terms;
             CREATE TABLE terms (term_id bigint PRIMARY KEY, term text);
             INSERT INTO terms
             SELECT n, rtrim(regexp_replace(substr(letters, 1, 192), '(.{{{letters}}})', '\\1 ', 'g'))
               FROM (SELECT n, string_agg(translate(md5(n::text || m::text), '0123456789', 'ghijklmnop'), '')
                       FROM generate_series(1, 20000) n, generate_series(1, 6) m GROUP BY n)
                    AS t (n, letters)",
        ));
        let written: u64 = session
            .one("SELECT sum(octet_length(term)) >> 10 FROM terms")
            .parse()
            .expect("a number");
        let mut builder = database.session();
        let pid = builder.pid();
        let before = status_kib(pid, "VmHWM:");
        builder.run("SELECT termstream.create_lexicon('brands', 'terms')");
        let peak = status_kib(pid, "VmHWM:") - before;
        // Beside it what is shared by all backends, 128 MiB, and what any lexicon takes.
        let most = 16 * written + (160 << 10);
        assert!(peak < most, "{words} words: {peak} KiB for {written}");
        let stored = "SELECT sum(octet_length(bytes)) >> 10 FROM termstream.lexicon_chunk";
        let stored: u64 = builder.one(stored).parse().expect("a number");
        assert!(
            stored < 16 * written + (16 << 10),
            "{words} words: {stored} KiB for {written}"
        );
        let found = "SELECT count(*) FROM terms, termstream.match('brands', term) m
                      WHERE terms.term_id = 777 AND m.term_id = 777";
        assert_eq!(builder.one(found), "1");
        builder.run("SELECT termstream.drop_lexicon('brands')");
    }
}

/// The error of a statement in a session whose process may take so many MiB more. The limit is set by a
/// program of the server's, for who sets it must be the user whose process it is.
fn within(
    session: &mut Session,
    other: &mut Session,
    mebibytes: u64,
    sql: &str,
) -> Option<Failure> {
    let pid = session.pid();
    let mut limit = |bytes: &str| {
        // A program that ends before it read its row is an error.
        other.run(&format!(
            "COPY (SELECT) TO PROGRAM 'cat && prlimit --as={bytes}:unlimited --pid {pid}'"
        ));
    };
    let most = (status_kib(pid, "VmSize:") + (mebibytes << 10)) << 10;
    limit(&most.to_string());
    let outcome = session.client.simple_query(sql);
    limit("unlimited");
    outcome.err().map(|error| Failure::new(sql, &error))
}

#[test]
fn without_memory_a_statement_fails_alone() {
    let (database, mut other) = with_stream("bounds_limit");
    other.run(
        "CREATE TABLE many (term_id bigint PRIMARY KEY, term text);
         INSERT INTO many
         SELECT n, md5(n::text) || ' ' || md5((n / 3)::text) FROM generate_series(1, 60000) n",
    );
    let long = format!("1,\"{}\",1\n", "a \"\"pepsi\"\" ".repeat(1_000_000));
    let long = database.file("long.csv", long);
    let statements = [
        "SELECT termstream.create_lexicon('many', 'many')".to_owned(),
        "SELECT termstream.learn('brands', 'SELECT term || n FROM many, generate_series(1, 3) n')"
            .to_owned(),
        format!("CALL termstream.load_file('menu', '{long}', header => false, resume => false)"),
        format!("COPY menu FROM '{long}' (FORMAT csv)"),
    ];
    let mut session = database.session();
    // The library is there, and knows the lexicon.
    session.run("SELECT termstream.has_match('brands', 'pepsi')");
    for sql in statements {
        let mut failed = 0;
        for mebibytes in [4, 8, 16, 32, 64, 128] {
            let Some(failure) = within(&mut session, &mut other, mebibytes, &sql) else {
                break;
            };
            assert_eq!(failure.code, "53200", "{mebibytes} MiB: {failure:?}");
            failed += 1;
            for session in [&mut session, &mut other] {
                assert_eq!(
                    session.one("SELECT termstream.has_match('brands', 'pepsi')"),
                    "t"
                );
            }
        }
        assert!(failed > 0, "{sql}: nothing was too little");
    }
    std::fs::remove_file(long).expect("our own file");
}

#[test]
fn terms_and_words_beyond_what_they_may_have_cost_nothing() {
    let database = Database::new("bounds_extreme");
    let mut session = database.session();
    session.run(
        "CREATE TABLE terms (term_id bigint PRIMARY KEY, term text);
         INSERT INTO terms VALUES (1, 'Pepsi'), (2, repeat('x', 1000000)),
             (3, repeat('x y ', 2500)), (4, repeat('z', 100000000))",
    );
    let mut builder = database.session();
    let pid = builder.pid();
    let before = status_kib(pid, "VmHWM:");
    builder.run("SELECT termstream.create_lexicon('brands', 'terms')");
    let peak = status_kib(pid, "VmHWM:") - before;
    assert!(peak < 48 << 10, "{peak} KiB");
    let skipped = "SELECT terms, skipped FROM termstream.lexicons";
    assert_eq!(builder.one(skipped), "1|3");
    builder.run(
        "SELECT termstream.learn('brands', 'SELECT repeat(md5(n::text), 100000) FROM generate_series(1, 20) n')",
    );
    assert_eq!(
        builder.one("SELECT term_id FROM termstream.match('brands', 'a pepsy')"),
        "1"
    );
}

#[test]
fn a_long_record_of_another_encoding_is_converted_by_the_piece() {
    let (database, mut session) = with_stream("bounds_encoding");
    // Of two bytes each, from an odd place on, so that pieces end inside of characters.
    let hiragana = b"\xa4\xa2".repeat(1_500_000);
    let good = [b"1,x", hiragana.as_slice(), b" pepsi,1\n"].concat();
    let bad = [b"2,x", hiragana.as_slice(), b"\xa4,1\n"].concat();
    let path = database.file("euc.csv", [good, bad].concat());
    session.run(&format!(
        "CALL termstream.load_file('menu', '{path}', header => false, encoding => 'EUC_JP')"
    ));
    assert_eq!(
        session.lines("SELECT menu_id, term_id FROM menu_terms"),
        ["1|2"]
    );
    let rejected = "SELECT stage, errorcode, line_size FROM menu_rejects";
    assert_eq!(session.one(rejected), "parse|22021|3000006");
}
