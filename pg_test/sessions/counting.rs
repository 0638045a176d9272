//! Counts of a document through SQL, beside slower ways to count the same.

use crate::fixtures::with_lexicon;

#[test]
fn count_terms_counts_what_match_finds() {
    let (_database, mut session) = with_lexicon("count_terms");
    // Synonyms: of one id, in one place and in several.
    session.run("ALTER TABLE terms DROP CONSTRAINT terms_pkey");
    session.run("INSERT INTO terms VALUES (1, 'Coke'), (1, 'coca  cola'), (5, 'Coca-Cola')");
    session.run(
        "CREATE TABLE documents AS
         SELECT n, concat_ws(' ', VARIADIC ARRAY(
             SELECT (ARRAY['pepsi', 'Coca Colla,', 'coke', 'a nice', 'nestlé', 'ben and jerrys'])
                        [1 + abs(hashint4(n * 31 + i)) % 6]
               FROM generate_series(1, n % 9) i)) AS t
           FROM generate_series(0, 400) n",
    );
    for counted in [
        "SELECT n, c.term_id, c.mentions FROM documents, termstream.count_terms('brands', t) c",
        "SELECT n, (c).* FROM (SELECT n, termstream.count_terms('brands', t) c FROM documents) s",
    ] {
        let twin = "SELECT n, term_id, count(DISTINCT (start, length)) FROM documents,
                           termstream.match('brands', t) GROUP BY n, term_id";
        let differ = format!(
            "SELECT * FROM (({counted} EXCEPT {twin}) UNION ALL ({twin} EXCEPT {counted})) d"
        );
        assert_eq!(session.lines(&differ), [""; 0], "{counted}");
        let rows = format!("SELECT count(*) > 400, max(mentions) > 1 FROM ({counted}) s");
        assert_eq!(session.one(&rows), "t|t", "{counted}");
    }
    assert_eq!(
        session.lines("SELECT * FROM termstream.count_terms('brands', 'coke, coca-cola, Pepsi')"),
        ["1|2", "2|1", "5|1"]
    );
    assert_eq!(
        session.lines("SELECT * FROM termstream.count_terms('brands', NULL)"),
        [""; 0]
    );
}

#[test]
fn word_count_counts_as_a_split_at_everything_else_does() {
    let (_database, mut session) = with_lexicon("word_count");
    let wrong = session.lines(
        "SELECT t FROM (SELECT translate(md5(n::text), '012345', ' .,-/!') AS t
                          FROM generate_series(1, 2000) n) s
          WHERE termstream.word_count(t) <> cardinality(ARRAY(
                SELECT w FROM regexp_split_to_table(t, '[^a-z0-9]+') w WHERE w <> ''))",
    );
    assert_eq!(wrong, [""; 0]);
    assert_eq!(
        session.one(
            "SELECT termstream.word_count(''), termstream.word_count('Fish & chips, 330ml'),
                    termstream.word_count(NULL) IS NULL"
        ),
        "0|4|t"
    );
    // Immutable: an index may be built on it.
    session.run("CREATE INDEX ON terms (termstream.word_count(term))");
}
