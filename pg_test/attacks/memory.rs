//! Arguments as long as Postgres takes them, where they are not meant to be: what is copied of them, into an
//! error's words for one, must not end the server where memory is short.

use crate::mallory::Mallory;

const LONG: &str = "repeat('m', 40000000)";

#[test]
fn an_argument_without_an_end_ends_its_statement_alone() {
    let mut m = Mallory::new("arguments");
    m.session.run(
        "CREATE TABLE mine (term_id bigint, term text); SELECT termstream.create_lexicon('mal', 'mine');
         SELECT termstream.create_stream('s', 'a text', 'SELECT FROM batch')",
    );
    let note = |row: &str, code: &str| {
        format!(
            "SELECT termstream.note_rejects('s', 'x', '{{1}}', ARRAY[{row}], ARRAY[{code}], '{{m}}')"
        )
    };
    let calls = [
        note(&format!("convert_to({LONG}, 'UTF8')"), "'22000'"),
        note("'row'::bytea", LONG),
        format!("SELECT termstream.create_stream('z', {LONG}, 'SELECT 1')"),
        format!("SELECT termstream.create_stream('z', 'a int', 'SELECT 1', on_error => {LONG})"),
        format!("SELECT termstream.alter_stream('s', on_quality => {LONG})"),
        format!("SELECT termstream.create_lexicon({LONG}, 'mine')"),
        format!("SELECT termstream.create_lexicon('z', 'mine', overlap => {LONG})"),
        format!("SELECT termstream.refresh_lexicon({LONG})"),
        format!("SELECT termstream.has_match({LONG}, 'x')"),
        format!("CALL termstream.load_file({LONG}, {LONG})"),
    ];
    let mut session = m.database.session_of(&m.role);
    session.run("SET search_path = mallory; SELECT termstream.has_match('mal', 'x')");
    let pid = session.pid();
    // Room for the argument, and for one copy of it; for a row, which is copied more often, each in turn.
    let calls = calls.map(|call| (call, 120)).into_iter();
    let rows = (40..=130)
        .step_by(10)
        .map(|room| (format!("INSERT INTO s SELECT {LONG}"), room));
    for (call, room) in calls.chain(rows) {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
        let size = size
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .unwrap();
        let most = (size.trim().parse::<u64>().unwrap() + (room << 10)) << 10;
        // A program that ends before it read its row is an error.
        let mut limit = |bytes: &str| {
            m.superuser.run(&format!(
                "COPY (SELECT) TO PROGRAM 'cat && prlimit --as={bytes}:unlimited --pid {pid}'"
            ));
        };
        limit(&most.to_string());
        let outcome = session.client.simple_query(&call);
        limit("unlimited");
        let error = outcome.expect_err(&call);
        let code = error.code().map(|code| code.code().to_owned());
        assert!(code.is_some(), "{call}: {error:?}");
    }
    // The session lives on, and where there is memory it is as ever.
    session.run(&note("'row'::bytea", "'22000'"));
    session
        .error(&format!("SELECT termstream.has_match({LONG}, 'x')"))
        .is(
            "42704",
            "lexicon with a name of 40000000 bytes does not exist",
        );
    assert_eq!(
        m.superuser.one(
            "SELECT count(*) FROM mallory.s_rejects WHERE line = 'row' AND errorcode = '22000'"
        ),
        "1"
    );
}
