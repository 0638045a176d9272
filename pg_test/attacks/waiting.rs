//! Triggers that wait for the commit, of tables that share a schema, and a name, with a stream's.

use crate::database::Database;

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
            [mallory.clone()],
            "{feed}"
        );
    }
    assert_eq!(superuser.one("SELECT count(*) FROM t"), "2");
    // One that cannot be deferred, of the name, is in nobody's way.
    mallory_session.run("CREATE TABLE other (a int CONSTRAINT t_a_key CHECK (a > 0))");
    mallory_session.run("INSERT INTO s VALUES ('3')");
    assert_eq!(superuser.one("SELECT count(*) FROM t"), "3");
}
