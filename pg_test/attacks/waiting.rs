//! Triggers that wait for the commit, of tables that share a schema, and a name, with a stream's.

use crate::database::Database;
use crate::mallory::Mallory;

#[test]
fn what_waits_for_the_commit_never_runs_with_the_rights_of_a_streams_owner() {
    let database = Database::new("deferred_rights");
    let mut superuser = database.session();
    let (anna, mallory) = (database.role("anna"), database.role("mallory"));
    superuser.run(
        "GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE TABLE seen (who text); GRANT ALL ON seen TO PUBLIC;
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO public.seen VALUES (current_user); RETURN NULL; END $$",
    );
    let mut anna_session = database.session_of(&anna);
    anna_session.run(
        "CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED);
         SELECT termstream.create_stream('s', 'a int', 'INSERT INTO t SELECT * FROM batch');
         GRANT INSERT ON s TO PUBLIC",
    );
    // A constraint of Mallory's with the name of Anna's.
    let mut mallory_session = database.session_of(&mallory);
    mallory_session.run(
        "CREATE TABLE mine (a int);
         CREATE CONSTRAINT TRIGGER t_a_key AFTER INSERT ON mine DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION note()",
    );
    superuser.run(
        "CREATE FUNCTION feed() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$INSERT INTO public.s VALUES ('2')$$",
    );
    for feed in ["INSERT INTO s VALUES ('1')", "SELECT feed()"] {
        superuser.run("TRUNCATE seen");
        mallory_session.run(&format!(
            "BEGIN; INSERT INTO mine VALUES (1); {feed}; COMMIT"
        ));
        assert_eq!(
            superuser.lines("SELECT who FROM seen"),
            [mallory.as_str()],
            "{feed}"
        );
    }
    assert_eq!(superuser.one("SELECT count(*) FROM t"), "2");
    // One that cannot be deferred, of the name, is in nobody's way.
    mallory_session.run("CREATE TABLE other (a int CONSTRAINT t_a_key CHECK (a > 0))");
    mallory_session.run("INSERT INTO s VALUES ('3')");
    assert_eq!(superuser.one("SELECT count(*) FROM t"), "3");
}

#[test]
fn what_waits_for_the_commit_does_not_run_on_anothers_search_path() {
    let mut m = Mallory::new("waiting_path");
    let role = m.role.clone();
    let victim = m.database.role("victim");
    m.superuser
        .run(&format!("CREATE SCHEMA victim AUTHORIZATION {victim}"));
    let mut session = m.database.session_of(&victim);
    // The trigger names its table without a schema, as most do.
    session.run(&format!(
        "SET search_path = victim;
         CREATE TABLE orders (id int); CREATE TABLE audit (who text);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN INSERT INTO audit VALUES (current_user); RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER note AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION note();
         GRANT USAGE ON SCHEMA victim TO {role}; GRANT INSERT ON orders TO {role}"
    ));
    // A table of that name of hers, and doors where her search_path holds: a stream within a stream, and a
    // function.
    m.session.run(
        "CREATE TABLE audit (who text); GRANT INSERT ON audit TO PUBLIC;
         CREATE FUNCTION strike_row() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM mallory.strike(); RETURN NULL; END';
         CREATE TRIGGER strike AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION strike_row();
         SELECT termstream.create_stream('inside', 'a int', 'INSERT INTO victim.orders SELECT a FROM batch WHERE a = 0');
         SELECT termstream.create_stream('around', 'a int', 'INSERT INTO inside SELECT a FROM batch');
         GRANT INSERT ON around TO PUBLIC;
         CREATE FUNCTION feed() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = mallory
         AS $$INSERT INTO mallory.inside VALUES ('1')$$",
    );
    for feed in [
        "INSERT INTO mallory.around VALUES ('1')",
        "SELECT mallory.feed()",
    ] {
        session.run("TRUNCATE audit");
        session
            .error(&format!("BEGIN; INSERT INTO orders VALUES (1); {feed}"))
            .is("42P01", "relation \"audit\" does not exist");
        session.run("ROLLBACK");
        // Where nothing waits, it works.
        session.run(feed);
        session.run("BEGIN; INSERT INTO orders VALUES (1); COMMIT");
        assert_eq!(session.one("SELECT who FROM audit"), victim, "{feed}");
    }
    m.session.run("INSERT INTO audit VALUES ('me')");
    m.has_struck();
    m.has_gained_nothing();
}
