//! A stream as an object: its names, its keys, its pairs table, and its life from making to dropping.

use crate::fixtures::{loads, pairs, with_lexicon, with_stream};

#[test]
fn names_can_be_odd_and_keys_composite() {
    let (_database, mut session) = with_lexicon("odd_names");
    session.run(
        "CREATE SCHEMA \"The Shop\";
         SELECT termstream.create_match_stream('\"The Shop\".\"Menu \"\"Items\"\"\"',
             columns => '\"Shop Id\" uuid, \"select\" text, \"Text One\" text, b\"\"c text',
             lexicon => 'brands', key => '\"Shop Id\", select', text_columns => array['Text One', 'b\"c'],
             pairs => '\"The Shop\".\"Found Terms\"')"
            .replace("b\"\"c text", "\"b\"\"c\" text")
            .as_str(),
    );
    let id = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    session.copy(
        "COPY \"The Shop\".\"Menu \"\"Items\"\"\" FROM STDIN (FORMAT csv)",
        format!("{id},k1,pepsi,nestle\n{id},k2,pep,si\nnone,k3,pepsi,\n{id},,pepsi,\n"),
    );
    assert_eq!(
        session.lines("SELECT \"select\", term_id FROM \"The Shop\".\"Found Terms\" ORDER BY 1, 2"),
        ["k1|2", "k1|4"],
        "no mention spans two columns"
    );
    assert_eq!(
        session.lines("SELECT lineno, colname, errorcode FROM \"The Shop\".\"Menu \"\"Items\"\"_rejects\" ORDER BY 1"),
        ["3|Shop Id|22P02", "4|select|23502"]
    );
    assert_eq!(
        session.one("SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = '\"The Shop\".\"Found Terms\"'::regclass AND attname = 'Shop Id'"),
        "uuid"
    );
    session.run("SELECT termstream.drop_stream('\"The Shop\".\"Menu \"\"Items\"\"\"')");
    assert_eq!(session.one("SELECT count(*) FROM termstream.streams"), "0");
}

#[test]
fn a_key_is_a_list_in_either_form() {
    let (_database, mut session) = with_lexicon("key_forms");
    for (number, key) in [
        "a, \"B\"\"c\", d",
        "{a,\"B\\\"c\",d}",
        "{ a , \"B\\\"c\" , d }",
    ]
    .iter()
    .enumerate()
    {
        session.run(&format!(
            "SELECT termstream.create_match_stream('s{number}', 'a int, \"B\"\"c\" int, d int, t text', 'brands',
                 key => $key${key}$key$, text_columns => '{{t}}', pairs => 'p{number}')"
        ));
        let columns = format!(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'p{number}'::regclass AND attnum > 0 ORDER BY attnum"
        );
        assert_eq!(
            session.lines(&columns),
            ["a", "B\"c", "d", "term_id"],
            "{key}"
        );
    }
}

#[test]
fn keys_are_int_text_or_uuid() {
    let (_database, mut session) = with_lexicon("key_types");
    for (key_type, key) in [
        ("int", "7"),
        ("text", "a key, with \"quotes\""),
        ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("date", "2024-02-29"),
        ("numeric(10,2)", "3.50"),
    ] {
        session.run(&format!(
            "SELECT termstream.create_match_stream('s', 'k {key_type}, t text', 'brands', 'k', '{{t}}', 'p')"
        ));
        session.copy(
            "COPY s FROM STDIN (FORMAT csv)",
            format!("\"{}\",pepsi\n", key.replace('"', "\"\"")),
        );
        assert_eq!(
            session.lines("SELECT * FROM p"),
            [format!("{key}|2")],
            "{key_type}"
        );
        session.run("SELECT termstream.drop_stream('s'); DROP TABLE p");
    }
}

#[test]
fn a_pairs_table_of_the_users_own_is_filled() {
    let (_database, mut session) = with_lexicon("own_pairs");
    session.run(
        "CREATE TABLE found (found_at timestamptz DEFAULT now(), term_id bigint, menu_id int, UNIQUE (term_id, menu_id));
         INSERT INTO found (menu_id, term_id) VALUES (1, 2)",
    );
    let make = "SELECT termstream.create_match_stream('menu', 'menu_id int, name text', 'brands', 'menu_id', '{name}', 'found')";
    session.run(make);
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi\n2,pepsi\n");
    assert_eq!(
        session.lines("SELECT menu_id, term_id, found_at IS NULL FROM found ORDER BY 1"),
        ["1|2|f", "2|2|f"]
    );
    assert_eq!(loads(&mut session), ["2|2|0|1|done"]);
    session.run("SELECT termstream.drop_stream('menu')");
    session.run("ALTER TABLE found DROP CONSTRAINT found_term_id_menu_id_key");
    session
        .error(make)
        .is(
            "42P16",
            "pairs table public.found has no unique key over (menu_id, term_id)",
        )
        .hints("ALTER TABLE public.found ADD PRIMARY KEY (menu_id, term_id)");
    session.run("CREATE UNIQUE INDEX ON found (menu_id, term_id) WHERE menu_id > 0");
    assert_eq!(session.error(make).code, "42P16");
    session.run("CREATE UNIQUE INDEX ON found (menu_id, term_id, found_at)");
    assert_eq!(session.error(make).code, "42P16");
    session.run("CREATE UNIQUE INDEX ON found (menu_id) INCLUDE (term_id)");
    assert_eq!(
        session.error(make).code,
        "42P16",
        "an included column is no part of the key"
    );
    session.run("ALTER TABLE found ADD CONSTRAINT late UNIQUE (menu_id, term_id) DEFERRABLE");
    assert_eq!(
        session.error(make).code,
        "42P16",
        "a key that is checked later is no use to ON CONFLICT"
    );
    session.run("ALTER TABLE found DROP COLUMN term_id");
    session.error(make).is(
        "42703",
        "pairs table public.found has no column \"term_id\"",
    );
}

#[test]
fn a_stream_is_an_inbox_and_nothing_else() {
    let (_database, mut session) = with_stream("inbox_only");
    session.run("INSERT INTO menu VALUES (1, 'pepsi')");
    assert_eq!(session.lines("SELECT * FROM menu"), [""; 0]);
    for statement in ["UPDATE menu SET name = 'x'", "DELETE FROM menu"] {
        assert_eq!(session.error(statement).code, "55000", "{statement}");
    }
}

#[test]
fn a_stream_can_be_dropped_and_made_again() {
    let (_database, mut session) = with_stream("again");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\nx,y,z\n");
    session.run("SELECT termstream.drop_stream('menu')");
    assert_eq!(session.one("SELECT count(*) FROM menu_terms"), "1");
    session.run(crate::fixtures::STREAM);
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "2,pepsi,1\nx,y,z\n");
    assert_eq!(pairs(&mut session), ["1|2", "2|2"]);
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "2");
    // By DROP VIEW, too.
    session.run("DROP VIEW menu");
    session.run(crate::fixtures::STREAM);
    session.run("INSERT INTO menu VALUES (3, 'pepsi')");
    assert_eq!(pairs(&mut session).len(), 3);
    assert_eq!(session.one("SELECT count(*) FROM termstream.streams"), "1");
}

#[test]
fn a_stream_that_is_renamed_goes_on() {
    let (_database, mut session) = with_stream("stream_renamed");
    session.run("ALTER VIEW menu RENAME TO inbox; CREATE SCHEMA s; ALTER VIEW inbox SET SCHEMA s");
    session.copy(
        "COPY s.inbox FROM STDIN (FORMAT csv)",
        "1,pepsi,1\n2,pepsi,x\n",
    );
    assert_eq!(pairs(&mut session), ["1|2"]);
    assert_eq!(
        session.one("SELECT stream, copy_tbl FROM menu_rejects"),
        "s.inbox|s.inbox"
    );
}
