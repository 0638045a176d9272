//! What a statement may not leave behind: locks, workers, files, loads that nobody runs, memory.

use crate::database::{Session, server_folder};

/// Memory of a process that is its own, in KiB: what the server shares is not counted.
pub fn private_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a live backend");
    status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .and_then(|line| line.trim().split(' ').next()?.parse().ok())
        .expect("RssAnon in KiB")
}

/// Compiled lexicons of this database that lie in the server's folder.
pub fn files(session: &mut Session) -> usize {
    let database = session.one("SELECT oid FROM pg_database WHERE datname = current_database()");
    let folder = server_folder().join("data/pg_stat_tmp");
    let prefix = format!("termstream.{database}.");
    let entries = std::fs::read_dir(folder).expect("the server's folder");
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with(&prefix))
        .count()
}

/// Locks of the extension's, its workers, and loads that say they run.
const LEFT: &str = "
SELECT 'lock ' || locktype FROM pg_locks
 WHERE locktype IN ('userlock', 'advisory') AND database IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
UNION ALL
SELECT 'worker ' || pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type LIKE 'termstream%'
UNION ALL
SELECT 'load ' || load_id FROM termstream.loads WHERE state = 'running'
UNION ALL
SELECT 'transaction of ' || pid FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
UNION ALL
SELECT 'prepared ' || gid FROM pg_prepared_xacts WHERE database = current_database()";

/// Waits until nothing is left: a worker that was told to end needs a moment.
#[track_caller]
pub fn is_nothing(session: &mut Session) {
    let mut left = Vec::new();
    for _ in 0..6000 {
        left = session.lines(LEFT);
        if left.is_empty() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("left behind: {left:?}");
}
