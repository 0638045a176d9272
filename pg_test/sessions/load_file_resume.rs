//! `load_file` again: it goes on where it stopped, and knows a file that has changed.

use crate::fixtures::{loads, pairs, with_stream};
use crate::load_file::{call, wait_at_gate, with_gate};

const HEADER: &str = "menu_id,name,price\n";

#[test]
fn a_file_that_has_grown_goes_on_at_its_old_end() {
    let (database, mut session) = with_stream("grown");
    let path = database.file("menu.csv", format!("{HEADER}1,pepsi,1\n"));
    assert_eq!(session.lines(&call(&path)), ["1|1|1|0|1|10"]);
    assert_eq!(session.lines(&call(&path)), ["|0|0|0|0|0"]);
    database.file("menu.csv", format!("{HEADER}1,pepsi,1\n2,pepsi,1\n"));
    assert_eq!(session.lines(&call(&path)), ["2|1|1|0|1|10"]);
    assert_eq!(pairs(&mut session), ["1|2", "2|2"]);
    assert_eq!(loads(&mut session), ["1|1|0|1|done", "1|1|0|1|done"]);
    assert_eq!(
        session.one("SELECT position, line FROM termstream.loads WHERE load_id = 2"),
        "39|3"
    );
}

#[test]
fn a_changed_file_is_refused_unless_it_is_to_be_loaded_from_its_start() {
    let (database, mut session) = with_stream("changed");
    let path = database.file("menu.csv", format!("{HEADER}1,pepsi,1\n"));
    session.run(&call(&path));
    for rows in ["3,pepsi,1\n", "1,pepsi,2\n2,pepsi,1\n", ""] {
        database.file("menu.csv", format!("{HEADER}{rows}"));
        session
            .error(&call(&path))
            .is(
                "55000",
                &format!("file \"{path}\" has changed since it was loaded"),
            )
            .hints("resume => false");
    }
    database.file("menu.csv", format!("{HEADER}3,pepsi,1\n"));
    session.run(&format!(
        "CALL termstream.load_file('menu', '{path}', resume => false)"
    ));
    assert_eq!(pairs(&mut session), ["1|2", "3|2"]);
}

#[test]
fn a_last_line_that_has_grown_after_it_was_taken_is_refused() {
    let (database, mut session) = with_stream("half_line");
    let path = database.file("menu.csv", format!("{HEADER}1,pepsi,1"));
    session.run(&call(&path));
    database.file("menu.csv", format!("{HEADER}1,pepsi,12\n"));
    session
        .error(&call(&path))
        .is(
            "55000",
            &format!("file \"{path}\" has changed since it was loaded"),
        )
        .details("no line end");
}

#[test]
fn a_running_load_shows_its_progress_and_is_not_begun_a_second_time() {
    let (database, mut session) = with_gate("progress");
    let path = database.file("menu.csv", "menu_id,name\n5,pepsi\n6,pepsi\n");
    session.run("SELECT pg_advisory_lock(1)");
    let mut loader = database.session();
    let begin = call(&path);
    let loading = std::thread::spawn(move || {
        loader.run(&begin);
        loader
    });
    wait_at_gate(&mut session);
    session.run(
        "UPDATE termstream.load SET position = 24, file_position = 24, total_bytes = 29,
                line = 2, read = 1, taken = 1, bytes = 10, updated = started + interval '2 s'",
    );
    let mut other = database.session();
    assert_eq!(
        other.one(
            "SELECT stream, source, bytes, total_bytes, percent, rows, rows_per_second, eta
               FROM termstream.progress"
        ),
        format!("menu|{path}|24|29|82.8|1|1|00:00:00.416667")
    );
    other
        .error(&call(&path))
        .is(
            "55006",
            &format!("file \"{path}\" is being loaded into the stream"),
        )
        .details("Load 1 runs");
    session.run("SELECT pg_advisory_unlock(1)");
    loading.join().expect("an answer");
    assert_eq!(session.one("SELECT count(*) FROM termstream.progress"), "0");
}
