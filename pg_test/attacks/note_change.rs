//! `note_change`, the trigger function that anybody can put on a table of his own.

use crate::mallory::Mallory;

const SEEN: &str = "SELECT string_agg(term, ',' ORDER BY term_id) FROM
    (SELECT DISTINCT term_id, term FROM termstream.match('brands', 'Coca-Cola, Pepsi, Fanta, Sprite')) m";

const LARGE: &str = "
INSERT INTO public.terms SELECT n, 'brand ' || md5(n::text) FROM generate_series(10, 25000) n";
const LARGE_OF_HERS: &str = "
INSERT INTO t SELECT n, 'brand ' || md5(n::text) FROM generate_series(10, 25000) n";

/// A name that is a query, and ends what it was pasted into.
const SQL: &str = "\"(SELECT mallory.strike() term_id,'' term)q))d--\"";

/// What the lexicon is compiled from, as its tables say.
const NOTED: &str = "
SELECT (SELECT count(*) FROM termstream.lexicon_change), (SELECT count(*) FROM termstream.lexicon_delta),
       (SELECT coalesce(bit_xor(token), 0) FROM termstream.lexicon_change)";

#[test]
fn the_name_of_a_transition_table_is_no_sql() {
    let mut mallory = Mallory::new("transition");
    // A large lexicon takes changes term by term.
    mallory.superuser.run(LARGE);
    mallory
        .superuser
        .run("SELECT termstream.refresh_lexicon('brands')");
    mallory.session.run(&format!(
        "CREATE TABLE t (term_id bigint, term text);
         CREATE TRIGGER termstream_brands_insert AFTER INSERT ON t REFERENCING NEW TABLE AS {SQL}
         FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change('brands')"
    ));
    mallory.session.run("INSERT INTO t VALUES (1, 'Fanta')");
    mallory
        .superuser
        .run("INSERT INTO mallory.t VALUES (2, 'Sprite')");
    mallory.has_gained_nothing();
    // The owner of a lexicon may have such a trigger on its source, and gains nothing by it.
    mallory.session.run(LARGE_OF_HERS);
    mallory
        .session
        .run("SELECT termstream.create_lexicon('mal', 'mallory.t')");
    mallory.session.run(&format!(
        "DROP TRIGGER termstream_mal_insert ON t;
         CREATE TRIGGER termstream_mal_insert AFTER INSERT ON t REFERENCING NEW TABLE AS {SQL}
         FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change('mal')"
    ));
    mallory
        .superuser
        .run("INSERT INTO mallory.t VALUES (3, 'Pepsi')");
    assert_eq!(
        mallory.superuser.one("SELECT count(*) FROM mallory.ran"),
        "0"
    );
}

#[test]
fn a_trigger_on_another_table_changes_no_lexicon() {
    let mut mallory = Mallory::new("elsewhere");
    // A large lexicon takes changes term by term.
    mallory.superuser.run(LARGE);
    assert_eq!(
        mallory
            .superuser
            .one("SELECT termstream.refresh_lexicon('brands')"),
        "24993"
    );
    let (seen, noted) = (mallory.superuser.one(SEEN), mallory.superuser.one(NOTED));
    mallory
        .session
        .run("CREATE TABLE t (term_id bigint, term text)");
    for (event, tables) in [
        ("insert", "NEW TABLE AS termstream_came"),
        ("delete", "OLD TABLE AS termstream_went"),
        (
            "update",
            "NEW TABLE AS termstream_came OLD TABLE AS termstream_went",
        ),
    ] {
        mallory.session.run(&format!(
            "CREATE TRIGGER termstream_brands_{event} AFTER {event} ON t REFERENCING {tables}
             FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change('brands')"
        ));
    }
    mallory.session.run(
        "INSERT INTO t VALUES (7, 'Fanta'), (2, 'Pepsi');
         UPDATE t SET term = 'Sprite' WHERE term_id = 7;
         DELETE FROM t",
    );
    assert_eq!(mallory.superuser.one(SEEN), seen);
    assert_eq!(mallory.superuser.one(NOTED), noted);
    // The owner's own change is seen.
    mallory
        .superuser
        .run("INSERT INTO public.terms VALUES (7, 'Fanta')");
    assert_eq!(mallory.superuser.one(SEEN), format!("{seen},Fanta"));
    mallory.has_gained_nothing();
}

#[test]
fn another_trigger_on_the_source_does_not_note_twice() {
    let mut mallory = Mallory::new("twice");
    mallory.superuser.run(LARGE);
    mallory
        .superuser
        .run("SELECT termstream.refresh_lexicon('brands')");
    mallory.superuser.run(&format!(
        "GRANT TRIGGER, INSERT ON public.terms TO {}",
        mallory.role
    ));
    mallory.session.run(
        "CREATE TRIGGER more AFTER INSERT ON public.terms REFERENCING NEW TABLE AS termstream_came
         FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change('brands')",
    );
    mallory
        .session
        .run("INSERT INTO public.terms VALUES (7, 'Fanta')");
    assert_eq!(
        mallory
            .superuser
            .one("SELECT sum(change) FROM termstream.lexicon_delta"),
        "1"
    );
    mallory
        .superuser
        .run("DELETE FROM public.terms WHERE term_id = 7");
    assert_eq!(mallory.superuser.one(SEEN), "Coca-Cola,Pepsi");
}

#[test]
fn a_trigger_put_in_the_place_of_the_lexicons_is_told() {
    let mut mallory = Mallory::new("in_place");
    mallory.superuser.run(&format!(
        "GRANT TRIGGER, SELECT ON public.terms TO {}",
        mallory.role
    ));
    let replace = |tables: &str, of: &str| {
        format!(
            "CREATE OR REPLACE TRIGGER termstream_brands_insert AFTER INSERT ON public.terms
             REFERENCING NEW TABLE AS {tables} FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change({of})"
        )
    };
    // It would see nothing, or tell it to somebody else.
    for (tables, of) in [
        ("elsewhere", "'brands'"),
        ("termstream_came", "'other'"),
        ("termstream_came", "'brands', 'other'"),
        ("termstream_came", ""),
    ] {
        mallory.session.run(&replace(tables, of));
        mallory
            .superuser
            .run("INSERT INTO public.terms VALUES (7, 'Fanta')");
        let matching = "SELECT term FROM termstream.match('brands', 'Fanta, Pepsi')";
        let failure = mallory.superuser.error(matching);
        assert_eq!(failure.code, "55000", "{of}: {failure:?}");
        mallory
            .superuser
            .run("SELECT termstream.refresh_lexicon('brands')");
        assert_eq!(mallory.superuser.lines(matching), ["Fanta", "Pepsi"]);
        mallory
            .superuser
            .run("DELETE FROM public.terms WHERE term_id = 7");
        assert_eq!(mallory.superuser.lines(matching), ["Pepsi"]);
    }
    // One that does what the lexicon's does is as good.
    mallory.session.run(&replace("termstream_came", "'brands'"));
    mallory
        .superuser
        .run("INSERT INTO public.terms VALUES (7, 'Fanta')");
    assert_eq!(mallory.superuser.one(SEEN), "Coca-Cola,Pepsi,Fanta");
}
