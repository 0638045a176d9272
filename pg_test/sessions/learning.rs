//! What a lexicon knows of words: ordinary ones, learned ones, options of single terms; and how it says
//! so in `explain_match` and `tune_lexicon`.

use crate::database::Session;
use crate::fixtures::with_lexicon;

/// Term, mention and verdict of each window near a term.
fn explained(session: &mut Session, lexicon: &str, document: &str) -> Vec<String> {
    session.lines(&format!(
        "SELECT term, matched, verdict FROM termstream.explain_match('{lexicon}', '{document}')"
    ))
}

const WORDS: &str = "
CREATE TABLE tools (term_id int PRIMARY KEY, term text, guard boolean, edits smallint, name text);
INSERT INTO tools VALUES (1, 'Wasa'), (2, 'Ridgid'), (3, 'Behr');
CREATE TABLE words (word text);
INSERT INTO words VALUES ('bohr'), (NULL)";

#[test]
fn an_explanation_says_which_rule_refused_a_word() {
    let (_database, mut session) = with_lexicon("explained");
    session.run(WORDS);
    session.run("SELECT termstream.create_lexicon('tools', 'tools')");
    assert_eq!(
        explained(&mut session, "tools", "wash the rigid wassa for a bear"),
        [
            "Wasa|wash|an ordinary word",
            "Ridgid|rigid|an ordinary word",
            "Wasa|wassa|accepted",
            "Behr|bear|an ordinary word",
        ]
    );
}

#[test]
fn a_term_may_do_without_the_guard_or_have_its_own_edits() {
    let (_database, mut session) = with_lexicon("options");
    session.run(WORDS);
    session.run("SELECT termstream.create_lexicon('tools', 'tools', guard_column => 'guard', distance_column => 'edits')");
    let text = "wash the rigid behrr for a wassa";
    let accepted = |session: &mut Session| {
        session.one(&format!(
            "SELECT string_agg(matched, ' ' ORDER BY start) FROM termstream.match('tools', '{text}')"
        ))
    };
    assert_eq!(accepted(&mut session), "behrr wassa");
    session.run("UPDATE tools SET guard = false WHERE term_id = 2; UPDATE tools SET edits = 0 WHERE term_id = 3");
    assert_eq!(accepted(&mut session), "rigid wassa");
    session.run("UPDATE tools SET edits = 3 WHERE term_id = 3");
    session
        .error("SELECT * FROM termstream.match('tools', 'wasa')")
        .is("22003", "term 3 of lexicon \"tools\" allows 3 edits")
        .hints("0, 1 or 2 edits");
}

#[test]
fn options_of_another_type_are_refused_with_their_column() {
    let (_database, mut session) = with_lexicon("option_types");
    session.run(WORDS);
    let make =
        |arguments: &str| format!("SELECT termstream.create_lexicon('l', 'tools', {arguments})");
    for (arguments, code, message) in [
        (
            "guard_column => 'edits'",
            "42804",
            "guard_column: column \"edits\" must be boolean",
        ),
        (
            "guard_column => 'nope'",
            "42703",
            "table public.tools has no column \"nope\"",
        ),
        (
            "distance_column => 'name'",
            "42804",
            "distance_column: column \"name\" must be smallint, integer or bigint",
        ),
        (
            "distance_column => 'nope'",
            "42703",
            "table public.tools has no column \"nope\"",
        ),
    ] {
        session.error(&make(arguments)).is(code, message);
    }
    session.run(&make("distance_column => 'edits'"));
    session.run("ALTER TABLE tools ALTER edits TYPE text");
    session
        .error("SELECT * FROM termstream.match('l', 'wasa')")
        .is(
            "42804",
            "column \"edits\" does not have the type that lexicon \"l\" needs",
        );
    session.run("ALTER TABLE tools RENAME edits TO others");
    session
        .error("SELECT * FROM termstream.match('l', 'wasa')")
        .is(
            "42703",
            "the source of lexicon \"l\" has no column \"edits\" any more",
        );
}

#[test]
fn ordinary_words_are_those_of_a_table_or_a_query() {
    let (_database, mut session) = with_lexicon("ordinary");
    session.run(WORDS);
    session.run("CREATE TABLE \"my words\" AS TABLE words");
    for (number, source) in [
        "words",
        "public.words",
        "\"my words\"",
        "SELECT word FROM words",
    ]
    .iter()
    .enumerate()
    {
        session.run(&format!(
            "SELECT termstream.create_lexicon('l{number}', 'tools', common_words => '{source}')"
        ));
        assert_eq!(
            explained(&mut session, &format!("l{number}"), "bohr"),
            ["Behr|bohr|an ordinary word"],
            "{source}"
        );
    }
    for (source, code, message) in [
        ("englisch", "22023", "unknown common_words \"englisch\""),
        ("", "22023", "unknown common_words \"\""),
        (
            "tools",
            "42804",
            "the source of common_words does not return text",
        ),
        (
            "SELECT 1",
            "42804",
            "the source of common_words does not return text",
        ),
        (
            "SELECT 1 AS one",
            "42804",
            "the source of common_words does not return text",
        ),
        (
            "DELETE FROM words",
            "42601",
            "this is not one query that returns rows",
        ),
        (
            "SELECT word FROM words; SELECT 1",
            "42601",
            "this is not one query that returns rows",
        ),
        (
            "SELECT nothing FROM words",
            "42703",
            "column \"nothing\" does not exist",
        ),
    ] {
        session
            .error(&format!(
                "SELECT termstream.create_lexicon('l', 'tools', common_words => '{source}')"
            ))
            .is(code, message);
    }
}

#[test]
fn what_is_learned_counts_at_once_and_replaces_what_was_learned_before() {
    let (database, mut session) = with_lexicon("learned");
    session.run(WORDS);
    session.run("SELECT termstream.create_lexicon('tools', 'tools')");
    let mut other = database.session();
    assert_eq!(
        explained(&mut other, "tools", "wassa"),
        ["Wasa|wassa|accepted"]
    );
    let texts = "SELECT ''wassa for a '' || n FROM generate_series(1, 4) n";
    assert_eq!(
        session.lines(&format!(
            "SELECT * FROM termstream.learn('tools', '{texts}')"
        )),
        ["4|3"]
    );
    for session in [&mut session, &mut other] {
        assert_eq!(
            explained(session, "tools", "wassa"),
            ["Wasa|wassa|a word frequent in the learned text"]
        );
    }
    session.run("SELECT * FROM termstream.learn('tools', 'SELECT NULL::text')");
    assert_eq!(
        explained(&mut other, "tools", "wassa"),
        ["Wasa|wassa|accepted"]
    );
    for (query, code, message) in [
        (
            "SELECT 1",
            "42804",
            "the query to learn from does not return text",
        ),
        (
            "TRUNCATE words",
            "42601",
            "this is not one query that returns rows",
        ),
        ("", "42601", "this is not one query that returns rows"),
    ] {
        session
            .error(&format!(
                "SELECT * FROM termstream.learn('tools', '{query}')"
            ))
            .is(code, message);
    }
    session
        .error("SELECT * FROM termstream.learn('nothing', 'SELECT 1')")
        .is("42704", "lexicon \"nothing\" does not exist");
}

#[test]
fn settings_are_tuned_by_labels_the_best_first() {
    let (_database, mut session) = with_lexicon("tuned");
    session.run(WORDS);
    session.run("SELECT termstream.create_lexicon('tools', 'tools')");
    let labels = "VALUES (''wassa for a meal'', 1::bigint), (''wash the meal'', NULL), (''the ridgidd saw'', 2)";
    let best = session.lines(&format!(
        "SELECT max_distance, common_words, learned, precision, recall, f1, found, correct, labels
           FROM termstream.tune_lexicon('tools', '{labels}') LIMIT 1"
    ));
    assert_eq!(best, ["2|t|f|1|1|1|2|2|2"]);
    let f1 = session.lines(&format!(
        "SELECT f1::numeric(3,2) FROM termstream.tune_lexicon('tools', '{labels}')"
    ));
    assert!(f1.is_sorted_by(|a, b| a >= b) && f1.last().is_some_and(|last| last == "0.00"));
    for (query, code, message) in [
        (
            "SELECT 1, 1",
            "42804",
            "the labelled query does not return (document text, term_id bigint)",
        ),
        (
            "SELECT ''x''::text",
            "42804",
            "the labelled query does not return (document text, term_id bigint)",
        ),
        (
            "SELECT ''x'', 1::bigint WHERE false",
            "P0002",
            "the labelled query returns no rows",
        ),
        (
            "DELETE FROM words",
            "42601",
            "this is not one query that returns rows",
        ),
    ] {
        session
            .error(&format!(
                "SELECT * FROM termstream.tune_lexicon('tools', '{query}')"
            ))
            .is(code, message);
    }
}
