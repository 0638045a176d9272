//! Code that hangs on the source of a lexicon, where somebody else reads the terms.

use crate::mallory::Mallory;

const TERMS: &str = "
CREATE TABLE t (term_id bigint PRIMARY KEY, term text);
INSERT INTO t VALUES (1, 'Pepsi'), (2, 'Nestlé');";
const INDEX: &str = "CREATE INDEX ON t ((f(1)))";
const LEXICON: &str = "SELECT termstream.create_lexicon('mal', 'mallory.t')";

#[test]
fn an_index_expression_runs_as_the_tables_owner() {
    let mut mallory = Mallory::new("index");
    mallory.session.run(TERMS);
    mallory.session.run(INDEX);
    mallory.session.run(LEXICON);
    mallory
        .session
        .run("SELECT termstream.refresh_lexicon('mal')");
    mallory
        .session
        .run("SELECT termstream.learn('mal', 'SELECT ''pepsi with ice''::text')");
    mallory.session.run(
        "INSERT INTO t SELECT n, 'brand ' || n FROM generate_series(10, 30010) n;
         INSERT INTO t SELECT n, 'brand ' || n FROM generate_series(40010, 55010) n",
    );
    // The others only match, or look at what lexicons there are.
    mallory.session.run("GRANT SELECT, INSERT ON t TO PUBLIC");
    let mut bystander = {
        let role = mallory.database.role("bystander");
        mallory.database.session_of(&role)
    };
    for victim in [&mut bystander, &mut mallory.superuser] {
        victim.run("SELECT * FROM termstream.lexicons");
        assert_eq!(
            victim.one("SELECT termstream.has_match('mal', 'pepsi')"),
            "t"
        );
        victim.run("SELECT * FROM termstream.explain_match('mal', 'pepsi')");
        victim.run(
            "SELECT * FROM termstream.tune_lexicon('mal', 'SELECT ''pepsi''::text, 1::bigint')",
        );
    }
    // Whoever inserts runs the index expression as himself, without us; but not that of a statistic.
    mallory.session.run("DROP INDEX t_f_idx");
    mallory
        .session
        .run("CREATE STATISTICS s ON (f(1)), (f(2)) FROM t");
    bystander.run("INSERT INTO mallory.t VALUES (3, 'Fanta')");
    assert_eq!(
        bystander.one("SELECT termstream.has_match('mal', 'fanta')"),
        "t"
    );
    mallory
        .superuser
        .run("INSERT INTO mallory.t VALUES (4, 'Sprite')");
    mallory
        .superuser
        .run("SELECT termstream.refresh_lexicon('mal')");
    mallory
        .superuser
        .run("SELECT termstream.drop_lexicon('mal')");
    mallory.has_struck();
    mallory.has_gained_nothing();
}

#[test]
fn what_the_index_expression_sets_does_not_outlive_it() {
    let mut mallory = Mallory::new("settings");
    mallory.session.run(TERMS);
    mallory.session.run(
        "CREATE OR REPLACE FUNCTION strike() RETURNS int LANGUAGE plpgsql AS $$
         BEGIN
             PERFORM set_config('search_path', 'mallory', false);
             PERFORM set_config('work_mem', '64kB', false);
             INSERT INTO mallory.ran VALUES (current_user);
             RETURN 1;
         END $$",
    );
    mallory.session.run(INDEX);
    mallory.session.run(LEXICON);
    let before =
        mallory.superuser.one("SHOW search_path") + &mallory.superuser.one("SHOW work_mem");
    mallory
        .superuser
        .run("SELECT termstream.refresh_lexicon('mal')");
    let after = mallory.superuser.one("SHOW search_path") + &mallory.superuser.one("SHOW work_mem");
    assert_eq!(before, after);
    mallory.has_struck();
    mallory.has_gained_nothing();
}

#[test]
fn a_role_cannot_be_taken_nor_a_trace_left_while_terms_are_read() {
    let mut mallory = Mallory::new("restricted");
    mallory.session.run(TERMS);
    mallory.session.run(INDEX);
    mallory.session.run(LEXICON);
    for trick in [
        "SET ROLE postgres",
        "RESET ROLE",
        "SET SESSION AUTHORIZATION DEFAULT",
        "CREATE TEMP TABLE trace (n int)",
        "DECLARE trace CURSOR WITH HOLD FOR SELECT mallory.strike()",
    ] {
        mallory.session.run(&format!(
            "CREATE OR REPLACE FUNCTION strike() RETURNS int LANGUAGE plpgsql AS $$
             BEGIN
                 BEGIN EXECUTE 'ALTER ROLE {} SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;
                 INSERT INTO mallory.ran VALUES (current_user);
                 EXECUTE '{trick}';
                 RETURN 1;
             END $$",
            mallory.role
        ));
        // Role and settings are the superuser's own again, whatever became of the refresh.
        let outcome = mallory
            .superuser
            .client
            .simple_query("SELECT termstream.refresh_lexicon('mal')");
        assert!(outcome.is_err(), "{trick}");
        assert_eq!(
            mallory.superuser.one("SELECT current_user"),
            "postgres",
            "{trick}"
        );
    }
    mallory.has_gained_nothing();
}

#[test]
fn a_table_that_became_a_view_is_not_read() {
    let mut mallory = Mallory::new("rule");
    let version: u32 = mallory
        .superuser
        .one("SHOW server_version_num")
        .parse()
        .unwrap();
    mallory
        .session
        .run("CREATE TABLE t (term_id bigint, term text)");
    mallory.session.run(LEXICON);
    let triggers = mallory
        .session
        .lines("SELECT tgname FROM pg_trigger WHERE tgrelid = 't'::regclass");
    for trigger in triggers {
        mallory.session.run(&format!("DROP TRIGGER {trigger} ON t"));
    }
    let rule = "CREATE RULE \"_RETURN\" AS ON SELECT TO t DO INSTEAD
                SELECT 1::bigint AS term_id, strike()::text AS term";
    if version >= 160_000 {
        // A table can no longer become a view.
        assert_eq!(mallory.session.error(rule).code, "42809");
        return;
    }
    // Until then the table is said to have triggers.
    mallory.session.run("VACUUM t");
    mallory.session.run(rule);
    mallory.session.run("GRANT SELECT ON t TO PUBLIC");
    mallory.superuser.run("SELECT * FROM termstream.lexicons");
    let failure = mallory
        .superuser
        .error("SELECT termstream.has_match('mal', 'pepsi')");
    assert_eq!(failure.code, "42809", "{failure:?}");
    mallory.has_gained_nothing();
}

#[test]
fn a_foreign_partition_is_refused() {
    let mut mallory = Mallory::new("foreign");
    mallory.superuser.run(&format!(
        "CREATE EXTENSION postgres_fdw;
         CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw
                OPTIONS (host '{}', dbname '{}');
         GRANT USAGE ON FOREIGN SERVER loop TO {}",
        crate::database::server_folder().display(),
        mallory.database.name,
        mallory.role
    ));
    mallory.session.run(
        "CREATE TABLE t (term_id bigint, term text) PARTITION BY LIST (term_id);
         CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
         INSERT INTO t VALUES (1, 'Pepsi');
         CREATE USER MAPPING FOR CURRENT_USER SERVER loop",
    );
    mallory.session.run(LEXICON);
    assert_eq!(
        mallory
            .session
            .one("SELECT termstream.has_match('mal', 'pepsi')"),
        "t"
    );
    mallory.session.run(
        "CREATE FOREIGN TABLE t2 PARTITION OF t FOR VALUES IN (2) SERVER loop
                OPTIONS (schema_name 'public', table_name 'terms')",
    );
    let refused = "the source of lexicon \"mal\" has a foreign table as a partition: mallory.t2";
    for victim in [&mut mallory.session, &mut mallory.superuser] {
        victim
            .error("SELECT termstream.refresh_lexicon('mal')")
            .is("42809", refused)
            .hints("a local table");
        assert_eq!(
            victim
                .error("SELECT termstream.has_match('mal', 'pepsi')")
                .code,
            "42809"
        );
    }
}

#[test]
fn a_lexicon_belongs_to_the_owner_of_its_table() {
    let mut mallory = Mallory::new("owner");
    mallory.session.run(TERMS);
    mallory.session.run(LEXICON);
    let heir = mallory.database.role("heir");
    mallory.superuser.run(&format!(
        "GRANT USAGE, CREATE ON SCHEMA mallory TO {heir}; ALTER TABLE mallory.t OWNER TO {heir}"
    ));
    let mut session = mallory.database.session_of(&heir);
    session.run("SELECT termstream.refresh_lexicon('mal')");
    session.run("SELECT termstream.learn('mal', 'SELECT ''some text''::text')");
    assert_eq!(
        session.one("SELECT owner FROM termstream.lexicons WHERE lexicon = 'mal'"),
        heir
    );
    for call in [
        "SELECT termstream.refresh_lexicon('mal')",
        "SELECT termstream.learn('mal', 'SELECT ''x''::text')",
        "SELECT termstream.drop_lexicon('mal')",
    ] {
        mallory
            .session
            .error(call)
            .is("42501", "must be owner of lexicon \"mal\"")
            .details("mallory.t");
    }
    assert_eq!(
        mallory
            .session
            .error("SELECT termstream.has_match('mal', 'pepsi')")
            .code,
        "42501"
    );
    session.run("SELECT termstream.drop_lexicon('mal')");
}

#[test]
fn policies_forced_on_the_owner_refuse_the_lexicon() {
    let mut mallory = Mallory::new("forced");
    mallory.session.run(TERMS);
    mallory.session.run(LEXICON);
    mallory.session.run(
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY;
         ALTER TABLE t FORCE ROW LEVEL SECURITY;
         CREATE POLICY sly ON t USING (strike() = 1)",
    );
    // Whoever passes the policies by does not make a lexicon of what the owner may not see.
    let failure = mallory
        .superuser
        .error("SELECT termstream.refresh_lexicon('mal')");
    assert_eq!(failure.code, "42501", "{failure:?}");
    assert!(
        failure.message.contains("row-level security"),
        "{failure:?}"
    );
    mallory.has_gained_nothing();
}
