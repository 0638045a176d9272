//! A database per test, and sessions in it: SQL in, lines of text out, errors with all their parts.

use postgres::error::DbError;
use postgres::{Client, Config, NoTls, SimpleQueryMessage};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A database that lives as long as the test.
pub struct Database {
    pub name: String,
}

fn config() -> Config {
    std::env::var("TERMSTREAM_TEST_DSN")
        .expect("TERMSTREAM_TEST_DSN names the private server; ./run test sets it")
        .parse()
        .expect("TERMSTREAM_TEST_DSN is a connection string")
}

impl Database {
    /// A new database with the extension. `name` is the test's own.
    pub fn new(name: &str) -> Database {
        let database = Database::empty(name);
        database.session().run("CREATE EXTENSION termstream");
        database
    }

    /// A new database without the extension.
    pub fn empty(name: &str) -> Database {
        let name = format!("sessions_{name}");
        assert!(name.len() < 64, "a name of at most 63 bytes");
        let mut session = Session::open(config().dbname("postgres"));
        session.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        session.run(&format!("CREATE DATABASE {name}"));
        Database { name }
    }

    /// A session of the superuser.
    pub fn session(&self) -> Session {
        Session::open(config().dbname(&self.name))
    }

    /// A session of another role.
    pub fn session_of(&self, role: &str) -> Session {
        Session::open(config().dbname(&self.name).user(role))
    }

    /// A session of the superuser, and the notices that it gets.
    pub fn session_with_notices(&self) -> (Session, std::sync::mpsc::Receiver<String>) {
        let (sender, notices) = std::sync::mpsc::channel();
        let mut config = config();
        config
            .dbname(&self.name)
            .notice_callback(move |notice| drop(sender.send(notice.message().to_owned())));
        let client = config
            .connect(NoTls)
            .unwrap_or_else(|error| panic!("cannot connect: {error:?}"));
        (Session { client }, notices)
    }

    /// A role of this test's own, made anew.
    pub fn role(&self, name: &str) -> String {
        let role = format!("{}_{name}", self.name);
        let mut session = self.session();
        session.run(&format!("DROP ROLE IF EXISTS {role}"));
        session.run(&format!("CREATE ROLE {role} LOGIN"));
        role
    }

    /// A file that the server can read.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let folder = server_folder().join("files");
        std::fs::create_dir_all(&folder).expect("a folder for files");
        let path = folder.join(format!("{}_{name}", self.name));
        std::fs::write(&path, content).expect("a file for the server");
        path.to_str().expect("a plain path").to_owned()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if std::env::var_os("TERMSTREAM_TEST_KEEP").is_none() {
            let mut session = Session::open(config().dbname("postgres"));
            session.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

/// The folder of the server's socket, which is its own.
pub fn server_folder() -> PathBuf {
    match config().get_hosts().first() {
        Some(postgres::config::Host::Unix(folder)) => folder.clone(),
        other => panic!("the private server has a socket, not {other:?}"),
    }
}

/// A program of the server's version, ready to be called for this server.
pub fn server_program(name: &str) -> std::process::Command {
    let mut session = Session::open(config().dbname("postgres"));
    let folder = session.one("SELECT setting FROM pg_config WHERE name = 'BINDIR'");
    let mut program = std::process::Command::new(Path::new(&folder).join(name));
    program
        .env("PGHOST", server_folder())
        .env("PGUSER", "postgres");
    if let Some(port) = config().get_ports().first() {
        program.env("PGPORT", port.to_string());
    }
    program
}

/// A connection. Its methods panic on errors they do not expect, with the statement in the message.
pub struct Session {
    pub client: Client,
}

impl Session {
    pub fn open(config: &Config) -> Session {
        let mut config = config.clone();
        // Notices are not what the tests are about.
        config.notice_callback(|_| ());
        let client = config.connect(NoTls);
        Session {
            client: client.unwrap_or_else(|error| panic!("cannot connect: {error:?}")),
        }
    }

    /// Runs statements; in one string they are one transaction.
    pub fn run(&mut self, sql: &str) {
        self.lines(sql);
    }

    /// The rows of the statements, as `psql -At` prints them.
    pub fn lines(&mut self, sql: &str) -> Vec<String> {
        match self.client.simple_query(sql) {
            Ok(messages) => lines(&messages),
            Err(error) => panic!("{sql}\n{error:?}"),
        }
    }

    /// The only value of the only row.
    pub fn one(&mut self, sql: &str) -> String {
        let lines = self.lines(sql);
        assert_eq!(lines.len(), 1, "rows of {sql}: {lines:?}");
        lines[0].clone()
    }

    /// The error of a statement that must fail.
    pub fn error(&mut self, sql: &str) -> Failure {
        match self.client.simple_query(sql) {
            Ok(messages) => panic!("{sql}\ndid not fail: {:?}", lines(&messages)),
            Err(error) => Failure::new(sql, &error),
        }
    }

    /// COPY FROM STDIN; the number of rows.
    pub fn copy(&mut self, sql: &str, data: impl AsRef<[u8]>) -> u64 {
        match self.try_copy(sql, data.as_ref()) {
            Ok(rows) => rows,
            Err(error) => panic!("{sql}\n{error:?}"),
        }
    }

    /// The error of a COPY FROM STDIN that must fail.
    pub fn copy_error(&mut self, sql: &str, data: impl AsRef<[u8]>) -> Failure {
        match self.try_copy(sql, data.as_ref()) {
            Ok(rows) => panic!("{sql}\ndid not fail: {rows} rows"),
            Err(error) => Failure::new(sql, &error),
        }
    }

    fn try_copy(&mut self, sql: &str, data: &[u8]) -> Result<u64, postgres::Error> {
        let mut writer = self.client.copy_in(sql)?;
        writer.write_all(data).expect("the connection stands");
        writer.finish()
    }

    /// The process of the server that serves this session.
    pub fn pid(&mut self) -> u32 {
        self.one("SELECT pg_backend_pid()").parse().expect("a pid")
    }

    /// Waits until `sql` returns `expected`, for at most two minutes: on a busy machine a standby has
    /// needed more than 20 seconds for what the other tests write.
    pub fn wait_for(&mut self, sql: &str, expected: &str) {
        for _ in 0..6000 {
            if self.lines(sql) == [expected] {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!(
            "{sql}\nnever returned {expected}, but {:?}",
            self.lines(sql)
        );
    }
}

fn lines(messages: &[SimpleQueryMessage]) -> Vec<String> {
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|column| row.get(column).unwrap_or(""))
                .collect::<Vec<_>>()
                .join("|"),
        ),
        _ => None,
    };
    messages.iter().filter_map(row).collect()
}

/// An error as the client sees it.
#[derive(Debug)]
pub struct Failure {
    pub code: String,
    pub message: String,
    pub detail: String,
    pub hint: String,
}

impl Failure {
    pub fn new(sql: &str, error: &postgres::Error) -> Failure {
        let error: &DbError = error
            .as_db_error()
            .unwrap_or_else(|| panic!("{sql}\nis no error of the server: {error:?}"));
        let failure = Failure {
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().unwrap_or_default().to_owned(),
            hint: error.hint().unwrap_or_default().to_owned(),
        };
        assert_ne!(
            failure.code, "XX000",
            "{sql}\nis an internal error: {failure:?}"
        );
        failure
    }

    /// Checks the SQLSTATE and the message.
    #[track_caller]
    pub fn is(&self, code: &str, message: &str) -> &Failure {
        assert_eq!(
            (self.code.as_str(), self.message.as_str()),
            (code, message),
            "{self:?}"
        );
        self
    }

    /// Checks that the detail says this.
    #[track_caller]
    pub fn details(&self, part: &str) -> &Failure {
        assert!(
            self.detail.contains(part),
            "no \"{part}\" in the detail of {self:?}"
        );
        self
    }

    /// Checks that the hint says this.
    #[track_caller]
    pub fn hints(&self, part: &str) -> &Failure {
        assert!(
            self.hint.contains(part),
            "no \"{part}\" in the hint of {self:?}"
        );
        self
    }
}
