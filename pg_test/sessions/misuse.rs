//! Misuse: what is refused, with which SQLSTATE, and in which words.

use crate::database::Database;
use crate::fixtures::{pairs, with_lexicon, with_stream};

#[test]
fn an_unknown_lexicon_names_the_known_ones() {
    let database = Database::new("unknown");
    let mut session = database.session();
    session
        .error("SELECT * FROM termstream.match('brands', 'x')")
        .is("42704", "lexicon \"brands\" does not exist")
        .hints("There is none yet: make one with termstream.create_lexicon.");
    session.run(crate::fixtures::TERMS);
    session.run("SELECT termstream.create_lexicon('Brands', 'terms'), termstream.create_lexicon('drinks', 'terms')");
    for call in [
        "match('brands', 'x')",
        "best_match('brands', 'x')",
        "has_match('brands', 'x')",
        "highlight('brands', 'x')",
        "drop_lexicon('brands')",
        "refresh_lexicon('brands')",
        "create_match_stream('s', 'a int, t text', 'brands', 'a', '{t}', 'p')",
    ] {
        session
            .error(&format!("SELECT termstream.{call}"))
            .is("42704", "lexicon \"brands\" does not exist")
            .hints("Known lexicons: \"Brands\", \"drinks\".");
    }
}

#[test]
fn a_lexicon_that_cannot_be_is_refused_with_a_reason() {
    let (_database, mut session) = with_lexicon("bad_lexicons");
    session.run("CREATE VIEW v AS TABLE terms; CREATE TEMP TABLE temporary AS TABLE terms; CREATE SEQUENCE s");
    let make = |arguments: &str| format!("SELECT termstream.create_lexicon({arguments})");
    for (arguments, code, message, hint) in [
        (
            "'brands', 'terms'",
            "42710",
            "lexicon \"brands\" already exists",
            "drop_lexicon",
        ),
        (
            "'l', 'terms', 'id'",
            "42703",
            "table public.terms has no column \"id\"",
            "id_column => …; the table has: term_id, term.",
        ),
        (
            "'l', 'terms', term_column => 'name'",
            "42703",
            "table public.terms has no column \"name\"",
            "term_column => …",
        ),
        (
            "'l', 'terms', 'ctid'",
            "42703",
            "table public.terms has no column \"ctid\"",
            "term_id, term",
        ),
        (
            "'l', 'v'",
            "42809",
            "public.v cannot be the source of a lexicon",
            "CREATE TABLE",
        ),
        (
            "'l', 's'",
            "42809",
            "public.s cannot be the source of a lexicon",
            "CREATE TABLE",
        ),
        (
            "'l', 'pg_class'",
            "42703",
            "table pg_catalog.pg_class has no column \"term_id\"",
            "id_column",
        ),
        (
            "'l', 'nowhere'",
            "42P01",
            "relation \"nowhere\" does not exist",
            "",
        ),
        (
            "'l', 'terms', max_distance => 3",
            "22023",
            "max_distance 3 is out of range",
            "Give 0, 1 or 2",
        ),
        (
            "'l', 'terms', max_distance => -1",
            "22023",
            "max_distance -1 is out of range",
            "Give 0, 1 or 2",
        ),
        (
            "'l', 'terms', overlap => 'some'",
            "22023",
            "",
            "Give 'longest', 'nested' or 'all'.",
        ),
        (
            "'', 'terms'",
            "42602",
            "\"\" cannot be the name of a lexicon",
            "A name has 1 to ",
        ),
        ("repeat('x', 64), 'terms'", "42602", "", "A name has 1 to "),
        (
            "NULL, 'terms'",
            "22004",
            "argument \"lexicon\" must not be NULL",
            "",
        ),
        (
            "'l', NULL",
            "22004",
            "argument \"source\" must not be NULL",
            "",
        ),
        (
            "'l', 'terms', NULL",
            "22004",
            "argument \"id_column\" must not be NULL",
            "",
        ),
        (
            "'l', 'terms', term_column => NULL",
            "22004",
            "argument \"term_column\" must not be NULL",
            "",
        ),
        (
            "'l', 'terms', whole_words => NULL",
            "22004",
            "argument \"whole_words\" must not be NULL",
            "",
        ),
        (
            "'l', 'terms', overlap => NULL",
            "22004",
            "argument \"overlap\" must not be NULL",
            "",
        ),
    ] {
        let failure = session.error(&make(arguments));
        assert_eq!(failure.code, code, "{arguments}: {failure:?}");
        assert!(
            message.is_empty() || failure.message == message,
            "{arguments}: {failure:?}"
        );
        failure.hints(hint);
    }
    let failure = session.error(&make("'l', 'temporary'"));
    assert!(
        failure
            .message
            .ends_with("temporary cannot be the source of a lexicon"),
        "{failure:?}"
    );
    assert_eq!(session.one("SELECT count(*) FROM termstream.lexicon"), "1");
    session.run(&make("repeat('é', 20), 'terms'"));
}

#[test]
fn a_stream_that_cannot_be_is_refused_with_a_reason() {
    let (_database, mut session) = with_stream("bad_streams");
    session.run("CREATE TEMP TABLE passing (a int, term_id bigint, PRIMARY KEY (a, term_id))");
    session.run("CREATE TABLE other (a int); CREATE TABLE taken_rejects (a int); CREATE VIEW view AS SELECT 1::int AS a, 1::bigint AS term_id");
    let arguments = |named: &[(&str, &str)]| {
        let mut all = vec![
            ("stream", "'s'"),
            ("columns", "'a int, t text'"),
            ("lexicon", "'brands'"),
            ("key", "'a'"),
            ("text_columns", "'{t}'"),
            ("pairs", "'p'"),
        ];
        for (name, value) in named {
            all.retain(|(other, _)| other != name);
            all.push((name, value));
        }
        let list: Vec<_> = all
            .iter()
            .map(|(name, value)| format!("{name} => {value}"))
            .collect();
        format!("SELECT termstream.create_match_stream({})", list.join(", "))
    };
    for (argument, value, code, message, hint) in [
        (
            "stream",
            "'menu'",
            "42P07",
            "relation \"menu\" already exists",
            "drop_stream",
        ),
        (
            "stream",
            "'other'",
            "42P07",
            "relation \"other\" already exists",
            "another name",
        ),
        (
            "stream",
            "'a.b.c'",
            "42602",
            "\"a.b.c\" is not the name of a relation",
            "schema.name",
        ),
        ("stream", "''", "22023", "", ""),
        (
            "stream",
            "'nowhere.s'",
            "3F000",
            "schema \"nowhere\" does not exist",
            "",
        ),
        (
            "stream",
            "'taken'",
            "42P07",
            "relation \"taken_rejects\" already exists and is not a rejects table",
            "another name",
        ),
        (
            "key",
            "'b'",
            "42703",
            "key: column \"b\" is not declared",
            "The declared columns are: a, t.",
        ),
        (
            "key",
            "''",
            "42703",
            "key: column \"\" is not declared",
            "a, t",
        ),
        (
            "key",
            "'a,'",
            "42703",
            "key: column \"\" is not declared",
            "a, t",
        ),
        (
            "key",
            "'a, a'",
            "42701",
            "key: column \"a\" is named twice",
            "",
        ),
        (
            "text_columns",
            "'{}'",
            "22023",
            "text_columns is empty",
            "'{name,description}'",
        ),
        (
            "text_columns",
            "'{x}'",
            "42703",
            "text_columns: column \"x\" is not declared",
            "a, t",
        ),
        (
            "text_columns",
            "'{NULL}'",
            "22004",
            "argument \"text_columns\" must not be NULL",
            "",
        ),
        (
            "pairs",
            "'other'",
            "42703",
            "pairs table public.other has no column \"term_id\"",
            "Its columns are: a.",
        ),
        ("pairs", "'view'", "42P16", "", ""),
        (
            "on_error",
            "'skip'",
            "22023",
            "invalid value for on_error: \"skip\"",
            "",
        ),
        (
            "batch_rows",
            "0",
            "22023",
            "batch_rows 0 is out of range",
            "from 1 to 1000000",
        ),
        (
            "batch_rows",
            "1000001",
            "22023",
            "batch_rows 1000001 is out of range",
            "from 1 to 1000000",
        ),
    ] {
        let failure = session.error(&arguments(&[(argument, value)]));
        assert_eq!(failure.code, code, "{argument} => {value}: {failure:?}");
        assert!(
            message.is_empty() || failure.message == message,
            "{argument} => {value}: {failure:?}"
        );
        failure.hints(hint);
    }
    for argument in [
        "stream",
        "columns",
        "lexicon",
        "key",
        "text_columns",
        "pairs",
        "on_error",
        "batch_rows",
    ] {
        session.error(&arguments(&[(argument, "NULL")])).is(
            "22004",
            &format!("argument \"{argument}\" must not be NULL"),
        );
    }
    // The words of an option are COPY's, in any case, and are kept as COPY writes them.
    session.run(&arguments(&[("on_error", "'STOP'")]));
    assert_eq!(
        session.one("SELECT on_error FROM termstream.streams WHERE stream = 's'::regclass"),
        "stop"
    );
    session
        .error("SELECT termstream.drop_stream('nothing')")
        .is("42704", "stream \"nothing\" does not exist")
        .hints("Known streams: menu, s.");
    session
        .error("SELECT termstream.drop_stream('other')")
        .is("42704", "stream \"other\" does not exist");
}

#[test]
fn a_field_of_a_megabyte_is_searched_like_any_other() {
    let (_database, mut session) = with_stream("megabyte");
    let filler = "word ".repeat(200_000);
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        format!("1,{filler} pepsi,1\n2,{},1\n", "x".repeat(1 << 20)),
    );
    assert_eq!(pairs(&mut session), ["1|2"]);
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        format!("3,pepsi,{filler}\n"),
    );
    assert_eq!(
        session.one("SELECT octet_length(line_bytes), octet_length(raw_field_value), octet_length(err_message) < 10000 FROM menu_rejects"),
        format!("{}|8192|t", filler.len() + 8)
    );
}

#[test]
fn a_document_that_is_no_text_is_refused() {
    let (_database, mut session) = with_stream("no_text");
    session.run("CREATE TABLE raw (t text)");
    session.copy("COPY raw FROM STDIN (ENCODING 'SQL_ASCII')", b"pep\xffsi\n");
    for call in ["match", "best_match", "has_match", "highlight"] {
        session
            .error(&format!("SELECT termstream.{call}('brands', t) FROM raw"))
            .is("22021", "the document is not valid UTF-8 at byte 4")
            .hints("client encoding");
    }
}
