//! A lexicon whose source is filled by logical replication: the worker that applies the changes of another
//! server fires no triggers for statements, and none that are not enabled for replicas.

use crate::database::{Database, Session};
use crate::fixtures::ids;
use crate::server::Server;

const PORT: u16 = 5432;

/// A server that publishes the table `terms` with some names, and brands among them.
fn publisher(names: u32) -> (Server, Session) {
    let server = Server::new("publisher");
    server.run(
        "initdb",
        &[
            "-D",
            &server.data(),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ],
    );
    server.start(&format!("-c port={PORT} -c wal_level=logical -c fsync=off"));
    let mut session = server.session(PORT, "postgres");
    session.run("CREATE TABLE terms (term_id bigint PRIMARY KEY, term text)");
    session.run("INSERT INTO terms VALUES (1, 'Coca-Cola'), (2, 'Pepsi')");
    session.run(&format!(
        "INSERT INTO terms SELECT n, 'Mass ' || md5(n::text) FROM generate_series(1001, 1000 + {names}) n"
    ));
    session.run("CREATE PUBLICATION terms FOR TABLE terms");
    (server, session)
}

#[test]
fn what_a_subscription_brings_is_noted_once() {
    let database = Database::new("subscriber");
    let mut here = database.session();
    let (server, mut there) = publisher(3000);
    here.run("CREATE TABLE terms (term_id bigint PRIMARY KEY, term text)");
    here.run("SELECT termstream.create_lexicon('brands', 'terms')");
    assert_eq!(ids(&mut here, "pepsi"), "none");
    here.run(&format!(
        "CREATE SUBSCRIPTION {} CONNECTION 'host={} port={PORT} user=postgres dbname=postgres' PUBLICATION terms",
        database.name,
        server.folder()
    ));
    here.wait_for("SELECT count(*) FROM terms", "3002");
    here.wait_for("SELECT srsubstate FROM pg_subscription_rel", "r");
    assert_eq!(ids(&mut here, "a pepsi"), "2");
    let base = "SELECT version FROM termstream.lexicon_base";
    for (statement, arrived, text, found) in [
        (
            "INSERT INTO terms VALUES (3, 'Fanta')",
            "SELECT count(*) FROM terms WHERE term_id = 3",
            "fanta, pepsi",
            "2,3",
        ),
        (
            "UPDATE terms SET term = 'Sprite' WHERE term_id = 3",
            "SELECT count(*) FROM terms WHERE term = 'Sprite'",
            "fanta, sprite",
            "3",
        ),
        (
            "UPDATE terms SET term_id = 4 WHERE term_id = 3",
            "SELECT count(*) FROM terms WHERE term_id = 4",
            "fanta, sprite",
            "4",
        ),
        (
            "DELETE FROM terms WHERE term_id = 2",
            "SELECT 1 - count(*) FROM terms WHERE term_id = 2",
            "sprite, pepsi",
            "4",
        ),
    ] {
        there.run(statement);
        here.wait_for(arrived, "1");
        assert_eq!(ids(&mut here, text), found, "{statement}");
        assert_eq!(ids(&mut database.session(), text), found, "{statement}");
    }
    // The first change after the copy made a stored form, and the others stand beside it, once each.
    assert_eq!(
        here.one("SELECT string_agg(term_id || ' ' || change, ',' ORDER BY xid::text::bigint, change) FROM termstream.lexicon_delta"),
        "3 -1,3 1,3 -1,4 1,2 -1"
    );
    let before = here.one(base);
    there.run("TRUNCATE terms");
    here.wait_for("SELECT count(*) FROM terms", "0");
    assert_eq!(ids(&mut here, "sprite, coca cola"), "none");
    assert_ne!(here.one(base), before);
    here.run(&format!("DROP SUBSCRIPTION {}", database.name));
}
