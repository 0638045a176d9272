//! Schemas that are renamed by their owner, so that a name means another table than it meant before.

use crate::mallory::Mallory;
use std::io::Write;

/// Puts the schema `fake` in the place of `shared`.
const SWAP: &str = "ALTER SCHEMA shared RENAME TO true_one; ALTER SCHEMA fake RENAME TO shared";
const SWAP_BACK: &str =
    "ALTER SCHEMA shared RENAME TO fake; ALTER SCHEMA true_one RENAME TO shared";

/// Mallory owns two schemas; in one of them the superuser has a lexicon's table and a stream.
fn with_schemas(name: &str) -> Mallory {
    let mut m = Mallory::new(name);
    m.superuser.run(&format!(
        "CREATE SCHEMA shared AUTHORIZATION {role}; CREATE SCHEMA fake AUTHORIZATION {role};
         GRANT CREATE ON DATABASE {} TO {role};
         CREATE TABLE shared.terms (term_id bigint, term text); INSERT INTO shared.terms VALUES (1, 'Fanta');
         GRANT SELECT ON shared.terms TO PUBLIC;
         SELECT termstream.create_lexicon('shared', 'shared.terms');
         CREATE TABLE public.t (a int);
         SELECT termstream.create_stream('shared.s', 'a int', 'INSERT INTO public.t SELECT a FROM batch');
         GRANT INSERT ON shared.s TO PUBLIC; GRANT ALL ON shared.s_rejects TO {role}",
        m.database.name,
        role = m.role
    ));
    m.session.run(
        "CREATE FUNCTION strike_row() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM mallory.strike(); RETURN NEW; END'",
    );
    m
}

#[test]
fn rejects_go_into_no_table_that_took_the_name_of_theirs() {
    let mut m = with_schemas("renamed_rejects");
    // Her table looks the same, and so does her view of the stream's own.
    for bait in [
        "CREATE TABLE fake.s_rejects (LIKE shared.s_rejects INCLUDING ALL);
         CREATE TRIGGER strike BEFORE INSERT OR UPDATE OR DELETE ON fake.s_rejects
             FOR EACH ROW EXECUTE FUNCTION strike_row()",
        "CREATE VIEW fake.s_rejects AS SELECT * FROM shared.s_rejects WHERE strike() = 1",
    ] {
        m.session.run(bait);
        let mut feeder = m.database.session_of(&m.role);
        let waits = format!(
            "SELECT state, wait_event FROM pg_stat_activity WHERE pid = {}",
            feeder.pid()
        );
        feeder.run("BEGIN");
        {
            let mut copy = feeder.client.copy_in("COPY shared.s FROM STDIN").unwrap();
            copy.write_all(b"1\n").unwrap();
            copy.flush().unwrap();
            // The stream is open: its rejects have got their name.
            m.superuser.wait_for(&waits, "active|ClientRead");
            m.session.run(SWAP);
            copy.write_all(b"bad\n").unwrap();
            let error = copy.finish().expect_err("it is another table");
            let code = error.code().map(|code| code.code().to_owned());
            assert_eq!(code.as_deref(), Some("40001"), "{error:?}");
        }
        feeder.run("ROLLBACK");
        m.session.run(SWAP_BACK);
        m.has_gained_nothing();
        m.session
            .run("DROP SCHEMA fake CASCADE; CREATE SCHEMA fake");
    }
    m.session.run("INSERT INTO shared.s VALUES ('1'), ('bad')");
    m.session
        .run("UPDATE shared.s_rejects SET line = '2' WHERE line = 'bad'");
    assert_eq!(
        m.session
            .one("SELECT taken FROM termstream.retry_rejects('shared.s')"),
        "1"
    );
    assert_eq!(m.superuser.lines("SELECT a FROM t ORDER BY 1"), ["1", "2"]);
}

#[test]
fn terms_are_read_from_no_view_that_took_the_name_of_their_table() {
    let mut m = with_schemas("renamed_terms");
    m.session.run(
        "CREATE VIEW fake.terms AS SELECT strike()::bigint AS term_id, 'x'::text AS term;
         GRANT SELECT ON fake.terms TO PUBLIC",
    );
    m.session.run(&format!(
        "CREATE TABLE stop (); GRANT SELECT, INSERT ON stop TO PUBLIC; CREATE TABLE swaps (n int);
         CREATE PROCEDURE swap() LANGUAGE plpgsql AS $$
         BEGIN
             WHILE NOT EXISTS (SELECT FROM mallory.stop) LOOP 
                 {SWAP}; COMMIT; {SWAP_BACK}; INSERT INTO mallory.swaps VALUES (1); COMMIT;
             END LOOP;
         END $$"
    ));
    let mut swapping = m.database.session_of(&m.role);
    let swapping = std::thread::spawn(move || swapping.run("CALL mallory.swap()"));
    for _ in 0..60 {
        // Where the name means nothing just now, or something else, that is an error.
        let refreshed = "SELECT termstream.refresh_lexicon('shared')";
        if let Err(error) = m.superuser.client.simple_query(refreshed) {
            let code = error.code().map(|code| code.code().to_owned());
            let code = code.unwrap_or_default();
            assert!(["42P01", "3F000", "40001"].contains(&&*code), "{error:?}");
        }
    }
    m.superuser.run("INSERT INTO mallory.stop DEFAULT VALUES");
    swapping.join().unwrap();
    assert_ne!(m.superuser.one("SELECT count(*) FROM mallory.swaps"), "0");
    m.has_gained_nothing();
    m.superuser
        .run("SELECT termstream.refresh_lexicon('shared')");
    assert_eq!(
        m.session
            .one("SELECT termstream.has_match('shared', 'fanta')"),
        "t"
    );
}
