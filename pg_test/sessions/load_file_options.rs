//! The options of `load_file`, by COPY's names.

use crate::fixtures::{loads, pairs, with_stream};

fn call(path: &str) -> String {
    format!("CALL termstream.load_file('menu', '{path}')")
}

#[test]
fn the_options_are_those_of_copy() {
    let (database, mut session) = with_stream("options");
    let path = database.file("menu.csv", "name;menu_id\n'a; \\'pepsi';1\n-;2\n");
    let options = "delimiter => ';', quote => '''', escape => '\\', null_string => '-', columns => '{name,menu_id}'";
    assert_eq!(
        session.lines(&format!(
            "CALL termstream.load_file('menu', '{path}', header => 'match', {options})"
        )),
        ["1|2|2|0|1|19"]
    );
    assert_eq!(
        session.lines(&format!(
            "CALL termstream.load_file('menu', '{path}', header => true, resume => false, {options})"
        )),
        ["2|2|2|0|0|19"]
    );
    session
        .error(&format!(
            "CALL termstream.load_file('menu', '{path}', columns => '{{name,nothing}}')"
        ))
        .is("42703", "columns: the stream has no column \"nothing\"")
        .hints("menu_id, name, price");
}

#[test]
fn the_delimiter_is_one_character() {
    let (database, mut session) = with_stream("delimiter");
    let path = database.file("menu.csv", "menu_id;name;price\n1;\"pepsi; cold\";1\n");
    session.run(&format!(
        "CALL termstream.load_file('menu', '{path}', delimiter => ';')"
    ));
    assert_eq!(pairs(&mut session), ["1|2"]);
    for (delimiter, message) in [
        (
            ";;",
            "delimiter must be a single one-byte character, not \";;\"",
        ),
        (
            "",
            "delimiter must be a single one-byte character, not \"\"",
        ),
        (
            "§",
            "delimiter must be a single one-byte character, not \"§\"",
        ),
        ("\"", "delimiter and quote must be different"),
        ("\n", "delimiter cannot be newline or carriage return"),
    ] {
        session
            .error(&format!(
                "CALL termstream.load_file('menu', '{path}', delimiter => '{delimiter}')"
            ))
            .is("22023", message);
    }
    assert_eq!(loads(&mut session).len(), 1);
}

#[test]
fn a_file_without_its_header_is_not_robbed_of_its_first_row() {
    let (database, mut session) = with_stream("no_header");
    let path = database.file("menu.csv", "1,pepsi,1\n2,pepsi,2\n");
    session
        .error(&call(&path))
        .is(
            "22P04",
            &format!("the first line of \"{path}\" is a row, not a header"),
        )
        .hints("header => false");
    session.run(&format!(
        "CALL termstream.load_file('menu', '{path}', header => false)"
    ));
    assert_eq!(pairs(&mut session), ["1|2", "2|2"]);
}

#[test]
fn notices_tell_how_far_the_load_is_if_the_client_asks_for_them() {
    let (database, _) = with_stream("notices");
    let (mut session, notices) = database.session_with_notices();
    session.run("UPDATE termstream.stream SET batch_rows = 10");
    let rows: String = (1..=100).map(|id| format!("{id},pepsi,1\n")).collect();
    let path = database.file("menu.csv", format!("menu_id,name,price\n{rows}"));
    session.run(&call(&path));
    assert_eq!(notices.try_iter().count(), 0);
    for parallel in [1, 2] {
        session.run(&format!(
            "CALL termstream.load_file('menu', '{path}', resume => false, notify => '1 us', parallel => {parallel})"
        ));
        let told: Vec<String> = notices.try_iter().collect();
        assert!(told.len() > 1, "{told:?}");
        assert!(told[0].contains(&format!("% of \"{path}\"")), "{told:?}");
    }
    session.run(&call(&path));
    assert_eq!(
        notices.try_iter().collect::<Vec<_>>(),
        [format!("file \"{path}\" is already loaded: nothing to do")]
    );
    session
        .error(&format!(
            "CALL termstream.load_file('menu', '{path}', notify => '0 s')"
        ))
        .is("22023", "notify must be greater than zero");
}
