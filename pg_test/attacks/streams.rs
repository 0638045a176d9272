//! Whose rights code runs with that a stream brings along: its owner's, whoever feeds it, and nothing of
//! what it sets is left behind.

use crate::database::{Database, Session};

/// A superuser, and Mallory with a schema of her own, where `spy` notes as whom it runs.
fn with_spy(name: &str) -> (Database, Session, Session, String) {
    let database = Database::new(name);
    let mut superuser = database.session();
    let role = database.role("mallory");
    superuser.run(&format!("CREATE SCHEMA m AUTHORIZATION {role}"));
    let mut mallory = database.session_of(&role);
    mallory.run(
        "GRANT USAGE ON SCHEMA m TO PUBLIC;
         CREATE TABLE m.seen (what text, who text); GRANT ALL ON m.seen TO PUBLIC;
         CREATE FUNCTION m.spy(what text) RETURNS int LANGUAGE plpgsql AS $$
         BEGIN
             INSERT INTO m.seen VALUES (what, current_user);
             PERFORM set_config('search_path', 'm', false), set_config('work_mem', '77MB', false);
             RETURN 1;
         END $$;
         CREATE FUNCTION m.folded(what text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
         'BEGIN RETURN m.spy(what); END';
         CREATE FUNCTION m.on_row() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM m.spy(TG_ARGV[0]); RETURN NEW; END $$",
    );
    (database, superuser, mallory, role)
}

/// A stream of Mallory's with code in every place that takes some.
const TRAPS: &str = "
CREATE DOMAIN m.watched AS int CHECK (m.spy('domain') = 1);
CREATE TABLE m.t (a int, b int, c text);
CREATE TRIGGER t BEFORE INSERT ON m.t FOR EACH ROW EXECUTE FUNCTION m.on_row('trigger');
CREATE CONSTRAINT TRIGGER d AFTER INSERT ON m.t DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION m.on_row('deferred');
SELECT termstream.create_stream('m.s', $$a m.watched, b int DEFAULT m.spy('default') + 1, c text DEFAULT 'plain'$$,
    $$INSERT INTO m.t SELECT a, b, c || m.folded('folded') FROM batch WHERE m.spy('statement') = 1$$,
    check_rows => $$m.spy('check') = 1$$, quality_check => $$m.spy('quality') = count(*) - count(*) + 1$$);
CREATE TRIGGER r BEFORE INSERT OR UPDATE OR DELETE ON m.s_rejects FOR EACH ROW EXECUTE FUNCTION m.on_row('reject');
CREATE CONSTRAINT TRIGGER rd AFTER INSERT OR UPDATE ON m.s_rejects DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION m.on_row('deferred reject');
CREATE INDEX ON m.s_rejects ((m.folded('index')));
GRANT INSERT ON m.s TO PUBLIC; GRANT ALL ON m.s_rejects TO PUBLIC";

/// What was run, and as whom.
fn seen(superuser: &mut Session) -> Vec<String> {
    superuser.lines("SELECT what, string_agg(DISTINCT who, ',') FROM m.seen GROUP BY 1 ORDER BY 1")
}

fn everything_as(role: &str, without: &[&str]) -> Vec<String> {
    [
        "check",
        "default",
        "deferred",
        "deferred reject",
        "domain",
        "folded",
        "index",
        "quality",
        "reject",
        "statement",
        "trigger",
    ]
    .iter()
    .filter(|what| !without.contains(what))
    .map(|what| format!("{what}|{role}"))
    .collect()
}

/// Asserts that the session is as it was.
fn is_clean(session: &mut Session) {
    assert_eq!(
        session.one(
            "SELECT current_setting('search_path'), current_setting('work_mem'), current_user = session_user"
        ),
        "\"$user\", public|4MB|t"
    );
}

#[test]
fn at_every_door_the_code_of_a_stream_runs_as_its_owner_and_leaves_no_setting() {
    let (database, mut superuser, mut mallory, role) = with_spy("identity");
    mallory.run(TRAPS);
    let victim = database.role("victim");
    superuser.run(&format!("GRANT pg_read_server_files TO {victim}"));
    let path = database.file("s.csv", "a,c\nbad,z\n1,x\n2,y\n");
    for mut feeder in [database.session(), database.session_of(&victim)] {
        superuser.run("TRUNCATE m.seen, m.t, m.s_rejects");
        feeder.run("INSERT INTO m.s (a) VALUES ('bad'), ('1')");
        assert_eq!(seen(&mut superuser), everything_as(&role, &[]));
        is_clean(&mut feeder);

        // A session folds once.
        let kept = ["folded", "index"];
        superuser.run("TRUNCATE m.seen");
        feeder.copy("COPY m.s (a, c) FROM STDIN (FORMAT csv)", "bad,y\n2,x\n");
        assert_eq!(seen(&mut superuser), everything_as(&role, &kept));
        is_clean(&mut feeder);

        for parallel in [1, 2] {
            superuser.run("TRUNCATE m.seen");
            feeder.run(&format!(
                "CALL termstream.load_file('m.s', '{path}', columns => '{{a,c}}', parallel => {parallel}, resume => false)"
            ));
            let mut seen = seen(&mut superuser);
            seen.retain(|line| !kept.iter().any(|what| line.starts_with(what)));
            assert_eq!(seen, everything_as(&role, &kept), "{parallel}");
            is_clean(&mut feeder);
        }

        superuser.run("TRUNCATE m.seen");
        feeder.run(
            "SELECT termstream.note_rejects('m.s', 'x', '{1}', ARRAY['a'::bytea], '{22P04}', '{m}')",
        );
        feeder.run(
            "BEGIN; INSERT INTO m.s (a) VALUES ('bad');
             SELECT termstream.place_rejects((SELECT max(load_id) FROM termstream.loads), '{f}', '{7}'); COMMIT",
        );
        // What Mallory's table runs when somebody else writes it, it runs as him.
        mallory.run(
            "UPDATE m.s_rejects SET line = '3,4,x', line_format = NULL WHERE reject_id % 2 = 0",
        );
        assert_ne!(
            feeder.one("SELECT taken FROM termstream.retry_rejects('m.s', $$colname = 'a' AND line LIKE '3%'$$)"),
            "0"
        );
        is_clean(&mut feeder);
        let seen = seen(&mut superuser);
        assert!(
            seen.iter().all(|line| line.ends_with(&format!("|{role}"))) && seen.len() >= 8,
            "{seen:?}"
        );
    }
    // A superuser who changes the stream runs nothing of it as himself.
    superuser.run("TRUNCATE m.seen");
    superuser.run(
        "SELECT termstream.alter_stream('m.s', statement => $$INSERT INTO m.t (c) SELECT c || m.folded('folded') FROM batch$$,
             check_rows => $$m.folded('check') = 1$$, formats => '{\"b\": \"1.234,56\"}')",
    );
    assert_eq!(
        seen(&mut superuser),
        [format!("check|{role}"), format!("folded|{role}")]
    );
    is_clean(&mut superuser);
}

#[test]
fn whoever_makes_a_stream_keeps_his_settings() {
    let (_database, mut superuser, _mallory, _role) = with_spy("identity_made");
    superuser.run(
        "CREATE TABLE t (a int);
         SELECT termstream.create_stream('s', 'a int', $$INSERT INTO t SELECT a + m.folded('x') FROM batch$$)",
    );
    is_clean(&mut superuser);
}

#[test]
fn inside_a_stream_nobody_becomes_another_role_or_leaves_something_behind() {
    let (database, mut superuser, mut mallory, role) = with_spy("identity_escape");
    mallory.run(
        "CREATE FUNCTION m.run(command text) RETURNS text LANGUAGE plpgsql AS $$
         BEGIN EXECUTE command; RETURN current_user; END $$;
         CREATE TABLE m.done (who text);
         SELECT termstream.create_stream('m.s', 'command text', 'INSERT INTO m.done SELECT m.run(command) FROM batch');
         GRANT INSERT ON m.s TO PUBLIC",
    );
    let victim = database.role("victim");
    for mut feeder in [database.session(), database.session_of(&victim)] {
        let before = feeder.one("SELECT current_user");
        for escape in [
            "RESET ROLE",
            "SET ROLE NONE",
            "SET SESSION AUTHORIZATION DEFAULT",
            "RESET SESSION AUTHORIZATION",
            "CREATE TEMP TABLE left_behind (a int)",
            "DECLARE left_behind CURSOR WITH HOLD FOR SELECT 1",
            "PREPARE left_behind AS SELECT 1",
            "LISTEN left_behind",
            "DISCARD ALL",
        ] {
            let failure = feeder.error(&format!("INSERT INTO m.s VALUES ('{escape}')"));
            assert!(
                ["42501", "25001", "0A000"].contains(&failure.code.as_str()),
                "{escape}: {failure:?}"
            );
            assert_eq!(feeder.one("SELECT current_user"), before, "{escape}");
        }
        feeder.run("INSERT INTO m.s VALUES ('NOTIFY news'), ('SELECT 1')");
    }
    assert_eq!(
        superuser.lines("SELECT DISTINCT who FROM m.done"),
        [role.as_str()]
    );
}

#[test]
fn a_stream_that_feeds_another_ones_runs_each_as_its_owner() {
    let (database, mut superuser, mut mallory, role) = with_spy("identity_nested");
    let anna = database.role("anna");
    superuser.run(&format!("CREATE SCHEMA a AUTHORIZATION {anna}"));
    let mut anna_session = database.session_of(&anna);
    anna_session.run(
        "GRANT USAGE ON SCHEMA a TO PUBLIC; CREATE TABLE a.t (n int, who text);
         CREATE CONSTRAINT TRIGGER d AFTER INSERT ON a.t DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION m.on_row('anna');
         SELECT termstream.create_stream('a.s', 'n int', 'INSERT INTO a.t SELECT 6 / n, current_user FROM batch', on_error => 'stop');
         GRANT INSERT ON a.s TO PUBLIC",
    );
    mallory.run(
        "CREATE TABLE m.t (n int, who text);
         SELECT termstream.create_stream('m.s', 'n int',
             'INSERT INTO a.s SELECT n FROM batch; INSERT INTO m.t SELECT n, current_user FROM batch');
         GRANT INSERT ON m.s TO PUBLIC",
    );
    superuser.run("INSERT INTO m.s VALUES ('1'), ('0'), ('2'), ('x')");
    is_clean(&mut superuser);
    assert_eq!(
        superuser.lines("SELECT * FROM a.t ORDER BY 1"),
        [format!("3|{anna}"), format!("6|{anna}")]
    );
    assert_eq!(
        superuser.lines("SELECT * FROM m.t ORDER BY 1"),
        [format!("1|{role}"), format!("2|{role}")]
    );
    assert_eq!(
        superuser.lines("SELECT line, stage, errorcode FROM m.s_rejects ORDER BY 1"),
        ["0|statement|22012", "x|convert|22P02"]
    );
    assert_eq!(
        superuser.lines("SELECT DISTINCT what, who FROM m.seen"),
        [format!("anna|{anna}")]
    );
}

#[test]
fn a_table_that_waits_for_a_stream_is_not_taken_over() {
    let (database, mut superuser, mut mallory, role) = with_spy("squatting");
    let (anna, team) = (database.role("anna"), database.role("team"));
    superuser.run(&format!(
        "GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE TABLE terms (term_id bigint, term text);
         INSERT INTO terms VALUES (1, 'Pepsi'); GRANT SELECT ON terms TO PUBLIC;
         SELECT termstream.create_lexicon('brands', 'terms');
         GRANT {team} TO {anna}"
    ));
    // Rejects and pairs as a stream makes them, of Mallory's.
    let bait = "
        SELECT termstream.create_match_stream('menu', 'id bigint, name text', 'brands', 'id', '{name}', 'menu_terms');
        SELECT termstream.drop_stream('menu');
        GRANT ALL ON menu_rejects, menu_terms TO PUBLIC";
    mallory.run(bait);
    let mut anna_session = database.session_of(&anna);
    for (pairs, what) in [
        ("menu_terms", "pairs table public.menu_terms"),
        ("mine", "rejects table public.menu_rejects"),
    ] {
        let make = format!(
            "SELECT termstream.create_match_stream('menu', 'id bigint, name text', 'brands', 'id', '{{name}}', '{pairs}')"
        );
        for session in [&mut anna_session, &mut superuser] {
            session
                .error(&make)
                .is("42501", &format!("{what} belongs to role \"{role}\""))
                .hints("OWNER TO");
        }
    }
    // Her own, and those of a role that she is a member of, are.
    superuser.run(&format!(
        "ALTER TABLE menu_rejects OWNER TO {anna}; ALTER TABLE menu_terms OWNER TO {team}"
    ));
    anna_session.run(
        "SELECT termstream.create_match_stream('menu', 'id bigint, name text', 'brands', 'id', '{name}', 'menu_terms')",
    );
    anna_session.run("INSERT INTO menu VALUES ('1', 'pepsi'), ('x', 'y')");
    assert_eq!(
        superuser
            .one("SELECT (SELECT count(*) FROM menu_terms), (SELECT count(*) FROM menu_rejects)"),
        "1|1"
    );
}

#[test]
fn whoever_retries_rejects_runs_nothing_of_the_tables_owner() {
    let (database, mut superuser, mut mallory, role) = with_spy("retrying");
    mallory.run(
        "CREATE TABLE m.t (a int);
         SELECT termstream.create_stream('m.s', 'a int', 'INSERT INTO m.t SELECT * FROM batch');
         INSERT INTO m.s VALUES ('x'), ('2y');
         CREATE FUNCTION m.is_it(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN m.spy($$policy$$) = 1; END';
         CREATE TYPE m.sly AS (t text);
         CREATE FUNCTION m.as_text(m.sly) RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM m.spy($$cast$$); RETURN $$x$$; END';
         CREATE CAST (m.sly AS text) WITH FUNCTION m.as_text(m.sly) AS IMPLICIT;
         ALTER TABLE m.s_rejects ALTER colname TYPE m.sly USING ROW(colname)::m.sly;
         CREATE INDEX ON m.s_rejects ((m.folded('index'))); UPDATE m.s_rejects SET line = '2' WHERE line = '2y'",
    );
    // A column of a type of hers is none for a condition.
    superuser.error("SELECT termstream.retry_rejects('m.s', $$colname::text = 'a'$$)");
    assert_eq!(
        superuser.one(
            "SELECT read, taken FROM termstream.retry_rejects('m.s', $$s_rejects.line LIKE '2%'$$)"
        ),
        "1|1"
    );
    mallory.run("ALTER TABLE m.s_rejects ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON m.s_rejects USING (m.is_it(line))");
    let reader = database.role("reader");
    mallory.run(&format!("GRANT ALL ON m.s_rejects, m.s TO {reader}"));
    database
        .session_of(&reader)
        .error("SELECT termstream.retry_rejects('m.s')")
        .is(
            "42501",
            "rejects of stream m.s cannot be retried under row-level security",
        );
    superuser.run("SELECT termstream.retry_rejects('m.s', $$line = 'y'$$)");
    let others = format!("SELECT count(*) FROM m.seen WHERE who <> '{role}'");
    assert_eq!(superuser.one(&others), "0");
}
