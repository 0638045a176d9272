//! The column list of a stream: what is read, and that nothing else in it is ever run.

use crate::fixtures::with_lexicon;

fn stream_with(columns: &str) -> String {
    format!(
        "SELECT termstream.create_match_stream('menu', $columns${columns}$columns$, 'brands', 'a', '{{t}}', 'found')"
    )
}

#[test]
fn a_column_list_that_does_not_parse_does_nothing_else() {
    let (_database, mut session) = with_lexicon("column_lists");
    session.run("CREATE TABLE x (a int)");
    for (columns, code, part) in [
        ("", "42601", "the column list is empty"),
        (" ", "42601", "the column list is empty"),
        ("a", "42601", "does not parse: syntax error"),
        ("a int,", "42601", "does not parse: syntax error"),
        ("a int t text", "42601", "does not parse: syntax error"),
        ("a int); DROP TABLE x; --", "42601", "does not parse"),
        (
            "a int); DROP TABLE x; CREATE TABLE y (a int",
            "42601",
            "does not parse",
        ),
        ("a int) INHERITS (x", "42601", "does not parse"),
        ("a int) WITH (fillfactor = 10", "42601", "does not parse"),
        ("a int) TABLESPACE pg_default --", "42601", "does not parse"),
        ("a int) PARTITION BY RANGE (a", "42601", "does not parse"),
        (
            "a int, t text) ON COMMIT DROP; --",
            "42601",
            "does not parse",
        ),
        ("LIKE x", "42601", "columns only"),
        ("a int, t text, PRIMARY KEY (a)", "42601", "columns only"),
        (
            "a int PRIMARY KEY, t text",
            "42601",
            "column \"a\" carries more than a type, NOT NULL and DEFAULT",
        ),
        (
            "a int DEFAULT 1 CHECK (a > 0), t text",
            "42601",
            "carries more than a type, NOT NULL and DEFAULT",
        ),
        (
            "a int DEFAULT 1 /* one, two */, /* three, four */ t text",
            "42601",
            "the default of column \"a\" is not plainly written",
        ),
        (
            "a int DEFAULT b, t text",
            "42703",
            "column \"b\" does not exist",
        ),
        ("a int DEFAULT 'x', t text", "22P02", "invalid input syntax"),
        (
            "a int CHECK (pg_sleep(100) IS NULL), t text",
            "42601",
            "carries more than a type, NOT NULL and DEFAULT",
        ),
        (
            "a int GENERATED ALWAYS AS IDENTITY, t text",
            "42601",
            "carries more than a type, NOT NULL and DEFAULT",
        ),
        (
            "a int REFERENCES x (a), t text",
            "42601",
            "carries more than a type, NOT NULL and DEFAULT",
        ),
        ("a int, a text", "42601", "column \"a\" is declared twice"),
        (
            "a int, t text COLLATE \"C\"",
            "42601",
            "carries more than a type, NOT NULL and DEFAULT",
        ),
        (
            "a nothing, t text",
            "42704",
            "type \"nothing\" does not exist",
        ),
        ("a int, t record", "42601", "pseudo-type"),
        ("a int, t anyelement", "42601", "pseudo-type"),
        (
            "a serial, t text",
            "42704",
            "type \"serial\" does not exist",
        ),
        (
            "a setof int, t text",
            "42601",
            "column \"a\" is declared as a set",
        ),
        (
            "a varchar(0), t text",
            "22023",
            "length for type varchar must be at least 1",
        ),
        ("a x%rowtype, t text", "42601", ""),
        ("t text", "42703", "key: column \"a\" is not declared"),
        (
            "a int",
            "42703",
            "text_columns: column \"t\" is not declared",
        ),
        ("a int, T text, \"t \" text", "", ""),
    ] {
        if code.is_empty() {
            session.run(&stream_with(columns));
            session.run("SELECT termstream.drop_stream('menu'); DROP TABLE found, menu_rejects");
            continue;
        }
        let failure = session.error(&stream_with(columns));
        assert_eq!(failure.code, code, "{columns}: {failure:?}");
        assert!(failure.message.contains(part), "{columns}: {failure:?}");
    }
    assert_eq!(session.one("SELECT count(*) FROM x"), "0");
    assert_eq!(
        session
            .one("SELECT count(*) FROM pg_class WHERE relname IN ('y', 'batch', 'found', 'menu')"),
        "0"
    );
}

#[test]
fn a_stream_has_as_many_columns_as_a_view() {
    let (_database, mut session) = with_lexicon("wide");
    let columns: Vec<String> = (1..=1000).map(|n| format!("c{n} text")).collect();
    session.run(&format!(
        "SELECT termstream.create_match_stream('wide', '{}', 'brands', 'c1', '{{c999,c1000}}', 'found')",
        columns.join(", ")
    ));
    let row = |last: &str| {
        format!(
            "{}{last}\n",
            (1..1000).map(|n| format!("{n},")).collect::<String>()
        )
    };
    session.copy("COPY wide FROM STDIN (FORMAT csv)", row("pepsi"));
    assert_eq!(session.lines("SELECT * FROM found"), ["1|2"]);
    let columns: Vec<String> = (1..=1700).map(|n| format!("c{n} text")).collect();
    let failure = session.error(&format!(
        "SELECT termstream.create_match_stream('wider', '{}', 'brands', 'c1', '{{c2}}', 'found_more')",
        columns.join(", ")
    ));
    assert_eq!(failure.code, "54011", "{failure:?}");
}
