//! Who sees what of loads, rejects and positions: counts are everybody's, values and places are not.

use crate::database::{Database, Session, server_program};
use crate::fixtures::{pairs, with_stream};

#[test]
fn a_loads_error_source_and_position_are_shown_to_whom_they_concern() {
    let database = Database::new("load_privacy");
    let mut superuser = database.session();
    let roles = ["anna", "loader", "nobody", "reader", "monitor", "member"];
    let [anna, loader, nobody, reader, monitor, member] = roles.map(|name| database.role(name));
    superuser.run(&format!(
        "CREATE SCHEMA a AUTHORIZATION {anna}; GRANT pg_read_all_data TO {reader}; GRANT pg_monitor TO {monitor};
         GRANT pg_read_server_files TO {loader}; GRANT {anna} TO {member}"
    ));
    let mut owner = database.session_of(&anna);
    owner.run(&format!(
        "CREATE TABLE a.t (ssn int);
         SELECT termstream.create_stream('a.s', 'ssn int', 'INSERT INTO a.t SELECT * FROM batch', on_error => 'stop');
         GRANT USAGE ON SCHEMA a TO PUBLIC; GRANT INSERT ON a.s TO {loader}"
    ));
    let path = database.file("secret.csv", "ssn\n1\nsecret-ssn\n");
    let mut session = database.session_of(&loader);
    session.error(&format!(
        "CALL termstream.load_file('a.s', '{path}', header => 'match')"
    ));
    let query = "SELECT stream, state, read, userid, source IS NULL, error IS NULL, position IS NULL, line IS NULL FROM termstream.loads";
    let counts = format!("a.s|failed|0|{loader}");
    for role in [&anna, &loader, &reader, &member] {
        let mut session = database.session_of(role);
        assert_eq!(session.one(query), format!("{counts}|f|f|f|f"), "{role}");
        assert!(
            session
                .one("SELECT error FROM termstream.loads")
                .contains("secret-ssn")
        );
    }
    assert_eq!(superuser.one(query), format!("{counts}|f|f|f|f"));
    for role in [&nobody, &monitor] {
        let mut session = database.session_of(role);
        assert_eq!(session.one(query), format!("{counts}|t|t|t|t"), "{role}");
        assert_eq!(
            session.one("SELECT loads FROM termstream.stream_stats"),
            "1"
        );
    }
    let mut session = database.session_of(&nobody);
    for table in [
        "load",
        "load_range",
        "load_job",
        "load_past",
        "stream",
        "feed_position",
        "export_position",
    ] {
        assert_eq!(
            session
                .error(&format!("SELECT * FROM termstream.{table}"))
                .code,
            "42501",
            "{table}"
        );
    }
}

#[test]
fn nobody_holds_up_the_load_of_a_file_from_outside() {
    let (database, mut session) = with_stream("advisory");
    let path = database.file("menu.csv", "menu_id,name,price\n1,pepsi,1\n");
    let mut nobody = database.session_of(&database.role("nobody"));
    nobody.run(&format!(
        "SELECT pg_advisory_lock(hashtextextended(concat('termstream', 'menu'::regclass::oid, ' ', '{path}'), 0))"
    ));
    session.run("SET statement_timeout = '60s'");
    session.run(&format!("CALL termstream.load_file('menu', '{path}')"));
    assert_eq!(pairs(&mut session), ["1|2"]);
}

#[test]
fn positions_are_seen_and_moved_by_whom_they_are() {
    let (database, mut owner) = with_stream("positions");
    let (anna, bert) = (database.role("anna"), database.role("bert"));
    owner.run(&format!("GRANT INSERT ON menu TO {anna}"));
    let (mut anna_session, mut bert_session) =
        (database.session_of(&anna), database.session_of(&bert));
    anna_session.run("SELECT termstream.move_position('menu', 'file', 'x', NULL, 5)");
    assert_eq!(
        anna_session.one("SELECT part, next FROM termstream.feed_positions"),
        "x|5"
    );
    assert_eq!(
        bert_session.one("SELECT count(*) FROM termstream.feed_positions"),
        "0"
    );
    bert_session.run(
        "UPDATE termstream.feed_positions SET next = 0; DELETE FROM termstream.feed_positions",
    );
    for attack in [
        "INSERT INTO termstream.feed_positions VALUES ('menu', 'file', 'y', 1)",
        "UPDATE termstream.feed_position SET next = 0",
        "SELECT termstream.move_position('menu', 'file', 'x', 5, 6)",
    ] {
        let code = bert_session.error(attack).code;
        assert!(
            ["42501", "44000"].contains(&code.as_str()),
            "{attack}: {code}"
        );
    }
    anna_session
        .error("SELECT termstream.move_position('menu', 'file', 'x', 4, 6)")
        .is(
            "40001",
            "the position of \"file\", part \"x\", in stream public.menu is not 4",
        );
    anna_session.run("SELECT termstream.move_position('menu', 'file', 'x', 5, 6)");
    assert_eq!(owner.one("SELECT next FROM termstream.feed_position"), "6");
    let put = "INSERT INTO termstream.export_positions (export, run) VALUES ('e', 1)
               ON CONFLICT (role, export) DO UPDATE SET run = export_positions.run + 1";
    for session in [&mut anna_session, &mut bert_session] {
        session.run(put);
    }
    bert_session.run(put);
    assert_eq!(
        bert_session.one("SELECT role, run FROM termstream.export_positions"),
        format!("{bert}|2")
    );
    assert_eq!(
        anna_session.one("SELECT role, run FROM termstream.export_positions"),
        format!("{anna}|1")
    );
    let forged = format!(
        "INSERT INTO termstream.export_positions (role, export, run) VALUES ('{anna}', 'f', 1)"
    );
    assert_eq!(bert_session.error(&forged).code, "44000");
}

/// Everything that says where loads and feeders are.
const PLACES: &str = "
SELECT concat_ws('|', load_id, userid, stream, read, state) FROM termstream.load UNION ALL
SELECT concat_ws('|', stream, source, part, next) FROM termstream.feed_position UNION ALL
SELECT concat_ws('|', role, export, run, after) FROM termstream.export_position ORDER BY 1";

#[test]
fn a_dump_by_a_reader_of_all_data_is_restored_where_the_roles_are_gone() {
    let (database, mut owner) = with_stream("reader_dump");
    let (reader, loader) = (database.role("reader"), database.role("loader"));
    owner.run(&format!(
        "GRANT pg_read_all_data TO {reader}; GRANT INSERT ON menu TO {loader}"
    ));
    let mut session = database.session_of(&loader);
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\nx,y,z\n");
    session.run(
        "SELECT termstream.move_position('menu', 'file', 'x', NULL, 5);
         INSERT INTO termstream.export_positions (export, run, after) VALUES ('e', 3, '7')",
    );
    let dump = server_program("pg_dump")
        .args([
            "-U",
            &reader,
            "--no-owner",
            "--no-privileges",
            &database.name,
        ])
        .output()
        .expect("pg_dump runs");
    assert!(
        dump.status.success(),
        "{}",
        String::from_utf8_lossy(&dump.stderr)
    );
    let places = owner.lines(PLACES);
    let rejects = owner.lines("SELECT userid, line FROM menu_rejects");
    assert_eq!(places.len(), 3);
    drop(session);
    owner.run(&format!("DROP OWNED BY {loader}; DROP ROLE {loader}"));
    let target = Database::empty("reader_restored");
    restore(&target, &dump.stdout);
    let mut after: Session = target.session();
    assert_eq!(after.lines(PLACES), places);
    assert_eq!(
        after.lines("SELECT userid, line FROM menu_rejects"),
        rejects
    );
    after.copy("COPY menu FROM STDIN (FORMAT csv)", "2,pepsi,1\n");
    assert_eq!(pairs(&mut after), ["1|2", "2|2"]);
}

fn restore(target: &Database, dump: &[u8]) {
    let path = std::env::temp_dir().join(format!("{}.sql", target.name));
    std::fs::write(&path, dump).expect("a dump");
    let done = server_program("psql")
        .args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            &target.name,
            "-f",
        ])
        .arg(&path)
        .output()
        .expect("psql runs");
    let _ = std::fs::remove_file(&path);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}
