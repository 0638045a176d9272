//! `match` in the select list returns one row a call; in FROM all at once. Both are the same rows,
//! also where the caller stops in the middle of a set.

use crate::fixtures::with_lexicon;

const DOCUMENTS: &str = "
CREATE TABLE documents AS
  SELECT n, (array['pepsi and nestle', 'nothing', 'a coca colla', 'red bulll, pepsi, pepsi', ''])[n % 5 + 1] AS d
    FROM generate_series(1, 100) n;
-- Toasted: compressed, out of line, both.
INSERT INTO documents SELECT 1000, repeat('water and ', 2000) || 'pepsi';
ALTER TABLE documents ALTER d SET STORAGE EXTERNAL;
INSERT INTO documents SELECT 1001, repeat('water and ', 2000) || 'nestle, pepsi';
INSERT INTO documents VALUES (1002, NULL)";

#[test]
fn the_select_list_returns_the_rows_that_from_returns() {
    let (_database, mut session) = with_lexicon("select_list");
    session.run(DOCUMENTS);
    let from = session
        .lines("SELECT n, m.* FROM documents, termstream.match('brands', d) m ORDER BY n, start");
    assert_eq!(from.len(), 123);
    let list = session.lines(
        "SELECT n, (m).* FROM (SELECT n, termstream.match('brands', d) AS m FROM documents OFFSET 0) AS s
          ORDER BY n, (m).start",
    );
    assert_eq!(list, from);
    let chosen = session.lines(
        "SELECT n, (m).* FROM (SELECT n, termstream.match('brands', d, 'all') AS m FROM documents OFFSET 0) AS s
          ORDER BY n, (m).start",
    );
    assert_eq!(chosen, from);
}

#[test]
fn a_set_that_is_not_read_to_its_end_does_not_reach_into_the_next() {
    let (_database, mut session) = with_lexicon("given_up");
    session.run(DOCUMENTS);
    for way in [
        "SELECT (termstream.match('brands', d)).term_id AS t",
        "SELECT m.term_id AS t FROM termstream.match('brands', d) m",
    ] {
        let first = session.one(&format!(
            "SELECT count(*), sum(n * t) FROM documents, LATERAL ({way} LIMIT 1) AS m"
        ));
        assert_eq!(first, "62|14144", "{way}");
        session.run("BEGIN");
        session.run(&format!(
            "DECLARE c CURSOR FOR SELECT t FROM documents, LATERAL ({way}) AS m WHERE n = 3 OR n = 1000"
        ));
        assert_eq!(session.lines("FETCH 2 FROM c"), ["5", "2"], "{way}");
        assert_eq!(session.lines("FETCH 9 FROM c"), ["2", "2"], "{way}");
        session.run("COMMIT");
    }
}

#[test]
fn two_sets_in_one_select_list_keep_apart() {
    let (_database, mut session) = with_lexicon("two_sets");
    let rows = session.lines(
        "SELECT (a).term_id, (b).matched FROM
           (SELECT termstream.match('brands', d) AS a, termstream.match('brands', e) AS b
              FROM (VALUES ('pepsi, nestle', 'coca cola'), ('x', 'red bull'), ('red bull', 'y')) AS v (d, e)
            OFFSET 0) AS s",
    );
    assert_eq!(rows, ["2|coca cola", "4|", "|red bull", "5|"]);
}

#[test]
fn the_terms_of_a_set_are_those_its_statement_sees() {
    let (_database, mut session) = with_lexicon("select_list_terms");
    session.run("CREATE TABLE d AS SELECT 'pepsi and water' AS d FROM generate_series(1, 3)");
    let count = "SELECT count(*) FROM (SELECT termstream.match('brands', d) FROM d OFFSET 0) AS s";
    assert_eq!(session.one(count), "3");
    session.run("BEGIN");
    session.run("DECLARE c CURSOR FOR SELECT (termstream.match('brands', d)).term_id FROM d");
    assert_eq!(session.lines("FETCH 1 FROM c"), ["2"]);
    session.run("INSERT INTO terms VALUES (9, 'water')");
    assert_eq!(session.one(count), "6");
    assert_eq!(session.lines("FETCH ALL FROM c"), ["2", "2"]);
    session.run("ROLLBACK");
    assert_eq!(session.one(count), "3");
}

#[test]
fn match_ids_returns_each_id_once_of_all_documents_nested_ones_too() {
    let (_database, mut session) = with_lexicon("match_ids");
    session.run(
        "INSERT INTO terms VALUES (6, 'Pepsi Max'), (-7, 'Max');
         CREATE TABLE documents (id int, a text, b text);
         INSERT INTO documents VALUES (1, 'pepsi max', 'a pepsi'), (2, NULL, 'red bull, Red Bull'), (3, 'coca', 'cola'),
             (4, NULL, NULL), (5, 'nothing', ''), (6, repeat('pepsi, red bull ', 5000), 'nestle'), (7, '', 'coca-colla')",
    );
    let expected = ["1|-7", "1|2", "1|6", "2|5", "6|2", "6|4", "6|5", "7|1"];
    for query in [
        "SELECT id, termstream.match_ids('brands', a, b) FROM documents",
        "SELECT id, m FROM documents, termstream.match_ids('brands', a, b) m",
        "SELECT id, m FROM documents, termstream.match_ids('brands', VARIADIC ARRAY[a, b]) m",
        // What it stands for.
        "SELECT DISTINCT id, term_id FROM documents, unnest(ARRAY[a, b]) d,
                termstream.match('brands', d, overlap => 'nested') ORDER BY 1, 2",
    ] {
        assert_eq!(session.lines(query), expected, "{query}");
    }
    assert_eq!(
        session.lines("SELECT termstream.match_ids('brands', VARIADIC NULL), termstream.match_ids('brands', VARIADIC '{}')"),
        [""; 0]
    );
    // A caller who stops early begins anew with the next document.
    assert_eq!(
        session.lines("SELECT id, (SELECT termstream.match_ids('brands', a, b) LIMIT 1) FROM documents ORDER BY 1"),
        ["1|-7", "2|5", "3|", "4|", "5|", "6|2", "7|1"]
    );
}
