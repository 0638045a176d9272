//! Cancels, timeouts and terminations at random moments, in every function, load and build.

use std::time::Duration;

use crate::database::{Database, Session};
use crate::left;
use crate::random::{Random, is_long};

const ROWS: usize = 20_000;

const SCHEMA: &str = "
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms VALUES (1, 'Coca-Cola'), (2, 'Pepsi'), (3, 'Ben & Jerry''s'), (4, 'Nestlé'), (5, 'Red Bull');
SELECT termstream.create_lexicon('brands', 'terms');
CREATE TABLE many (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO many SELECT n, 'brand ' || md5(n::text) FROM generate_series(1, 25000) n;
SELECT termstream.create_lexicon('large', 'many');
CREATE TABLE texts (id bigint PRIMARY KEY, body text NOT NULL);
INSERT INTO texts SELECT n, repeat('pepsi with ice, coca colla and red buul ', 1 + n % 50) FROM generate_series(1, 500) n;
CREATE TABLE labelled AS SELECT body AS document, 2::bigint AS term_id FROM texts;
SELECT termstream.create_match_stream('menu', columns => 'menu_id bigint, name text, price numeric(5,2)',
    lexicon => 'brands', key => 'menu_id', text_columns => '{name}', pairs => 'menu_terms');";

/// What is interrupted. Each leaves the tables as they were, or changes them in a way that the end of the
/// test knows; `{file}` is a file that the server can read.
const STATEMENTS: [&str; 21] = [
    "SELECT count(*) FROM texts, termstream.match('brands', body)",
    "SELECT count(*) FROM texts, termstream.match('large', body, 'all')",
    "SELECT count(*) FROM texts, termstream.match_ids('brands', body, body)",
    "SELECT count(*) FROM texts WHERE termstream.has_match('large', body)",
    "SELECT count(termstream.best_match('brands', body)) FROM texts",
    "SELECT count(*) FROM texts, termstream.count_terms('brands', body)",
    "SELECT sum(termstream.word_count(body)) FROM texts",
    "SELECT sum(length(termstream.highlight('brands', body))) FROM texts",
    "SELECT count(*) FROM (SELECT * FROM texts LIMIT 20) t, termstream.explain_match('brands', body)",
    "SELECT termstream.has_match('brands', repeat('pepsi and some other words here, ', 200000))",
    "SELECT termstream.refresh_lexicon('large')",
    "SELECT termstream.learn('brands', 'SELECT body FROM texts')",
    "SELECT count(*) FROM termstream.tune_lexicon('brands', 'SELECT document, term_id FROM labelled')",
    "SELECT termstream.create_lexicon('more', 'many', common_words => 'none'); SELECT termstream.drop_lexicon('more')",
    "BEGIN; UPDATE many SET term = term || 'x' WHERE term_id < 3000; SELECT termstream.has_match('large', 'brand'); ROLLBACK",
    "BEGIN; INSERT INTO terms SELECT n, 'term ' || n FROM generate_series(100, 5000) n; ROLLBACK",
    "BEGIN; INSERT INTO menu SELECT n, 'pepsi and nestle', 1 FROM generate_series(1, 20000) n; ROLLBACK",
    "BEGIN; INSERT INTO menu SELECT 'x' || n, 'pepsi', 1 FROM generate_series(1, 3000) n; ROLLBACK",
    "BEGIN; SELECT termstream.retry_rejects('menu'); ROLLBACK",
    "CALL termstream.load_file('menu', '{file}')",
    "CALL termstream.load_file('menu', '{file}', parallel => 2)",
];

#[test]
fn interruptions_leave_nothing_behind() {
    let database = Database::new("storm_cancels");
    let mut watcher = database.session();
    watcher.run(SCHEMA);
    // Some rows are rejects for good.
    let rows = |from: usize| -> String {
        let lines = (from..from + ROWS).map(|n| match n % 100 {
            0 => format!("x{n},nestle,1\n"),
            _ => format!("{n},pepsi and a red bull,1.5\n"),
        });
        std::iter::once("menu_id,name,price\n".to_owned())
            .chain(lines)
            .collect()
    };
    let files = [
        database.file("storm_a.csv", rows(1_000_001)),
        database.file("storm_b.csv", rows(2_000_001)),
    ];
    let mut random = Random::new(1);
    let mut victim = Victim::new(&database);
    let mut peak = 0;
    let times = if is_long() { 1000 } else { 60 };
    for time in 0..times {
        let file: &String = random.pick(&files);
        let statement = random.pick(&STATEMENTS).replace("{file}", file);
        let delay = Duration::from_micros(random.below(30_000) * random.below(8));
        match random.below(3) {
            0 => victim.run_with_timeout(&statement, delay),
            1 => victim.interrupt(&statement, delay, &mut watcher, "pg_cancel_backend"),
            _ => {
                victim.interrupt(&statement, delay, &mut watcher, "pg_terminate_backend");
                victim = Victim::new(&database);
            }
        }
        // What a session holds after its first statements is what it may hold after many.
        if time == times / 2 {
            peak = victim.warm_up(&STATEMENTS);
        }
    }
    left::is_nothing(&mut watcher);
    let after = victim.warm_up(&STATEMENTS);
    assert!(
        peak == 0 || after < peak + peak / 2 + 16_384,
        "memory grew: {peak} KiB, then {after}"
    );
    // The loads go on where they stopped, and no row is lost or taken twice.
    for file in &files {
        watcher.run(&format!("CALL termstream.load_file('menu', '{file}')"));
    }
    let good = 2 * (ROWS - ROWS / 100);
    assert_eq!(
        watcher.one("SELECT count(*), count(DISTINCT menu_id) FROM menu_terms"),
        format!("{}|{good}", 2 * good)
    );
    assert_eq!(
        watcher.one("SELECT count(*), count(DISTINCT line) FROM menu_rejects"),
        format!("{0}|{0}", 2 * ROWS / 100)
    );
    assert_eq!(
        watcher.one("SELECT count(*) FROM termstream.loads WHERE read <> taken + rejected"),
        "0"
    );
    let lexicons =
        watcher.lines("SELECT lexicon, terms, state FROM termstream.lexicons ORDER BY 1");
    assert_eq!(lexicons, ["brands|5|ready", "large|25000|ready"]);
    left::is_nothing(&mut watcher);
    // One form of each lexicon, and one that is about to be replaced.
    let files = left::files(&mut watcher);
    assert!(files <= 4, "{files} files");
    let none: [&str; 0] = [];
    assert_eq!(watcher.lines("SELECT * FROM termstream.check()"), none);
}

/// The session that is interrupted.
struct Victim {
    session: Session,
    pid: u32,
}

impl Victim {
    fn new(database: &Database) -> Victim {
        let mut session = database.session();
        let pid = session.pid();
        Victim { session, pid }
    }

    fn run_with_timeout(&mut self, statement: &str, delay: Duration) {
        let milliseconds = delay.as_millis().max(1);
        self.session
            .run(&format!("SET statement_timeout = {milliseconds}"));
        self.attempt(statement);
        self.session.run("SET statement_timeout = 0");
    }

    /// Interrupts the statement after a while, if it is still at work.
    fn interrupt(&mut self, statement: &str, delay: Duration, watcher: &mut Session, how: &str) {
        let pid = self.pid;
        std::thread::scope(|scope| {
            scope.spawn(|| self.attempt(statement));
            std::thread::sleep(delay);
            watcher.run(&format!("SELECT {how}({pid})"));
        });
        if how == "pg_cancel_backend" {
            // A cancel that came late hits the next statement.
            self.attempt("SELECT pg_sleep(0.01)");
        }
    }

    /// Runs the statements one after the other. An error ends them, and the transaction they opened.
    fn attempt(&mut self, statements: &str) {
        for statement in statements.split("; ") {
            if self.session.client.simple_query(statement).is_err() {
                // The connection may be gone.
                let _ = self.session.client.simple_query("ROLLBACK");
                return;
            }
        }
    }

    /// The memory that the session holds when it has done each of the statements that only read, in KiB.
    fn warm_up(&mut self, statements: &[&str]) -> u64 {
        for statement in statements.iter().filter(|one| one.contains("texts")) {
            self.attempt(statement);
        }
        left::private_kib(self.pid)
    }
}
