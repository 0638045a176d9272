//! A second server beside the one that all tests share, made of the same programs.

use std::path::PathBuf;
use std::process::Command;

use crate::database::{Session, server_program};

/// A server of a test's own, in a folder of its own; stopped and removed with the test.
pub struct Server {
    folder: PathBuf,
    /// How to become the user that may run the server.
    user: Option<String>,
}

impl Server {
    /// A folder for it. Nothing runs yet.
    pub fn new(name: &str) -> Server {
        // As root, everything must be done as the server's own user.
        let root = std::fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let server = Server {
            folder: PathBuf::from(format!("/tmp/termstream.{name}.{}", std::process::id())),
            user: root.then(|| "postgres".to_owned()),
        };
        std::fs::create_dir(&server.folder).expect("a folder of our own");
        if root {
            let status = Command::new("chown")
                .arg("postgres:")
                .arg(&server.folder)
                .status();
            assert!(status.is_ok_and(|status| status.success()));
        }
        server
    }

    /// Where its socket is.
    pub fn folder(&self) -> &str {
        self.folder.to_str().expect("a plain path")
    }

    pub fn data(&self) -> String {
        format!("{}/data", self.folder())
    }

    /// Starts it, with more settings as `-c` gives them.
    pub fn start(&self, settings: &str) {
        let folder = self.folder();
        let options =
            format!("-c unix_socket_directories={folder} -c listen_addresses='' {settings}");
        let log = format!("{folder}/log");
        let data = self.data();
        self.run(
            "pg_ctl",
            &["start", "-w", "-s", "-D", &data, "-l", &log, "-o", &options],
        );
    }

    /// A session of its superuser.
    pub fn session(&self, port: u16, database: &str) -> Session {
        let mut config = postgres::Config::new();
        config
            .host(self.folder())
            .port(port)
            .user("postgres")
            .dbname(database);
        Session::open(&config)
    }

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

    /// Runs a program of the server's version, as the user that may run the server.
    pub fn run(&self, name: &str, arguments: &[&str]) {
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

impl Drop for Server {
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
