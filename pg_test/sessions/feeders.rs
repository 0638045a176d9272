//! What feeders tell a stream: rows that are none, and where rows came from.

use crate::fixtures::{loads, pairs, with_stream};

#[test]
fn a_feeder_that_may_only_insert_keeps_rejects_and_their_places() {
    let (database, mut owner) = with_stream("feeder");
    let role = database.role("feeder");
    owner.run(&format!("GRANT INSERT ON menu TO {role}"));
    let mut feeder = database.session_of(&role);
    feeder.run("BEGIN");
    feeder.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi,1\nx,pepsi,1\n3,pepsi,\n4,nestle,free\n",
    );
    let load = feeder.one("SELECT max(load_id) FROM termstream.loads");
    assert_eq!(
        feeder.one(&format!(
            "SELECT termstream.place_rejects({load}, ARRAY['t/0', 't/1', 't/0', 't/1'], ARRAY[10, 20, 11, 21],
                 ARRAY['{{\"key\": \"a\"}}', '{{\"key\": \"b\"}}', NULL, '{{\"key\": \"d\", \"size\": 12345678901234567890.5}}']::jsonb[])"
        )),
        "2"
    );
    assert_eq!(
        feeder.one(&format!(
            "SELECT termstream.note_rejects('menu', 't', ARRAY[22, 12], ARRAY['{{\"menu_id\"', '\\xff']::bytea[],
                 ARRAY['22032', '22021'], ARRAY['no JSON', 'no text'],
                 origins => ARRAY['{{\"partition\": 1}}', NULL]::jsonb[], details => ARRAY['It ends too early.', NULL],
                 line_format => '{{\"format\": \"jsonl\"}}', load_id => {load})"
        )),
        load,
        "counted in the load of the COPY"
    );
    feeder.run("COMMIT");
    assert_eq!(
        owner.lines(
            "SELECT stage, filename, lineno, line, origin, line_format, err_message, err_detail, line_size,
                    load_id, failed_at > starttime FROM menu_rejects ORDER BY reject_id"
        ),
        [
            format!("convert|t/1|20|x,pepsi,1|{{\"key\": \"b\"}}||invalid input syntax for type bigint: \"x\"||9|{load}|t"),
            format!("convert|t/1|21|4,nestle,free|{{\"key\": \"d\", \"size\": 12345678901234567890.5}}||invalid input syntax for type numeric: \"free\"||13|{load}|t"),
            format!("parse|t|22|{{\"menu_id\"|{{\"partition\": 1}}|{{\"format\": \"jsonl\"}}|no JSON|It ends too early.|10|{load}|t"),
            format!("parse|t|12|||{{\"format\": \"jsonl\"}}|no text||1|{load}|t"),
        ]
    );
    assert_eq!(loads(&mut owner), ["6|2|4|2|done"]);
    assert_eq!(pairs(&mut owner), ["1|2", "3|2"]);
}

#[test]
fn places_are_told_by_who_has_loaded_and_in_the_same_transaction() {
    let (database, mut owner) = with_stream("place");
    let role = database.role("other");
    owner.run(&format!("GRANT INSERT ON menu TO {role}"));
    let place = |load: &str| {
        format!("SELECT termstream.place_rejects({load}, ARRAY['elsewhere'], ARRAY[7])")
    };
    owner.copy("COPY menu FROM STDIN (FORMAT csv)", "x,y,z\n");
    let load = owner.one("SELECT max(load_id) FROM termstream.loads");
    let refused = format!("load {load} was not made by this transaction");
    owner
        .error(&place(&load))
        .is("55000", &refused)
        .hints("transaction and role");
    owner.run("BEGIN");
    owner.copy("COPY menu FROM STDIN (FORMAT csv)", "x,y,z\n");
    let load = owner.one("SELECT max(load_id) FROM termstream.loads");
    let mut other = database.session_of(&role);
    assert_eq!(other.error(&place(&load)).code, "55000");
    owner.run(&format!("SET LOCAL ROLE {role}; SAVEPOINT a"));
    assert_eq!(owner.error(&place(&load)).code, "55000");
    owner.run("ROLLBACK TO a; RESET ROLE");
    assert_eq!(owner.one(&place(&load)), "1");
    assert_eq!(owner.one(&place(&load)), "0", "placed already");
    owner.run("COMMIT");
    assert_eq!(
        owner.lines("SELECT filename, lineno FROM menu_rejects ORDER BY reject_id"),
        ["|1", "elsewhere|7"]
    );
}

#[test]
fn a_feeder_is_told_its_mistakes() {
    let (database, mut owner) = with_stream("note_mistakes");
    let note = |more: &str| {
        format!(
            "SELECT termstream.note_rejects('menu', 's', ARRAY[1], ARRAY['x']::bytea[], ARRAY['22000'], ARRAY['m']{more})"
        )
    };
    owner
        .error(&note(", stage => 'convert'"))
        .is(
            "22023",
            "stage \"convert\" is not one that a feeder reports",
        )
        .hints("parse and predict");
    owner
        .error(&note(", load_id => 4711"))
        .is("55000", "load 4711 was not made by this transaction");
    owner
        .error(&note(", details => '{}'"))
        .is("2202E", "the arrays do not have the same length");
    owner
        .error(&note(", stage => NULL"))
        .is("22004", "argument \"stage\" must not be NULL");
    let timeout = note(", stage => 'predict'").replace("22000", "08006");
    owner
        .error(&timeout.replace("predict", "parse"))
        .is("22023", "errorcode \"08006\" is not a data error");
    owner.run(&timeout);
    assert_eq!(
        owner.lines("SELECT stage, errorcode, lineno FROM menu_rejects"),
        ["predict|08006|1"]
    );
    let mut nobody = database.session_of(&database.role("nobody"));
    nobody
        .error(&note(""))
        .is("42501", "permission denied for stream menu");
}
