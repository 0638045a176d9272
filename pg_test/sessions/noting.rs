//! How changes of terms are noted: a change that changes nothing costs nothing, a transaction has one row,
//! and what was noted is folded, whatever is open meanwhile.

use crate::database::Session;
use crate::fixtures::{ids, with_lexicon};

/// What tells the state of the terms from any other, as everybody sees it.
const NOTED: &str =
    "SELECT coalesce(string_agg(xid || ' ' || token || ' ' || detailed, ',' ORDER BY xid), 'none')
                       FROM termstream.lexicon_change";

#[test]
fn a_statement_that_changes_no_term_notes_nothing() {
    let (database, mut one) = with_lexicon("nothing");
    let mut two = database.session();
    one.run("ALTER TABLE terms ADD COLUMN price numeric");
    one.run("SELECT termstream.refresh_lexicon('brands')");
    let before = one.one(NOTED);
    for statement in [
        "DELETE FROM terms WHERE false",
        "INSERT INTO terms SELECT * FROM terms WHERE false",
        "UPDATE terms SET price = 1.5",
        "UPDATE terms SET term = term",
        "INSERT INTO terms VALUES (1, 'Pepsi') ON CONFLICT DO NOTHING",
        "INSERT INTO terms VALUES (1, 'Fanta') ON CONFLICT (term_id) DO UPDATE SET price = 2",
        "BEGIN; DELETE FROM terms; ROLLBACK",
    ] {
        one.run(statement);
        assert_eq!(one.one(NOTED), before, "{statement}");
    }
    assert_eq!(ids(&mut two, "pepsi or fanta"), "2");
}

#[test]
fn a_transaction_of_many_changes_has_one_row() {
    let (database, mut one) = with_lexicon("one_row");
    let mut two = database.session();
    let before: u32 = one
        .one("SELECT count(*) FROM termstream.lexicon_change")
        .parse()
        .expect("a number");
    one.run("BEGIN");
    for n in 0..200 {
        one.run(&format!(
            "UPDATE terms SET term = 'Fanta {n}' WHERE term_id = 1"
        ));
        assert_eq!(ids(&mut one, &format!("fanta {n}")), "1");
    }
    // Each change would leave a row that the transaction itself must read past.
    assert_eq!(
        one.one(
            "SELECT pg_stat_get_xact_tuples_inserted(c) + pg_stat_get_xact_tuples_updated(c) < 5
                   FROM (SELECT 'termstream.lexicon_change'::regclass AS c) t"
        ),
        "t"
    );
    one.run("COMMIT");
    assert_eq!(ids(&mut two, "fanta 199 or fanta 77"), "1");
    assert_eq!(
        one.one("SELECT count(*) FROM termstream.lexicon_change"),
        (before + 1).to_string()
    );
}

#[test]
fn a_cursor_between_two_changes_of_its_transaction_keeps_its_terms() {
    let (_database, mut one) = with_lexicon("between");
    one.run("BEGIN; INSERT INTO terms VALUES (6, 'Fanta')");
    let query =
        "SELECT (SELECT string_agg(m.term_id::text, ',') FROM termstream.match('brands', d) m)
                   FROM (VALUES ('fanta sprite'), ('sprite fanta')) v (d)";
    one.run(&format!("DECLARE c CURSOR FOR {query}"));
    one.run("INSERT INTO terms VALUES (7, 'Sprite')");
    assert_eq!(ids(&mut one, "fanta sprite"), "6,7");
    assert_eq!(one.one("FETCH c"), "6");
    assert_eq!(ids(&mut one, "fanta sprite"), "6,7");
    assert_eq!(one.one("FETCH c"), "6");
    one.run("COMMIT");
    assert_eq!(ids(&mut one, "fanta sprite"), "6,7");
}

#[test]
fn a_lexicon_with_an_old_snapshot_open_stays_cheap_to_read() {
    for old in [
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM terms",
        "BEGIN; SELECT txid_current()",
        "BEGIN; INSERT INTO terms VALUES (100, 'Heinz')",
    ] {
        let (database, mut one) = with_lexicon("old_snapshot");
        let mut open = database.session();
        open.run(old);
        for n in 0..1500 {
            one.run(&format!(
                "UPDATE terms SET term = 'Fanta {n}' WHERE term_id = 1"
            ));
        }
        let mut reader = database.session();
        reader.run("BEGIN");
        assert_eq!(ids(&mut reader, "fanta 1499 or fanta 3"), "1", "{old}");
        // Entries of the index that were looked at, those of deleted rows among them.
        let read = reader.one(
            "SELECT pg_stat_get_xact_tuples_returned('termstream.lexicon_change_pkey'::regclass)",
        );
        let read: u32 = read.parse().expect("a number");
        assert!(read < 700, "{read} rows read after {old}");
    }
}

/// Numbers that look random and are the same in every run (Lehmer, 1951; Park and Miller's constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0 * 48271 % 0x7FFF_FFFF;
        self.0 % bound
    }
}

/// One session of many: it changes its own ten terms, so that nobody waits for another.
struct Player {
    session: Session,
    first: u64,
    open: bool,
    savepoints: u32,
}

impl Player {
    fn step(&mut self, numbers: &mut Numbers) {
        let id = self.first + numbers.below(10);
        let word = WORDS[(id % 40) as usize];
        match numbers.below(12) {
            0 if !self.open => self.begin("READ COMMITTED"),
            1 if !self.open => self.begin("REPEATABLE READ"),
            2 if self.open => self.end("COMMIT"),
            3 if self.open => self.end("ROLLBACK"),
            4 if self.open => {
                self.savepoints += 1;
                self.session.run(&format!("SAVEPOINT s{}", self.savepoints));
            }
            5 if self.savepoints > 0 => {
                self.session
                    .run(&format!("ROLLBACK TO s{}", self.savepoints));
                self.savepoints -= 1;
            }
            6 if self.savepoints > 0 => {
                self.session.run(&format!("RELEASE s{}", self.savepoints));
                self.savepoints -= 1;
            }
            7 => self
                .session
                .run(&format!("DELETE FROM terms WHERE term_id = {id}")),
            8 => self.session.run(&format!(
                "UPDATE terms SET term = 'the ' || term WHERE term_id = {id} AND length(term) < 20"
            )),
            _ => self.session.run(&format!(
                "INSERT INTO terms VALUES ({id}, '{word}') ON CONFLICT DO NOTHING"
            )),
        }
    }

    fn begin(&mut self, level: &str) {
        self.session.run(&format!("BEGIN ISOLATION LEVEL {level}"));
        self.open = true;
    }

    fn end(&mut self, how: &str) {
        self.session.run(how);
        (self.open, self.savepoints) = (false, 0);
    }

    fn check(&mut self, step: usize) {
        let found = self.session.one(
            "SELECT (SELECT coalesce(string_agg(DISTINCT term_id::text, ',' ORDER BY term_id::text), '')
                       FROM termstream.match('brands', string_agg(term, ' and '), overlap => 'all'))
                    || ' of ' || coalesce(string_agg(term_id::text, ',' ORDER BY term_id::text), '')
                    || ' ' || (SELECT count(*) FROM words w, LATERAL termstream.match('brands', w.word) m
                                WHERE NOT EXISTS (SELECT FROM terms t WHERE t.term_id = m.term_id))
               FROM terms",
        );
        let (matched, rest) = found.split_once(" of ").expect("both");
        let (there, others) = rest.split_once(' ').expect("both");
        assert_eq!(matched, there, "in step {step}");
        assert_eq!(others, "0", "terms that are not there, in step {step}");
    }
}

const WORDS: [&str; 40] = [
    "quorl", "zyxwab", "brimpf", "tolgar", "vixen", "morbal", "dwelk", "frosp", "gribble",
    "hulmat", "jaskor", "kelpin", "lumdar", "nafto", "opquel", "pranzy", "rivuk", "skolde",
    "tumfa", "ulvern", "wompet", "xantor", "yaldim", "zerbu", "aklof", "bindro", "cuspel",
    "dralto", "emvik", "folgun", "gaspir", "hendro", "ibklam", "jolfen", "kurspa", "lembot",
    "mirkus", "nolpak", "ostril", "punzak",
];

#[test]
fn every_session_sees_its_own_terms_whatever_is_open_folded_or_undone() {
    let (database, mut session) = with_lexicon("folding");
    session.run("DELETE FROM terms; CREATE TABLE words (word text)");
    for word in WORDS {
        session.run(&format!("INSERT INTO words VALUES ('{word}')"));
    }
    let mut players: Vec<Player> = (0..4)
        .map(|number| Player {
            session: database.session(),
            first: 1000 + number * 10,
            open: false,
            savepoints: 0,
        })
        .collect();
    let mut numbers = Numbers(4711);
    for step in 0..1500 {
        let player = numbers.below(4) as usize;
        players[player].step(&mut numbers);
        if step % 3 == 0 {
            let reader = numbers.below(4) as usize;
            players[reader].check(step);
        }
    }
    for player in &mut players {
        if player.open {
            player.end("COMMIT");
        }
        player.check(1500);
    }
    let folded =
        session.one("SELECT count(*) FROM termstream.lexicon_change WHERE seen IS NOT NULL");
    assert_ne!(folded, "0");
}

/// A partitioned source, whose rows are noted one by one, without a stored form: as a restore leaves it.
const WITHOUT_BASE: &str = "
CREATE TABLE parts (term_id bigint, term text) PARTITION BY RANGE (term_id);
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (1000000);
INSERT INTO parts SELECT n, 'maker ' || n FROM generate_series(1, 100) n;
SELECT termstream.create_lexicon('parts', 'parts');
DELETE FROM termstream.lexicon_base; DELETE FROM termstream.lexicon_chunk";

const FOUND: &str = "SELECT coalesce(string_agg(term_id::text, ',' ORDER BY term_id), 'none')
    FROM termstream.match('parts', 'fanta, sprite, mirinda and schweppes')";

#[test]
fn a_statement_of_many_rows_makes_a_missing_base_once() {
    let (database, mut one) = with_lexicon("missing_base");
    one.run(WITHOUT_BASE);
    one.run("BEGIN");
    // What the session has counted and not yet reported is in it, too.
    let bases = |session: &mut Session| -> u32 {
        let count = "SELECT pg_stat_get_xact_tuples_inserted('termstream.lexicon_base'::regclass)";
        session.one(count).parse().expect("a number")
    };
    let before = bases(&mut one);
    one.run(
        "INSERT INTO parts SELECT n, 'brand ' || n FROM generate_series(1000, 1300) n
         UNION ALL VALUES (2001, 'Fanta'), (2002, 'Sprite'), (2003, 'Mirinda')",
    );
    // Each one more would be a compilation: 80 ms a row.
    assert_eq!(bases(&mut one), before + 1);
    assert_eq!(one.one(FOUND), "2001,2002,2003");
    one.run("DELETE FROM parts WHERE term_id = 2002");
    assert_eq!(one.one(FOUND), "2001,2003");
    assert_eq!(bases(&mut one), before + 1);
    one.run("COMMIT");
    assert_eq!(database.session().one(FOUND), "2001,2003");
}

#[test]
fn rows_that_come_after_a_base_was_made_within_their_statement_are_not_lost() {
    let (database, mut one) = with_lexicon("nested_base");
    one.run(WITHOUT_BASE);
    // With the first row of a statement another statement changes the terms, and makes the base.
    one.run(
        "CREATE FUNCTION nest() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF NEW.term = 'Fanta' THEN INSERT INTO parts VALUES (3000, 'Schweppes'); END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER nest BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION nest()",
    );
    one.run("INSERT INTO parts VALUES (2001, 'Fanta'), (2002, 'Sprite'), (2003, 'Mirinda')");
    let mut two = database.session();
    for session in [&mut one, &mut two] {
        assert_eq!(session.one(FOUND), "2001,2002,2003,3000");
    }
    one.run("DELETE FROM parts WHERE term_id IN (2002, 3000)");
    for session in [&mut one, &mut two] {
        assert_eq!(session.one(FOUND), "2001,2003");
    }
}
