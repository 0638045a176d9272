//! `termstream.check()`: nothing where all is well, and for each thing that is not, what to do.

use crate::database::{Database, Session, server_program};
use crate::fixtures::{ids, with_lexicon, with_stream};

fn problems(session: &mut Session) -> Vec<String> {
    session.lines(
        "SELECT kind, object, problem FROM termstream.check() WHERE kind <> 'file' ORDER BY 1, 2, 3",
    )
}

/// Follows the hint of the only problem.
fn hint(session: &mut Session) -> String {
    session.one("SELECT hint FROM termstream.check() WHERE kind <> 'file'")
}

#[test]
fn where_all_is_well_there_is_nothing_to_say() {
    let (database, mut session) = with_stream("check_well");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "1,a pepsi,1\n");
    session.run("INSERT INTO terms VALUES (6, 'Fanta')");
    assert_eq!(problems(&mut session), [""; 0]);
    let role = database.role("nobody");
    assert_eq!(problems(&mut database.session_of(&role)), [""; 0]);
}

#[test]
fn a_lexicon_that_cannot_be_used_is_told_to_its_owner() {
    let (database, mut session) = with_lexicon("check_lexicon");
    let (owner, other) = (database.role("owner"), database.role("other"));
    session.run(&format!("ALTER TABLE terms OWNER TO {owner}"));
    session.run("ALTER TABLE terms DISABLE TRIGGER USER");
    let expected = ["lexicon|brands|changes of public.terms are not noted for lexicon \"brands\""];
    let mut own = database.session_of(&owner);
    assert_eq!(problems(&mut session), expected);
    assert_eq!(problems(&mut own), expected);
    assert_eq!(problems(&mut database.session_of(&other)), [""; 0]);
    session.run(&format!("GRANT pg_monitor TO {other}"));
    assert_eq!(problems(&mut database.session_of(&other)), expected);
    assert_eq!(
        hint(&mut own),
        "Call termstream.refresh_lexicon('brands'), which creates them again."
    );
    own.run("SELECT termstream.refresh_lexicon('brands')");
    assert_eq!(problems(&mut own), [""; 0]);
    session.run("VACUUM FULL terms");
    assert_eq!(
        problems(&mut own),
        ["lexicon|brands|its stored compiled form is out of date"]
    );
    own.run("INSERT INTO terms VALUES (6, 'Fanta')");
    assert_eq!(problems(&mut own), [""; 0]);
    session.run("ALTER TABLE terms SET UNLOGGED");
    assert_eq!(
        problems(&mut own),
        ["lexicon|brands|the source of lexicon \"brands\" is unlogged"]
    );
    session.run("DROP TABLE terms");
    assert_eq!(
        problems(&mut session),
        ["lexicon|brands|the source table of lexicon \"brands\" was dropped"]
    );
    session.run("SELECT termstream.drop_lexicon('brands')");
    assert_eq!(problems(&mut session), [""; 0]);
    session.run(&format!("REVOKE pg_monitor FROM {other}"));
}

#[test]
fn a_stream_that_is_not_as_it_was_made_is_told() {
    let (_database, mut session) = with_stream("check_stream");
    let check = |session: &mut Session, change: &str, problem: &str| {
        session.run("BEGIN");
        session.run(change);
        assert_eq!(problems(session), [problem], "{change}");
        session.run("ROLLBACK");
    };
    check(
        &mut session,
        "DROP TRIGGER termstream_end ON menu",
        "stream|public.menu|triggers of its view are missing, disabled or not as they were made",
    );
    check(
        &mut session,
        "CREATE OR REPLACE VIEW menu AS SELECT NULL::termstream.field AS menu_id, NULL::text AS name, NULL::text AS price, 1 AS more WHERE false",
        "stream|public.menu|its view has a column that is not text",
    );
    check(
        &mut session,
        "DROP TABLE menu_terms",
        "stream|public.menu|its table of pairs was dropped",
    );
    check(
        &mut session,
        "SELECT termstream.drop_lexicon('brands')",
        "stream|public.menu|its lexicon \"brands\" was dropped",
    );
    session.run("DROP TABLE menu_rejects");
    assert_eq!(
        problems(&mut session),
        ["stream|public.menu|its table of rejects was dropped"]
    );
    assert_eq!(
        hint(&mut session),
        "Call termstream.drop_stream('public.menu'), and create it anew."
    );
}

#[test]
fn a_load_that_nobody_runs_is_told_until_it_is_run_again() {
    let (database, mut session) = with_stream("check_load");
    let path = database.file("rows.csv", "menu_id,name,price\n1,a pepsi,1\n2,a pepsi,1\n");
    session.run(&format!("CALL termstream.load_file('menu', '{path}')"));
    // As a server that was killed leaves it.
    session.run("UPDATE termstream.load SET state = 'running', finished = NULL, pid = 0");
    assert_eq!(
        problems(&mut session),
        [format!(
            "load|1|the load of {path} into public.menu was interrupted"
        )]
    );
    assert!(hint(&mut session).starts_with("Call termstream.load_file('public.menu', '"));
    session.run(&format!("CALL termstream.load_file('menu', '{path}')"));
    assert_eq!(problems(&mut session), [""; 0]);
}

#[test]
fn deleted_rows_that_an_open_transaction_keeps_are_told_with_its_process() {
    let (database, mut session) = with_lexicon("check_kept");
    let mut open = database.session();
    open.run("BEGIN; SELECT txid_current()");
    let pid = open.pid();
    for n in 0..1200 {
        session.run(&format!(
            "UPDATE terms SET term = 'Fanta {n}' WHERE term_id = 1"
        ));
    }
    session.wait_for(
        "SELECT DISTINCT kind, problem LIKE '% deleted rows are kept for process %' FROM termstream.check() WHERE kind = 'table'",
        "table|t",
    );
    let hint = session.one("SELECT DISTINCT hint FROM termstream.check() WHERE kind = 'table'");
    assert!(
        hint.contains(&format!("pg_terminate_backend({pid})")),
        "{hint}"
    );
    open.run("ROLLBACK");
    session.wait_for(
        "SELECT count(*) FROM termstream.check() WHERE kind = 'table'",
        "0",
    );
}

#[test]
fn a_restore_of_a_schema_alone_can_be_completed() {
    let (database, mut session) = with_lexicon("check_schema");
    let dump = std::env::temp_dir().join(format!("{}.sql", database.name));
    for (arguments, rows) in [(&["-s"][..], "0"), (&["-n", "public"][..], "5")] {
        // The whole schema brings the extension with it.
        let target = match rows {
            "0" => Database::empty("check_schema_all"),
            _ => Database::new("check_schema_one"),
        };
        if rows != "0" {
            target.session().run("DROP SCHEMA public");
        }
        let done = server_program("pg_dump")
            .args(arguments)
            .arg(&database.name)
            .arg("-f")
            .arg(&dump)
            .output()
            .expect("pg_dump runs");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        let restored = server_program("psql")
            .args(["-qX", "-v", "ON_ERROR_STOP=1", "-d", &target.name, "-f"])
            .arg(&dump)
            .output()
            .expect("psql runs");
        assert!(
            restored.status.success(),
            "{}",
            String::from_utf8_lossy(&restored.stderr)
        );
        let mut after = target.session();
        assert_eq!(after.one("SELECT count(*) FROM terms"), rows);
        after.run("INSERT INTO terms VALUES (6, 'Fanta')");
        assert_eq!(
            problems(&mut after),
            ["table|public.terms|has triggers of lexicon \"brands\", which does not exist"]
        );
        after
            .error("SELECT termstream.drop_lexicon('brands')")
            .is("42704", "lexicon \"brands\" does not exist")
            .details("Triggers of a lexicon of this name are on public.terms.")
            .hints("create_lexicon");
        after.run("SELECT termstream.create_lexicon('brands', 'terms')");
        assert_eq!(ids(&mut after, "a fanta"), "6");
        after.run("INSERT INTO terms VALUES (7, 'Sprite')");
        assert_eq!(ids(&mut after, "a sprite"), "7");
        assert_eq!(problems(&mut after), [""; 0]);
        after.run("SELECT termstream.drop_lexicon('brands')");
        assert_eq!(
            after.one("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'terms'::regclass"),
            "0"
        );
    }
    let _ = std::fs::remove_file(&dump);
    assert_eq!(ids(&mut session, "pepsi"), "2");
}
