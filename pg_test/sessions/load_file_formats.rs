//! `load_file` reads what COPY's text format, JSON lines, other encodings, gzip and zstd have.

use crate::database::server_folder;
use crate::fixtures::{loads, pairs, with_stream};
use std::io::Write;

fn call(path: &str, options: &str) -> String {
    format!("CALL termstream.load_file('menu', '{path}'{options})")
}

const REJECTS: &str = "SELECT lineno, stage, errorcode, err_message, convert_from(line_bytes, 'LATIN1') FROM menu_rejects ORDER BY lineno";

#[test]
fn the_text_format_is_read_as_copy_writes_it() {
    let (database, mut session) = with_stream("text_format");
    let path = database.file(
        "menu.tsv",
        "1\tpep\\163i\\tcold\\\\\t\\N\n2\tnes\\\ntle\t2\n3\tpepsi\n4\tpepsi\t4\n\\.\n",
    );
    assert_eq!(
        session.lines(&call(&path, ", format => 'text'")),
        ["1|4|3|1|3|53"]
    );
    assert_eq!(pairs(&mut session), ["1|2", "2|4", "4|2"]);
    assert_eq!(
        session.lines(REJECTS),
        ["4|parse|22P04|missing data for column \"price\"|3\tpepsi"]
    );
    assert_eq!(
        session.lines(&call(&path, ", format => 'text'")),
        ["|0|0|0|0|0"],
        "the end-of-data marker is read, too"
    );
}

#[test]
fn what_copy_writes_is_read_whatever_the_format() {
    let (database, mut session) = with_stream("copy_writes");
    session.run(
        "CREATE TABLE original AS
         SELECT n AS menu_id, (ARRAY['pepsi', E'a\\tb\\\\', E'a\\nb', E'\\r', '', NULL, E'\\\\N', '\"', E'\\\\.'])[n] AS name,
                n AS price
           FROM generate_series(1, 9) n;
         CREATE TABLE kept AS SELECT * FROM original WHERE false;
         UPDATE termstream.stream SET statement = 'INSERT INTO public.kept SELECT * FROM batch'",
    );
    for format in ["csv", "text"] {
        session.run("TRUNCATE kept");
        let path = format!("{}/{}.{format}", server_folder().display(), database.name);
        session.run(&format!("COPY original TO '{path}' (FORMAT {format})"));
        session.run(&call(
            &path,
            &format!(", format => '{format}', header => false"),
        ));
        assert_eq!(
            session.lines("SELECT * FROM original EXCEPT SELECT * FROM kept"),
            [""; 0],
            "{format}"
        );
        assert_eq!(session.one("SELECT count(*) FROM kept"), "9");
    }
}

#[test]
fn a_number_of_json_is_that_number_and_a_string_is_read_by_the_format() {
    let (database, mut session) = with_stream("json_numbers");
    session.run(
        "CREATE TABLE paid (amount numeric);
         SELECT termstream.create_stream('payments', 'amount numeric',
             'INSERT INTO paid SELECT amount FROM batch', formats => '{\"amount\": \"1.234\"}');",
    );
    let path = database.file(
        "payments.jsonl",
        "{\"amount\":1.234}\n{\"amount\":\"1.234\"}\n{\"amount\":56}\n{\"amount\":1.5}",
    );
    let load = |more: &str| {
        format!("CALL termstream.load_file('payments', '{path}', format => 'jsonl'{more})")
    };
    session.run(&load(""));
    assert_eq!(
        session.lines("SELECT amount FROM paid ORDER BY 1"),
        ["56", "1234"]
    );
    session
        .run("SELECT termstream.alter_stream('payments', formats => '{\"amount\": \"1.234,56\"}')");
    session.run("SELECT * FROM termstream.retry_rejects('payments')");
    assert_eq!(
        session.lines("SELECT amount FROM paid ORDER BY 1"),
        ["1.234", "1.5", "56", "1234"]
    );
}

#[test]
fn json_lines_are_read_by_the_names_of_the_columns() {
    let (database, mut session) = with_stream("json_lines");
    let path = database.file(
        "menu.jsonl",
        "{\"price\":1.50,\"name\":\"pep\\u0073i\",\"menu_id\":1}\n\n{\"menu_id\":2,\"name\":null}\r\n\
         {\"menu_id\":\"x\",\"name\":\"pepsi\"}\nnot json\n{\"menu_id\":3,\"size\":1}\n{\"name\":\"\\u0000\"}\n\
         {\"menu_id\":7,\"name\":\"pepsi\"}",
    );
    assert_eq!(
        session.lines(&call(&path, ", format => 'jsonl'"))[0],
        "1|7|3|4|2|183"
    );
    assert_eq!(pairs(&mut session), ["1|2", "7|2"]);
    assert_eq!(
        session.lines("SELECT lineno, stage, errorcode, colname, err_message FROM menu_rejects ORDER BY lineno"),
        [
            "4|convert|22P02|menu_id|invalid input syntax for type bigint: \"x\"",
            "5|parse|22032||invalid JSON object: expected ident at line 1 column 2",
            "6|parse|22P04||the stream has no column \"size\"",
            "7|parse|22P05||column \"name\" has a NUL character",
        ]
    );
    assert_eq!(
        session.lines("SELECT DISTINCT line_format FROM menu_rejects"),
        ["{\"format\": \"jsonl\"}"]
    );
    session
        .error(&call(
            &path,
            ", format => 'jsonl', header => true, resume => false",
        ))
        .is("22023", "header is no option of format jsonl");
    session
        .error(&call(&path, ", format => 'xml'"))
        .is(
            "22023",
            "format \"xml\" not recognized (valid: csv, text, jsonl)",
        )
        .hints("gzip");
}

#[test]
fn other_encodings_are_converted_and_what_cannot_be_is_rejected() {
    let (database, mut session) = with_stream("encodings");
    let path = database.file(
        "latin.csv",
        b"menu_id,name,price\n1,\"Nestl\xe9, cold\",1\n2,\x81 pepsi,2\nx,caf\xe9,3\n4,pepsi,4\n",
    );
    assert_eq!(
        session.lines(&call(&path, ", encoding => 'win1252'"))[0],
        "1|4|2|2|2|50"
    );
    assert_eq!(pairs(&mut session), ["1|4", "4|2"]);
    assert_eq!(
        session.lines(
            "SELECT lineno, stage, errorcode, err_message, line FROM menu_rejects ORDER BY lineno"
        ),
        [
            "3|parse|22021|invalid byte sequence for encoding \"WIN1252\": 0x81|",
            "4|convert|22P02|invalid input syntax for type bigint: \"x\"|x,café,3",
        ]
    );
    // Characters with a byte of 0x5c or 0x7c, and half of one.
    let path = database.file(
        "sjis.csv",
        b"1|pepsi \x83\x5c\x83\x7c|1\n2|pepsi \x83\n3|\x95\x5c|3\n",
    );
    assert_eq!(
        session.lines(&call(
            &path,
            ", header => false, delimiter => '|', encoding => 'SJIS'"
        ))[0],
        "2|3|2|1|1|32"
    );
    session
        .error(&call(&path, ", encoding => 'EBCDIC'"))
        .is("22023", "encoding \"EBCDIC\" not recognized")
        .hints("WIN1252");
    let rows = session.lines(REJECTS);
    assert!(
        rows.last().is_some_and(|row| row.starts_with("4|")),
        "{rows:?}"
    );
}

/// Several members, as a log that is rotated and appended to has them.
fn gzip(parts: &[&str]) -> Vec<u8> {
    let mut file = Vec::new();
    for part in parts {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(part.as_bytes()).expect("memory");
        file.extend(encoder.finish().expect("memory"));
    }
    file
}

fn zstandard(parts: &[&str]) -> Vec<u8> {
    let compress = |part: &&str| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("memory");
        encoder
            .include_checksum(true)
            .expect("as the program zstd does");
        encoder.write_all(part.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    };
    parts.iter().flat_map(compress).collect()
}

/// Rows of some hundred bytes that do not compress to nothing.
fn rows(ids: std::ops::Range<usize>) -> String {
    ids.map(|id| {
        let noise = (id * 2_654_435_761) % 1_000_000_007;
        format!("{id},pepsi {noise:x}{:x},1\n", noise * 31)
    })
    .collect()
}

#[test]
fn gzip_and_zstd_are_read_as_they_are_and_go_on_where_they_have_grown() {
    let (database, mut session) = with_stream("compressed");
    for (name, compress) in [
        ("menu.gz", gzip as fn(&[&str]) -> Vec<u8>),
        ("menu.zst", zstandard),
    ] {
        session.run("TRUNCATE menu_terms");
        let (first, second) = (
            format!("menu_id,name,price\n{}", rows(1..6001)),
            rows(6001..9001),
        );
        let path = database.file(name, compress(&[&first[..999], &first[999..]]));
        let counts = session.lines(&call(&path, ""));
        assert!(counts[0].contains("|6000|6000|0|6000|"), "{counts:?}");
        assert_eq!(session.lines(&call(&path, "")), ["|0|0|0|0|0"]);
        database.file(name, compress(&[&first[..999], &first[999..], &second]));
        let counts = session.lines(&call(&path, ", parallel => 2"));
        assert!(counts[0].contains("|3000|3000|0|3000|"), "{counts:?}");
        assert_eq!(
            session.one("SELECT position FROM termstream.loads ORDER BY load_id DESC LIMIT 1"),
            (first.len() + second.len()).to_string()
        );
        database.file(name, compress(&[&second]));
        session
            .error(&call(&path, ""))
            .is(
                "55000",
                &format!("file \"{path}\" has changed since it was loaded"),
            )
            .hints("resume => false");
    }
}

#[test]
fn a_truncated_archive_keeps_what_was_committed_and_goes_on_when_it_is_whole() {
    let (database, mut session) = with_stream("truncated");
    for (name, compress) in [
        ("menu.gz", gzip as fn(&[&str]) -> Vec<u8>),
        ("menu.zst", zstandard),
    ] {
        session.run("TRUNCATE menu_terms");
        let whole = compress(&[&rows(1..20_001)]);
        let path = database.file(name, &whole[..whole.len() * 2 / 3]);
        let failure = session.error(&call(&path, ", header => false"));
        failure.is(
            "XX001",
            &format!("file \"{path}\" ends before its compressed data does"),
        );
        failure.hints("call load_file again");
        let kept: usize = session
            .one("SELECT count(*) FROM menu_terms")
            .parse()
            .expect("a number");
        assert!(kept >= 5000 && kept.is_multiple_of(5000), "{kept}");
        database.file(name, &whole);
        session.run(&call(&path, ", header => false"));
        assert_eq!(session.one("SELECT count(*) FROM menu_terms"), "20000");
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0x55);
        database.file(name, &damaged);
        session
            .error(&call(&path, ", header => false, resume => false"))
            .hints("resume => false");
    }
}

#[test]
fn a_file_that_unpacks_to_very_much_and_a_very_long_line_take_no_memory() {
    let (database, mut session) = with_stream("bomb");
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
    let piece = vec![b'x'; 1 << 20];
    encoder
        .write_all(b"menu_id,name,price\n1,")
        .expect("memory");
    for _ in 0..300 {
        encoder.write_all(&piece).expect("memory");
    }
    encoder.write_all(b",1\n2,pepsi,1\n").expect("memory");
    let path = database.file("bomb.csv", encoder.finish().expect("memory"));
    let pid = session.pid();
    let peak = || -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    session.run("INSERT INTO menu VALUES (0, 'pepsi')");
    let before = peak();
    session.run(&call(&path, ""));
    assert_eq!(pairs(&mut session), ["0|2", "2|2"]);
    assert_eq!(loads(&mut session)[1], "2|1|1|1|done");
    assert_eq!(
        session.lines(
            "SELECT lineno, errorcode, err_message, length(line_bytes), line_size FROM menu_rejects"
        ),
        [format!(
            "2|22P04|record is longer than 16777216 bytes|8192|{}",
            (300 << 20) + 4
        )]
    );
    match (before, peak()) {
        (Some(before), Some(after)) => {
            assert!(
                after < before + (64 << 10),
                "{before} kB before, {after} after"
            );
        }
        _ => println!("SKIP: no right to look at the server's memory"),
    }
}
