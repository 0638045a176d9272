//! `match` and its short forms through SQL: what the columns mean, and which terms there are.

use crate::database::Database;
use crate::fixtures::with_lexicon;

#[test]
fn start_and_length_cut_the_mention_out_of_the_document() {
    let (_database, mut session) = with_lexicon("spans");
    let documents = [
        "pepsi",
        "İİİ pepsi!",
        "Straße ﬁne — Pépsi",
        "👩‍👩‍👧 🍕 PEPSI 🍕 coca cola",
        "日本語 pepsi と coca-cola です",
        "e\u{301}e\u{301} nestle\u{301}",
        "ßßß ben and jerry's ﬀ nestle",
        "ＰＥＰＳＩ ｃｏｃａ－ｃｏｌａ",
    ];
    for document in documents {
        let wrong = session.lines(&format!(
            "SELECT m FROM (VALUES ($doc${document}$doc$)) d (t), termstream.match('brands', t) m
              WHERE substr(t, start, length) IS DISTINCT FROM matched"
        ));
        assert_eq!(wrong, [""; 0], "{document}");
        let found = session.one(&format!(
            "SELECT count(*) > 0 FROM termstream.match('brands', $doc${document}$doc$)"
        ));
        assert_eq!(found, "t", "{document}");
    }
}

#[test]
fn a_mention_says_which_term_where_and_how_far() {
    let (_database, mut session) = with_lexicon("columns");
    assert_eq!(
        session.lines(
            "SELECT * FROM termstream.match('brands', 'Coca-Cola, PEPSI, nestle and ben & jery''s')"
        ),
        [
            "1|Coca-Cola|Coca-Cola|1|9|0|1|exact",
            "2|Pepsi|PEPSI|12|5|0|1|folded",
            "4|Nestlé|nestle|19|6|0|1|folded",
            "3|Ben & Jerry's|ben & jery's|30|12|1|0.9166667|fuzzy",
        ]
    );
}

#[test]
fn a_null_argument_finds_nothing() {
    let (_database, mut session) = with_lexicon("strict");
    assert_eq!(
        session.lines("SELECT * FROM termstream.match('brands', NULL)"),
        [""; 0]
    );
    assert_eq!(
        session.lines("SELECT * FROM termstream.match(NULL, 'pepsi')"),
        [""; 0]
    );
    assert_eq!(
        session.one(
            "SELECT termstream.has_match('brands', NULL) IS NULL
                AND termstream.best_match(NULL, 'pepsi') IS NULL
                AND termstream.highlight('brands', 'pepsi', NULL) IS NULL"
        ),
        "t"
    );
}

#[test]
fn several_terms_with_one_id_are_synonyms() {
    let database = Database::new("synonyms");
    let mut session = database.session();
    session.run(
        "CREATE TABLE terms (term_id int, term text);
         INSERT INTO terms VALUES (1, 'Coca-Cola'), (1, 'Coke'), (1, 'Coke'), (2, 'Pepsi'), (3, 'pepsi');
         SELECT termstream.create_lexicon('brands', 'terms')",
    );
    assert_eq!(
        session.lines("SELECT term_id, term FROM termstream.match('brands', 'a coke or a coca cola') ORDER BY start"),
        ["1|Coke", "1|Coca-Cola"]
    );
    assert_eq!(
        session.lines("SELECT term_id FROM termstream.match('brands', 'one pepsi') ORDER BY 1"),
        ["2", "3"],
        "one text with two ids is two mentions"
    );
}

#[test]
fn terms_with_nothing_to_match_are_counted_and_named() {
    let database = Database::new("skipped");
    let mut session = database.session();
    session.run(
        "CREATE TABLE terms (term_id bigint, term text);
         INSERT INTO terms VALUES (1, 'Pepsi'), (2, NULL), (3, ''), (4, '  '), (5, '!!!'), (NULL, 'Fanta'), (7, 'Fanta')",
    );
    assert_eq!(
        session.one("SELECT termstream.create_lexicon('brands', 'terms')"),
        "2"
    );
    assert_eq!(
        session.lines(
            "SELECT terms, skipped, skipped_ids, bytes IS NOT NULL, state FROM termstream.lexicons"
        ),
        ["2|5|{2,3,4,5}|t|ready"]
    );
    assert_eq!(
        session.one("SELECT term_id FROM termstream.match('brands', 'fanta')"),
        "7"
    );
}

#[test]
fn ids_are_whole_numbers_of_any_size_and_nothing_else() {
    let database = Database::new("ids");
    let mut session = database.session();
    for (id_type, largest) in [
        ("smallint", "32767"),
        ("integer", "2147483647"),
        ("bigint", "9223372036854775807"),
        ("bigint", "-9223372036854775808"),
    ] {
        session.run(&format!(
            "CREATE TABLE t (term_id {id_type}, term varchar(20)); INSERT INTO t VALUES ({largest}, 'Pepsi');
             SELECT termstream.create_lexicon('l', 't')"
        ));
        assert_eq!(
            session.one("SELECT term_id FROM termstream.match('l', 'pepsi')"),
            largest
        );
        session.run("SELECT termstream.drop_lexicon('l'); DROP TABLE t");
    }
    for id_type in ["text", "uuid", "numeric", "oid", "int[]"] {
        session.run(&format!("CREATE TABLE t (term_id {id_type}, term text)"));
        session
            .error("SELECT termstream.create_lexicon('l', 't')")
            .is(
                "42804",
                "column \"term_id\" cannot hold the ids of a lexicon",
            )
            .hints("integer key");
        session.run("DROP TABLE t");
    }
}

#[test]
fn the_columns_of_the_source_can_have_any_name() {
    let database = Database::new("odd_source");
    let mut session = database.session();
    session.run(
        "CREATE SCHEMA \"My Shop\";
         CREATE TABLE \"My Shop\".\"Brand \"\"Names\"\"\" (\"Id No\" int, \"select\" text);
         INSERT INTO \"My Shop\".\"Brand \"\"Names\"\"\" VALUES (7, 'Pepsi');
         SELECT termstream.create_lexicon('it''s \"odd\"', '\"My Shop\".\"Brand \"\"Names\"\"\"', 'Id No', 'select')",
    );
    assert_eq!(
        session.one("SELECT term_id FROM termstream.match('it''s \"odd\"', 'pepsi')"),
        "7"
    );
    session.run("INSERT INTO \"My Shop\".\"Brand \"\"Names\"\"\" VALUES (8, 'Fanta')");
    assert_eq!(
        session.one("SELECT term_id FROM termstream.match('it''s \"odd\"', 'fanta')"),
        "8"
    );
    session.run("SELECT termstream.drop_lexicon('it''s \"odd\"')");
    session.run("INSERT INTO \"My Shop\".\"Brand \"\"Names\"\"\" VALUES (9, 'Sprite')");
}

#[test]
fn the_short_forms_agree_with_match() {
    let (_database, mut session) = with_lexicon("short_forms");
    session.run(
        "CREATE TABLE documents (d text);
         INSERT INTO documents VALUES ('pepsi'), ('nothing here'), (''), ('pepsii and Coca-Cola'),
             ('red bull, coca cola, pepsi'), ('bne & jerrys'), ('🍕 pepsi 🍕'), ('peps')",
    );
    assert_eq!(
        session.lines(
            "SELECT d FROM documents
              WHERE termstream.has_match('brands', d)
                 <> EXISTS (SELECT FROM termstream.match('brands', d))"
        ),
        [""; 0]
    );
    assert_eq!(
        session.lines(
            "SELECT d FROM documents
              WHERE termstream.best_match('brands', d) IS DISTINCT FROM
                (SELECT m FROM termstream.match('brands', d) m
                  ORDER BY similarity DESC, octet_length(matched) DESC, start LIMIT 1)"
        ),
        [""; 0]
    );
    assert_eq!(
        session.one("SELECT (termstream.best_match('brands', 'a pepsii')).term"),
        "Pepsi"
    );
    assert_eq!(
        session.lines("SELECT termstream.highlight('brands', d, '[', ']') FROM documents"),
        [
            "[pepsi]",
            "nothing here",
            "",
            "[pepsii] and [Coca-Cola]",
            "[red bull], [coca cola], [pepsi]",
            "[bne & jerrys]",
            "🍕 [pepsi] 🍕",
            session
                .one("SELECT termstream.highlight('brands', 'peps', '[', ']')")
                .as_str(),
        ]
    );
    assert_eq!(
        session.one("SELECT termstream.highlight('brands', 'a pepsi')"),
        "a <b>pepsi</b>"
    );
}

#[test]
fn overlap_all_returns_nested_mentions_and_longest_does_not() {
    let database = Database::new("overlap");
    let mut session = database.session();
    session.run(
        "CREATE TABLE terms (term_id int, term text);
         INSERT INTO terms VALUES (1, 'Coca Cola'), (2, 'Coca Cola Zero'), (3, 'Zero');
         SELECT termstream.create_lexicon('longest', 'terms');
         SELECT termstream.create_lexicon('all', 'terms', overlap => 'all')",
    );
    let found = |lexicon| {
        format!("SELECT term_id FROM termstream.match('{lexicon}', 'a coca cola zero') ORDER BY 1")
    };
    assert_eq!(session.lines(&found("longest")), ["2"]);
    assert_eq!(session.lines(&found("all")), ["1", "2", "3"]);
    assert_eq!(
        session.one("SELECT termstream.highlight('all', 'a coca cola zero', '[', ']')"),
        "a [coca cola zero]"
    );
}

#[test]
fn every_way_to_overlap_can_be_chosen() {
    let (_database, mut session) = with_lexicon("overlaps");
    for overlap in ["longest", "nested", "all"] {
        session.run(&format!(
            "SELECT termstream.create_lexicon('{overlap}', 'terms', overlap => '{overlap}')"
        ));
        assert_eq!(
            session.one(&format!(
                "SELECT term_id FROM termstream.match('{overlap}', 'pepsi')"
            )),
            "2"
        );
    }
}

#[test]
fn without_whole_words_a_term_is_found_inside_a_word() {
    let (_database, mut session) = with_lexicon("inside");
    session.run("SELECT termstream.create_lexicon('inside', 'terms', whole_words => false)");
    let found = |lexicon| {
        format!("SELECT term_id, matched, start FROM termstream.match('{lexicon}', 'xxpepsixx')")
    };
    assert_eq!(session.lines(&found("brands")), [""; 0]);
    assert_eq!(session.lines(&found("inside")), ["2|pepsi|3"]);
}

#[test]
fn max_distance_bounds_the_edits() {
    let database = Database::new("max_distance");
    let mut session = database.session();
    session.run("CREATE TABLE terms (term_id int, term text); INSERT INTO terms VALUES (1, 'Häagen-Dazs'), (2, 'Philadelphia')");
    for (distance, found) in [
        ("0", ["t", "f", "f", "f"]),
        ("1", ["t", "t", "f", "f"]),
        ("2", ["t", "t", "t", "f"]),
        ("NULL", ["t", "t", "t", "f"]),
    ] {
        session.run(&format!(
            "SELECT termstream.create_lexicon('l', 'terms', max_distance => {distance})"
        ));
        let answers = session.lines(
            "SELECT termstream.has_match('l', d) FROM unnest(array['philadelphia', 'philadelfia', 'filadelphia',
                'xiladelfiaa']) WITH ORDINALITY u (d, n) ORDER BY n",
        );
        let distances = session.lines(
            "SELECT max(distance) FROM unnest(array['philadelphia', 'philadelhia', 'filadelphia']) d, termstream.match('l', d)",
        );
        if distance != "NULL" {
            assert!(
                distances[0].as_str() <= distance,
                "{distance}: {distances:?}"
            );
        }
        assert_eq!(
            (answers[0].as_str(), answers[3].as_str()),
            (found[0], found[3]),
            "{distance}: {answers:?}"
        );
        session.run("SELECT termstream.drop_lexicon('l')");
    }
}

#[test]
fn a_terms_own_edits_count_as_they_are() {
    let database = Database::new("own_edits");
    let mut session = database.session();
    session.run(
        "CREATE TABLE terms (term_id int, term text, edits int);
         INSERT INTO terms VALUES (1, 'Belkin', 2), (2, 'Lindor', NULL), (3, 'Igo', 1), (4, 'Sandisk', 0);
         SELECT termstream.create_lexicon('l', 'terms', distance_column => 'edits', common_words => 'none')",
    );
    let found = "SELECT term, matched, distance
                   FROM termstream.match('l', 'velcin, bil kyn''s, blekin, lintur, lindr, ago, sandsk')";
    assert_eq!(
        session.lines(found),
        [
            "Belkin|velcin|2",
            "Belkin|bil kyn|2",
            "Belkin|blekin|1",
            "Lindor|lindr|1",
            "Igo|ago|1",
        ]
    );
    // Changed beside the compiled terms.
    session.run(
        "UPDATE terms SET edits = 1 WHERE term_id = 1; UPDATE terms SET edits = 2 WHERE term_id IN (2, 4)",
    );
    assert_eq!(
        session.lines(found),
        [
            "Belkin|blekin|1",
            "Lindor|lintur|2",
            "Lindor|lindr|1",
            "Igo|ago|1",
            "Sandisk|sandsk|1",
        ]
    );
}

#[test]
fn parallel_workers_find_what_one_process_finds() {
    let (_database, mut session) = with_lexicon("parallel");
    session.run(
        "CREATE TABLE documents AS
           SELECT n, (array['pepsi ', 'cocacola ', 'a nestle ', 'nothing ', 'red bulll '])[n % 5 + 1] || n AS d
             FROM generate_series(1, 20000) n;
         ANALYZE documents",
    );
    let query = "SELECT count(*), sum(m.term_id * documents.n), max(m.distance)
                   FROM documents, termstream.match('brands', d) m";
    let serial = {
        session.run("SET max_parallel_workers_per_gather = 0");
        session.one(query)
    };
    session.run(
        "SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0;
         SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0",
    );
    let plan = session
        .lines(&format!("EXPLAIN (ANALYZE, COSTS off, TIMING off) {query}"))
        .join("\n");
    assert!(plan.contains("Workers Launched: 2"), "{plan}");
    assert_eq!(session.one(query), serial);
    // Workers see what their leader has not committed.
    session.run("BEGIN");
    session.run("INSERT INTO terms VALUES (9, 'nothing')");
    let found = session.one(&format!("{query} WHERE m.term_id = 9"));
    session.run("ROLLBACK");
    assert!(found.starts_with("4000|"), "{found}");
    assert_eq!(session.one(query), serial);
}

#[test]
fn a_lexicon_of_an_empty_table_finds_nothing() {
    let database = Database::new("empty_source");
    let mut session = database.session();
    session.run("CREATE TABLE terms (term_id int, term text)");
    assert_eq!(
        session.one("SELECT termstream.create_lexicon('l', 'terms')"),
        "0"
    );
    assert_eq!(
        session.lines("SELECT * FROM termstream.match('l', 'anything')"),
        [""; 0]
    );
    session.run("INSERT INTO terms VALUES (1, 'anything')");
    assert_eq!(
        session.one("SELECT matched FROM termstream.match('l', 'anything')"),
        "anything"
    );
}
