//! A hot standby answers with the terms that have reached it.

use crate::database::{Session, server_program};
use crate::fixtures::{ids, with_stream};
use std::path::PathBuf;
use std::process::Command;

/// A copy of the server that follows it; stopped and removed with the test.
struct Standby {
    folder: PathBuf,
    /// How to become the user that may run the server.
    user: Option<String>,
}

impl Standby {
    fn program(&self, name: &str) -> Command {
        let plain = server_program(name);
        let Some(user) = &self.user else { return plain };
        let mut command = Command::new("runuser");
        command.args(["-u", user, "--"]).arg(plain.get_program());
        for (key, value) in plain.get_envs() {
            command.env(key, value.expect("a value"));
        }
        command
    }

    fn run(&self, name: &str, arguments: &[&str]) {
        // Not by pipes: the server that pg_ctl leaves behind would hold them open.
        let log = self.folder.with_extension("log");
        let file = std::fs::File::create(&log).expect("a log");
        let status = self
            .program(name)
            .args(arguments)
            .current_dir("/")
            .stdout(file.try_clone().expect("a log"))
            .stderr(file)
            .status()
            .expect("the program runs");
        assert!(
            status.success(),
            "{name}: {}",
            std::fs::read_to_string(&log).unwrap_or_default()
        );
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        let _ = self
            .program("pg_ctl")
            .args(["stop", "-s", "-m", "immediate", "-D"])
            .arg(self.folder.join("data"))
            .status();
        let _ = std::fs::remove_dir_all(&self.folder);
        let _ = std::fs::remove_file(self.folder.with_extension("log"));
    }
}

#[test]
fn a_hot_standby_sees_committed_terms_and_no_others() {
    let (database, mut primary) = with_stream("standby");
    if primary.one("SELECT current_setting('wal_level') <> 'replica' OR current_setting('max_wal_senders')::int < 2") == "t" {
        println!("SKIP: this server sends no WAL: a hot standby was NOT tested");
        return;
    }
    // As root, everything must be done as the server's own user.
    let root = std::fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let standby = Standby {
        folder: PathBuf::from(format!("/tmp/termstream.standby.{}", std::process::id())),
        user: root.then(|| "postgres".to_owned()),
    };
    std::fs::create_dir(&standby.folder).expect("a folder of our own");
    if root {
        let status = Command::new("chown")
            .arg("postgres:")
            .arg(&standby.folder)
            .status();
        assert!(status.is_ok_and(|status| status.success()));
    }
    let data = standby.folder.join("data");
    let (folder, data) = (
        standby.folder.to_str().expect("plain"),
        data.to_str().expect("plain"),
    );
    // With a slot: what the other tests write, the primary would else not keep for a slow follower.
    standby.run(
        "pg_basebackup",
        &["-D", data, "-R", "-c", "fast", "-C", "-S", "standby"],
    );
    let options = format!("-c unix_socket_directories={folder} -c listen_addresses=''");
    standby.run(
        "pg_ctl",
        &[
            "start",
            "-w",
            "-s",
            "-D",
            data,
            "-l",
            &format!("{folder}/log"),
            "-o",
            &options,
        ],
    );

    let mut config = postgres::Config::new();
    config
        .host(folder)
        .port(primary.one("SHOW port").parse().expect("a port"))
        .user("postgres")
        .dbname(&database.name);
    let mut reader = Session::open(&config);
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
    assert_eq!(
        reader.error("INSERT INTO menu VALUES (1, 'pepsi')").code,
        "25006"
    );
    drop(reader);
    drop(standby);
    primary.wait_for("SELECT active FROM pg_replication_slots", "f");
    primary.run("SELECT pg_drop_replication_slot('standby')");
}
