//! Five sessions that change terms, match, load and drop for a while: memory and files stay flat.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::database::Database;
use crate::left;
use crate::random::{Random, is_long};

const SCHEMA: &str = "
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms SELECT n, 'brand ' || md5(n::text) FROM generate_series(1, 2000) n;
SELECT termstream.create_lexicon('brands', 'terms');
CREATE TABLE many (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO many SELECT n, 'maker ' || md5(n::text) FROM generate_series(1, 25000) n;
SELECT termstream.create_lexicon('large', 'many');
CREATE TABLE texts AS SELECT repeat('a brand and a maker, pepsi with ice ', 1 + n % 20) AS body FROM generate_series(1, 200) n;
SELECT termstream.create_match_stream('menu', columns => 'menu_id bigint, name text',
    lexicon => 'brands', key => 'menu_id', text_columns => '{name}', pairs => 'menu_terms');";

/// A session's work, over and over; `{n}` is a number that changes, `{pause}` a time in seconds, for what
/// writes stored forms of some MiB, which vacuum has to clear away.
const WORK: [&[&str]; 5] = [
    &[
        "UPDATE terms SET term = 'brand ' || md5('{n}' || term) WHERE term_id = 1 + {n} % 2000",
        "DELETE FROM many WHERE term_id = {n}",
        "INSERT INTO many VALUES ({n}, 'maker ' || {n}) ON CONFLICT DO NOTHING",
    ],
    &[
        "SELECT count(*) FROM texts, termstream.match('brands', body)",
        "SELECT count(*) FROM texts, termstream.match('large', body)",
    ],
    &[
        "INSERT INTO menu SELECT n, 'brand ' || md5(n::text) FROM generate_series({n}, {n} + 500) n",
        "DELETE FROM menu_terms",
    ],
    &[
        "SELECT termstream.create_lexicon('short_{n}', 'terms')",
        "SELECT count(*) FROM texts, termstream.match('short_{n}', body)",
        "SELECT termstream.drop_lexicon('short_{n}')",
        "SELECT pg_sleep({pause})",
    ],
    &[
        "SELECT termstream.learn('brands', 'SELECT body FROM texts')",
        "SELECT termstream.refresh_lexicon('large')",
        "SELECT count(*) FROM termstream.lexicons",
        "SELECT pg_sleep({pause})",
    ],
];

/// The most that a session held in the first half of its rounds, and in the second, in KiB.
struct Held {
    pid: u32,
    first: u64,
    second: u64,
    rounds: u64,
}

/// What a session may hold more in the second half, in KiB: a compilation at work holds some 34 MiB.
const MARGIN: u64 = 48 << 10;

#[test]
fn memory_and_files_stay_flat() {
    let database = Database::new("storm_soak");
    let mut watcher = database.session();
    watcher.run(SCHEMA);
    let (length, pause) = if is_long() { (1800, "5") } else { (15, "0.5") };
    let length = match std::env::var("TERMSTREAM_SOAK") {
        Ok(seconds) => seconds
            .parse()
            .expect("TERMSTREAM_SOAK is a number of seconds"),
        Err(_) => length,
    };
    let length = Duration::from_secs(length);
    let held = Mutex::new(Vec::new());
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for (number, work) in WORK.iter().enumerate() {
            let (database, held) = (&database, &held);
            scope.spawn(move || {
                let mut session = database.session();
                let pid = session.pid();
                let mut random = Random::new(number as u64 + 10);
                let (mut first, mut second, mut rounds) = (0, 0, 0);
                // At least so much, however slow the machine is.
                while begin.elapsed() < length || rounds < 40 {
                    let n = random.below(20_000).to_string();
                    for statement in *work {
                        session.run(&statement.replace("{n}", &n).replace("{pause}", pause));
                    }
                    rounds += 1;
                    let is_first = begin.elapsed() < length / 2 || rounds <= 20;
                    let most = if is_first { &mut first } else { &mut second };
                    *most = left::private_kib(pid).max(*most);
                }
                let one = Held {
                    pid,
                    first,
                    second,
                    rounds,
                };
                held.lock().expect("no thread has failed").push(one);
            });
        }
    });
    for one in held.into_inner().expect("no thread has failed") {
        let Held {
            pid,
            first,
            second,
            rounds,
        } = one;
        println!("{pid}: {rounds} rounds, {first} KiB, then {second}");
        assert!(
            second < first + MARGIN,
            "memory grew: {first} KiB, then {second}"
        );
    }
    // Vacuum comes once a minute; what it has cleared away is used again.
    let bytes: u64 = watcher
        .one("SELECT pg_database_size(current_database())")
        .parse()
        .unwrap();
    println!("{bytes} bytes");
    assert!(bytes < 6 << 30, "the database grew: {bytes} bytes");
    let files = left::files(&mut watcher);
    assert!(files <= 6, "{files} files");
    left::is_nothing(&mut watcher);
    // What changed is folded, and laid over the stored forms, as it goes.
    let changes = watcher.one("SELECT count(*) FROM termstream.lexicon_change");
    assert!(changes.parse::<u64>().unwrap() < 500, "{changes} changes");
}
