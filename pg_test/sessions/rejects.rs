//! Rows that cannot be taken: each is kept with its reason, its place and its bytes, and read =
//! taken + rejected.

use crate::database::Session;
use crate::fixtures::{loads, pairs, with_lexicon, with_stream};

/// A row that must be rejected: its line, stage, SQLSTATE and bytes.
type Broken = (u32, String, String, Vec<u8>);

/// Stage and SQLSTATE, of a row that must be rejected.
type Reason = Option<(&'static str, &'static str)>;

/// Every kind of broken row between good ones, as bytes with the SQLSTATE it must get.
fn broken_file() -> (Vec<u8>, Vec<Broken>) {
    let mut file = b"\xef\xbb\xbfmenu_id,name,price\r\n".to_vec();
    let mut expected = Vec::new();
    let mut line = 2;
    let rows: Vec<(&[u8], Reason)> = vec![
        (b"1,pepsi,1.50", None),
        (b"2,pepsi", Some(("parse", "22P04"))),
        (b"3,pepsi,1,2", Some(("parse", "22P04"))),
        (b"4,\"pep\"\"si\",1", None),
        (b"five,pepsi,1", Some(("convert", "22P02"))),
        (b"99999999999999999999,pepsi,1", Some(("convert", "22003"))),
        (b",pepsi,1", Some(("check", "23502"))),
        (b"8,pep\xffsi,1", Some(("parse", "22021"))),
        (b"9,pep\0si,1", Some(("parse", "22021"))),
        (b"10,pepsi,1234.5", Some(("convert", "22003"))),
        (b"11,\"two\r\nlines pepsi\",1", None),
        (b"12,coca cola,", None),
        (b"", Some(("parse", "22P04"))),
        (b"14,\xc3\x28,1", Some(("parse", "22021"))),
        (b"15,\"quote not closed,1", Some(("parse", "22P04"))),
        (b"16,pepsi,1", None),
    ];
    for (row, reject) in rows {
        if let Some((stage, code)) = reject {
            expected.push((line, stage.to_owned(), code.to_owned(), row.to_vec()));
        }
        line += 1 + row.iter().filter(|byte| **byte == b'\n').count() as u32;
        file.extend_from_slice(row);
        // CRLF throughout, and no line end after the last row.
        if !row.starts_with(b"16") {
            file.extend_from_slice(b"\r\n");
        }
    }
    (file, expected)
}

#[test]
fn a_file_with_every_kind_of_broken_row_loses_nothing() {
    let (file, expected) = broken_file();
    for batch_rows in [1, 3, 5000] {
        let (database, mut session) = with_lexicon(&format!("broken_{batch_rows}"));
        session.run(&format!(
            "SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text, price numeric(5,2)', 'brands',
                 'menu_id', '{{name}}', 'menu_terms', batch_rows => {batch_rows})"
        ));
        let path = database.file("broken.csv", &file);
        session.run(&format!("CALL termstream.load_file('menu', '{path}')"));
        let rejects: Vec<_> = session
            .client
            .query("SELECT lineno::int, stage, errorcode, line_bytes, filename FROM menu_rejects ORDER BY lineno", &[])
            .expect("rejects")
            .iter()
            .map(|row| {
                assert_eq!(row.get::<_, String>(4), path);
                let (line, stage, code): (i32, String, String) = (row.get(0), row.get(1), row.get(2));
                (line as u32, stage, code, row.get::<_, Vec<u8>>(3))
            })
            .collect();
        assert_eq!(rejects, expected);
        assert_eq!(
            session.one(
                "SELECT read, taken, rejected, bytes, position, line, state FROM termstream.loads"
            ),
            format!("16|5|11|{}|{}|{}|done", file.len() - 23, file.len(), 18)
        );
        assert_eq!(pairs(&mut session), ["1|2", "4|2", "11|2", "12|1", "16|2"]);
    }
}

#[test]
fn a_record_longer_than_memory_allows_is_kept_as_its_head() {
    let (database, mut session) = with_stream("huge_record");
    let mut file = b"menu_id,name,price\n1,pepsi,1\n2,\"".to_vec();
    file.extend(std::iter::repeat_n(b'x', 20 << 20));
    file.extend_from_slice(b"\",1\n3,pepsi,1\n");
    let path = database.file("huge.csv", &file);
    session.run(&format!("CALL termstream.load_file('menu', '{path}')"));
    assert_eq!(pairs(&mut session), ["1|2", "3|2"]);
    assert_eq!(loads(&mut session), ["3|2|1|2|done"]);
    assert_eq!(
        session.lines("SELECT lineno, stage, errorcode, octet_length(line_bytes), err_message, err_detail FROM menu_rejects"),
        ["3|parse|22P04|8192|record is longer than 16777216 bytes|8192 of 20971526 bytes are kept."]
    );
}

#[test]
fn bytes_that_copy_does_not_check_are_rejected_with_their_row() {
    let (_database, mut session) = with_stream("sql_ascii");
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv, ENCODING 'SQL_ASCII')",
        b"1,pepsi,1\n2,pep\xffsi,1\n3,\xe2\x82,1\n\xff,pepsi,1\n5,coca cola,1\n",
    );
    assert_eq!(pairs(&mut session), ["1|2", "5|1"]);
    assert_eq!(
        session.lines("SELECT lineno, stage, errorcode, colname, line IS NULL, encode(line_bytes, 'escape') FROM menu_rejects ORDER BY 1"),
        [
            r"2|parse|22021|name|t|2,pep\377si,1",
            r"3|parse|22021|name|t|3,\342\202,1",
            r"4|parse|22021|menu_id|t|\377,pepsi,1"
        ]
    );
    assert_eq!(loads(&mut session), ["5|2|3|2|done"]);
}

#[test]
fn a_reject_says_which_value_was_wrong() {
    let (_database, mut session) = with_stream("wrong_value");
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi,cheap\n2,\"a \"\"b\"\", c\",1e9\n",
    );
    assert_eq!(
        session.lines(
            "SELECT stream, stage, lineno, line, colname, raw_field_value, err_message, err_detail, errorcode,
                    userid = current_user, copy_tbl, filename, starttime <= now()
               FROM menu_rejects ORDER BY lineno"
        ),
        [
            "public.menu|convert|1|1,pepsi,cheap|price|cheap|invalid input syntax for type numeric: \"cheap\"||22P02|t|menu||t",
            "public.menu|convert|2|2,\"a \"\"b\"\", c\",1e9|price|1e9|numeric field overflow|A field with precision 5, scale 2 must round to an absolute value less than 10^3.|22003|t|menu||t"
        ]
    );
}

#[test]
fn typmods_and_domains_are_those_of_their_columns() {
    let (_database, mut session) = with_lexicon("types");
    session.run(
        "CREATE DOMAIN stars AS int CHECK (VALUE BETWEEN 1 AND 5);
         CREATE DOMAIN name_given AS text NOT NULL;
         CREATE TYPE size AS ENUM ('small', 'large');
         SELECT termstream.create_match_stream('menu',
             'id int, name name_given, code varchar(3), price numeric(5,2), rating stars, size size, tags text[], flag bool NOT NULL',
             'brands', 'id', '{name}', 'menu_terms')",
    );
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi,abc,999.99,5,small,\"{a,b}\",t\n\
         2,pepsi,abcd,1,1,small,{},t\n\
         3,pepsi,abc   ,1,1,small,{},t\n\
         4,pepsi,,1000,1,small,{},t\n\
         5,pepsi,,1,6,small,{},t\n\
         6,,,1,1,small,{},t\n\
         7,pepsi,,1,1,huge,{},t\n\
         8,pepsi,,1,1,large,\"{a\",t\n\
         9,pepsi,,1,1,large,,\n\
         10,pepsi,,,,,,yes\n",
    );
    assert_eq!(pairs_of(&mut session), ["1|2", "3|2", "10|2"]);
    assert_eq!(
        session.lines("SELECT lineno, stage, errorcode, colname FROM menu_rejects ORDER BY lineno"),
        [
            "2|convert|22001|code",
            "4|convert|22003|price",
            "5|convert|23514|rating",
            "6|convert|23502|name",
            "7|convert|22P02|size",
            "8|convert|22P02|tags",
            "9|check|23502|flag"
        ]
    );
    assert_eq!(loads(&mut session), ["10|3|7|3|done"]);
}

fn pairs_of(session: &mut Session) -> Vec<String> {
    session.lines("SELECT id, term_id FROM menu_terms ORDER BY 1, 2")
}

#[test]
fn a_row_that_breaks_the_statement_is_rejected_alone() {
    let (_database, mut session) = with_stream("bisected");
    session.run(
        "ALTER TABLE menu_terms ADD CHECK (menu_id <> 30);
         CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF NEW.menu_id IN (77, 78) THEN RAISE EXCEPTION 'not %', NEW.menu_id USING DETAIL = 'because'; END IF;
           RETURN NEW;
         END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let rows: String = (1..=100)
        .map(|n| format!("{n},pepsi,{}\n", if n == 50 { "x" } else { "1" }))
        .collect();
    session.copy("COPY menu FROM STDIN (FORMAT csv)", rows);
    assert_eq!(
        session.lines("SELECT lineno, stage, errorcode, line, err_message, coalesce(err_detail, '') LIKE '%because%' FROM menu_rejects ORDER BY lineno"),
        [
            "30|statement|23514|30,pepsi,1|new row for relation \"menu_terms\" violates check constraint \"menu_terms_menu_id_check\"|f",
            "50|convert|22P02|50,pepsi,x|invalid input syntax for type numeric: \"x\"|f",
            "77|statement|P0001|77,pepsi,1|not 77|t",
            "78|statement|P0001|78,pepsi,1|not 78|t"
        ]
    );
    assert_eq!(loads(&mut session), ["100|96|4|96|done"]);
    assert_eq!(session.one("SELECT count(*) FROM menu_terms"), "96");
}

#[test]
fn a_foreign_key_of_the_pairs_rejects_its_rows() {
    let (_database, mut session) = with_stream("foreign_key");
    session.run(
        "CREATE TABLE menus (id bigint PRIMARY KEY); INSERT INTO menus SELECT generate_series(1, 5);
         ALTER TABLE menu_terms ADD FOREIGN KEY (menu_id) REFERENCES menus",
    );
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi,1\n6,pepsi,1\n7,no match,1\n5,nestle,1\n",
    );
    assert_eq!(pairs(&mut session), ["1|2", "5|4"]);
    assert_eq!(
        session.lines("SELECT lineno, stage, errorcode FROM menu_rejects"),
        ["2|statement|23503"]
    );
}

#[test]
fn an_error_that_is_no_rows_fault_stops_the_load() {
    let (_database, mut session) = with_stream("fatal");
    session.run(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.menu_id = 3 THEN PERFORM * FROM missing; END IF; RETURN NEW; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION fail()",
    );
    session
        .copy_error(
            "COPY menu FROM STDIN (FORMAT csv)",
            "1,pepsi,1\nx,y,z\n3,pepsi,1\n",
        )
        .is("42P01", "relation \"missing\" does not exist");
    assert_eq!(pairs(&mut session), [""; 0]);
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "0");
    session.run("DROP TRIGGER fail ON menu_terms; DROP TABLE menu_terms CASCADE");
    assert_eq!(
        session
            .copy_error("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\n")
            .code,
        "42P01"
    );
}

#[test]
fn on_error_stop_names_the_row_and_keeps_nothing() {
    let (database, mut session) = with_lexicon("stop");
    session.run(
        "SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}',
             'menu_terms', on_error => 'stop', batch_rows => 2)",
    );
    let failure = session.copy_error(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi\n2,pepsi\n3,pepsi\nx,pepsi\n5,pepsi\n",
    );
    failure
        .is("22P02", "stream public.menu: line 4, column \"menu_id\": invalid input syntax for type bigint: \"x\"")
        .hints("on_error => 'table'");
    assert_eq!(pairs(&mut session), [""; 0]);
    assert_eq!(loads(&mut session), [""; 0]);
    let path = database.file("stop.csv", "menu_id,name\n1,pepsi\n2,pepsi\n3,pepsi\n4\n");
    session
        .error(&format!("CALL termstream.load_file('menu', '{path}')"))
        .is(
            "22P04",
            "stream public.menu: line 5, column \"name\": missing data for column \"name\"",
        );
    assert_eq!(pairs(&mut session), ["1|2", "2|2"]);
    assert_eq!(loads(&mut session), ["2|2|0|2|failed"]);
    session.run("ALTER TABLE menu_terms ADD CHECK (menu_id <> 7)");
    assert_eq!(
        session.error("INSERT INTO menu VALUES (7, 'pepsi')").code,
        "23514"
    );
}

#[test]
fn on_error_ignore_counts_and_does_not_keep() {
    let (_database, mut session) = with_lexicon("ignore");
    session.run(
        "SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}',
             'menu_terms', on_error => 'ignore')",
    );
    session.run("ALTER TABLE menu_terms ADD CHECK (menu_id <> 2)");
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi\nx,pepsi\n,pepsi\n2,pepsi\n",
    );
    assert_eq!(loads(&mut session), ["4|1|3|1|done"]);
    assert_eq!(session.one("SELECT count(*) FROM menu_rejects"), "0");
}

#[test]
fn a_reject_that_is_mended_can_be_taken_again() {
    let (_database, mut session) = with_stream("mended");
    session.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1x,\"a \"\"pepsi\"\", cold\",1\n",
    );
    session.run("CREATE TABLE mended AS SELECT replace(line, '1x', '1') AS line FROM menu_rejects");
    let line = session.one("SELECT line FROM mended");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", format!("{line}\n"));
    assert_eq!(pairs(&mut session), ["1|2"]);
}

#[test]
fn a_pair_that_would_fail_at_the_commit_rejects_its_row() {
    let (database, mut session) = with_stream("deferred");
    session.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.menu_id = 2 THEN RAISE EXCEPTION 'too late'; END IF; RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON menu_terms DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let rows = "1,pepsi,1\n2,pepsi,1\n";
    session.copy("COPY menu FROM STDIN (FORMAT csv)", rows);
    let path = database.file("deferred.csv", format!("menu_id,name,price\n{rows}"));
    session.run(&format!("CALL termstream.load_file('menu', '{path}')"));
    assert_eq!(pairs(&mut session), ["1|2"]);
    assert_eq!(
        session.lines("SELECT state, read, rejected, error IS NULL FROM termstream.loads"),
        ["done|2|1|t", "done|2|1|t"]
    );
    assert_eq!(
        session.lines("SELECT DISTINCT stage, errorcode, err_message FROM menu_rejects"),
        ["statement|P0001|too late"]
    );
}
