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

/// A session's work, over and over; `{n}` is a number that changes.
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
    ],
    &[
        "SELECT termstream.learn('brands', 'SELECT body FROM texts')",
        "SELECT termstream.refresh_lexicon('large')",
        "SELECT count(*) FROM termstream.lexicons",
    ],
];

/// What a session held at the end of the first third, and at the end of all, in KiB.
struct Held {
    pid: u32,
    first: u64,
    last: u64,
    rounds: u64,
}

#[test]
fn memory_and_files_stay_flat() {
    let database = Database::new("storm_soak");
    let mut watcher = database.session();
    watcher.run(SCHEMA);
    let length = Duration::from_secs(if is_long() { 1800 } else { 15 });
    let held = Mutex::new(Vec::new());
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for (number, work) in WORK.iter().enumerate() {
            let (database, held) = (&database, &held);
            scope.spawn(move || {
                let mut session = database.session();
                let pid = session.pid();
                let mut random = Random::new(number as u64 + 10);
                let (mut first, mut rounds) = (0, 0);
                // At least so much, however slow the machine is.
                while begin.elapsed() < length || rounds < 30 {
                    let n = random.below(20_000).to_string();
                    for statement in *work {
                        session.run(&statement.replace("{n}", &n));
                    }
                    rounds += 1;
                    if first == 0 && begin.elapsed() > length / 3 && rounds >= 10 {
                        first = left::private_kib(pid);
                    }
                }
                let last = left::private_kib(pid);
                let one = Held {
                    pid,
                    first,
                    last,
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
            last,
            rounds,
        } = one;
        println!("{pid}: {rounds} rounds, {first} KiB, then {last}");
        assert!(
            last < first + first / 4 + 16_384,
            "memory grew: {first} KiB, then {last}"
        );
    }
    let files = left::files(&mut watcher);
    assert!(files <= 6, "{files} files");
    left::is_nothing(&mut watcher);
    // What changed is folded, and laid over the stored forms, as it goes.
    let changes = watcher.one("SELECT count(*) FROM termstream.lexicon_change");
    assert!(changes.parse::<u64>().unwrap() < 500, "{changes} changes");
}
