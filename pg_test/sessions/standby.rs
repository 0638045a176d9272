//! A hot standby answers with the terms that have reached it.

use crate::database::Session;
use crate::fixtures::{ids, with_stream};
use crate::server::Server;

#[test]
fn a_hot_standby_sees_committed_terms_and_no_others() {
    let (database, mut primary) = with_stream("standby");
    if primary.one("SELECT current_setting('wal_level') <> 'replica' OR current_setting('max_wal_senders')::int < 2") == "t" {
        println!("SKIP: this server sends no WAL: a hot standby was NOT tested");
        return;
    }
    let standby = Server::new("standby");
    // With a slot: what the other tests write, the primary would else not keep for a slow follower.
    standby.run(
        "pg_basebackup",
        &[
            "-D",
            &standby.data(),
            "-R",
            "-c",
            "fast",
            "-C",
            "-S",
            "standby",
        ],
    );
    standby.start("");
    let port = primary.one("SHOW port").parse().expect("a port");
    let mut reader = standby.session(port, &database.name);
    assert_eq!(reader.one("SELECT pg_is_in_recovery()"), "t");
    let caught_up = |primary: &mut Session, reader: &mut Session| {
        let position = primary.one("SELECT pg_current_wal_insert_lsn()");
        primary.run("SELECT txid_current()");
        reader.wait_for(
            &format!("SELECT pg_last_wal_replay_lsn() >= '{position}'"),
            "t",
        );
    };
    assert_eq!(ids(&mut reader, "pepsi or fanta"), "2");
    primary.run("INSERT INTO terms VALUES (6, 'Fanta')");
    caught_up(&mut primary, &mut reader);
    assert_eq!(ids(&mut reader, "pepsi or fanta"), "2,6");
    // A snapshot kept open here would hold up the replay (a recovery conflict), so there is none.
    let mut open = database.session();
    open.run("BEGIN; DELETE FROM terms");
    open.run("ROLLBACK");
    primary.run("UPDATE terms SET term_id = 60 WHERE term_id = 1");
    open.run("BEGIN; INSERT INTO terms VALUES (7, 'Coca Cola')");
    primary.run("DELETE FROM terms WHERE term_id = 2");
    caught_up(&mut primary, &mut reader);
    assert_eq!(ids(&mut reader, "pepsi or fanta or coca cola"), "6,60");
    assert_eq!(
        reader.one("SELECT terms, state FROM termstream.lexicons"),
        "5|ready"
    );
    // What cannot be read here is told, and hides nothing else.
    primary.run("CREATE UNLOGGED TABLE fast (term_id bigint, term text)");
    primary
        .run("CREATE TABLE slow AS TABLE fast; SELECT termstream.create_lexicon('fast', 'slow')");
    primary.run("ALTER TABLE slow SET UNLOGGED");
    caught_up(&mut primary, &mut reader);
    assert_eq!(
        reader.lines("SELECT lexicon, state FROM termstream.lexicons ORDER BY 1"),
        [
            "brands|ready",
            "fast|the source of lexicon \"fast\" is unlogged"
        ]
    );
    assert_eq!(
        reader.error("INSERT INTO menu VALUES (1, 'pepsi')").code,
        "25006"
    );
    drop(reader);
    drop(standby);
    primary.wait_for("SELECT active FROM pg_replication_slots", "f");
    primary.run("SELECT pg_drop_replication_slot('standby')");
}
