//! Constraints that wait for the commit, where a stream writes: what they check is checked with the batch,
//! and whoever feeds the stream keeps his own.

use crate::database::Database;

#[test]
fn a_deferred_constraint_rejects_the_rows_that_break_it() {
    let database = Database::new("deferred_rows");
    let mut session = database.session();
    session.run(
        "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (2);
         CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED,
             n int UNIQUE DEFERRABLE INITIALLY DEFERRED);
         SELECT termstream.create_stream('s', 'id int, n int', 'INSERT INTO child SELECT * FROM batch')",
    );
    session.copy("COPY s FROM STDIN (FORMAT csv)", "1,1\n9,2\n2,3\n2,1\n");
    assert_eq!(
        session.lines("SELECT * FROM child ORDER BY n"),
        ["1|1", "2|3"]
    );
    assert_eq!(
        session.lines("SELECT line, stage, errorcode FROM s_rejects ORDER BY 1"),
        ["2,1|statement|23505", "9,2|statement|23503"]
    );
    // Behind the batch they wait for the commit again.
    session.run(
        "BEGIN; INSERT INTO s VALUES ('1', '4'); INSERT INTO child VALUES (3, 5);
         INSERT INTO parent VALUES (3); COMMIT",
    );
    session
        .error("BEGIN; INSERT INTO s VALUES ('1', '6'); INSERT INTO child VALUES (4, 7); COMMIT")
        .is(
            "23503",
            "insert or update on table \"child\" violates foreign key constraint \"child_id_fkey\"",
        );
    session.run("ROLLBACK");
    // What has waited for the stream's tables before the batch is checked with it.
    let waiting = "BEGIN; INSERT INTO child VALUES (5, 8); INSERT INTO s VALUES ('1', '9')";
    assert_eq!(session.error(waiting).code, "23503");
    session.run("ROLLBACK");
    // The other side of a key: its owner deletes what others refer to.
    session.run(
        "SELECT termstream.create_stream('gone', 'id int', 'DELETE FROM parent WHERE id IN (SELECT id FROM batch)')",
    );
    session.run("INSERT INTO gone VALUES ('1'), ('2')");
    assert_eq!(session.one("SELECT count(*) FROM gone_rejects"), "2");
}

#[test]
fn a_trigger_that_leaves_a_check_to_the_commit_elsewhere_is_refused_with_a_hint() {
    let database = Database::new("deferred_elsewhere");
    let mut superuser = database.session();
    let anna = database.role("anna");
    superuser.run(&format!(
        "CREATE SCHEMA a AUTHORIZATION {anna};
         CREATE TABLE log (a int UNIQUE DEFERRABLE INITIALLY DEFERRED, b int); GRANT INSERT ON log TO {anna};
         CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO public.log VALUES (NEW.a); RETURN NEW; END $$"
    ));
    let mut session = database.session_of(&anna);
    session.run(
        "CREATE TABLE a.t (a int); CREATE TRIGGER log BEFORE INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION log();
         SELECT termstream.create_stream('a.s', 'a int', 'INSERT INTO a.t SELECT * FROM batch');
         SELECT termstream.create_stream('a.named', 'a int', 'INSERT INTO public.log SELECT * FROM batch')",
    );
    session.run("INSERT INTO a.s VALUES ('1')");
    session
        .error("INSERT INTO a.s VALUES ('1'), ('2')")
        .is(
            "42501",
            "cannot fire deferred trigger within security-restricted operation",
        )
        .details("a.s")
        .details("log_a_key of table public.log")
        .hints("INITIALLY IMMEDIATE");
    session.run("INSERT INTO a.named VALUES ('1'), ('2')");
    assert_eq!(superuser.lines("SELECT a FROM log ORDER BY 1"), ["1", "2"]);
    assert_eq!(session.one("SELECT line FROM a.named_rejects"), "1");
}
