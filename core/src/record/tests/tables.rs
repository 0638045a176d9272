//! Named tables: what well-formed and malformed input is read as.

use super::*;

#[test]
fn two_columns_are_read_as_copy_reads_them() {
    let table: &[(&str, &[u8], &[&str])] = &[
        ("plain rows", b"1,x\n2,y\n", &["1|x", "2|y"]),
        ("no last line end", b"1,x\n2,y", &["1|x", "2|y"]),
        ("crlf", b"1,x\r\n2,y\r\n", &["1|x", "2|y"]),
        ("cr", b"1,x\r2,y\r", &["1|x", "2|y"]),
        ("cr, no last line end", b"1,x\r2,y", &["1|x", "2|y"]),
        (
            "lf and crlf mixed",
            b"1,x\n2,y\r\n3,z\n",
            &["1|x", "2|y", "3|z"],
        ),
        ("byte order mark", b"\xef\xbb\xbf1,x\n", &["1|x"]),
        (
            "byte order mark later",
            b"1,x\n\xef\xbb\xbf2,y\n",
            &["1|x", "\u{feff}2|y"],
        ),
        ("only a byte order mark", b"\xef\xbb\xbf", &[]),
        ("empty input", b"", &[]),
        (
            "empty field is null",
            b",x\n1,\n,\n",
            &["\\N|x", "1|\\N", "\\N|\\N"],
        ),
        (
            "quoted empty field is not null",
            b"\"\",x\n1,\"\"\n",
            &["|x", "1|"],
        ),
        ("quoted fields", b"\"1\",\"x\"\n", &["1|x"]),
        ("delimiter in quotes", b"\"1,2\",x\n", &["1,2|x"]),
        (
            "line ends in quotes",
            b"\"1\r\n2\n\r\",x\n",
            &["1\r\n2\n\r|x"],
        ),
        (
            "doubled quotes",
            b"\"say \"\"x\"\"\",\"\"\"\"\n",
            &["say \"x\"|\""],
        ),
        (
            "quotes inside a field toggle",
            b"a\"b,c\"d,x\n",
            &["ab,cd|x"],
        ),
        ("text after the closing quote", b"\"a\"b,x\"\"\n", &["ab|x"]),
        ("spaces are data", b" 1 , \"x\" \n", &[" 1 | x "]),
        ("end-of-data marker is data", b"\\.,x\n", &["\\.|x"]),
        ("unicode", "é,日本\n".as_bytes(), &["é|日本"]),
        (
            "too few fields",
            b"1\n2,y\n",
            &["! missing data for column \"b\": 1", "2|y"],
        ),
        (
            "too many fields",
            b"1,x,z,,\n2,y\n",
            &["! extra data after last expected column: 1,x,z,,", "2|y"],
        ),
        (
            "empty line",
            b"1,x\n\n2,y\n",
            &["1|x", "! missing data for column \"b\": ", "2|y"],
        ),
        (
            "empty last line",
            b"1,x\n\n",
            &["1|x", "! missing data for column \"b\": "],
        ),
        (
            "empty first line",
            b"\n1,x\n",
            &["! missing data for column \"b\": ", "1|x"],
        ),
        (
            "invalid utf-8",
            b"1,\xff\n2,y\n",
            &[
                "! invalid byte sequence for encoding \"UTF8\": 0xff: 1,\\xff",
                "2|y",
            ],
        ),
        (
            "cut utf-8",
            b"1,\xe2\x82,\n2,y\n",
            &[
                "! invalid byte sequence for encoding \"UTF8\": 0xe2 0x82 0x2c: 1,\\xe2\\x82,",
                "2|y",
            ],
        ),
        (
            "utf-8 cut by the line end",
            b"1,\xe2\x82\n",
            &["! invalid byte sequence for encoding \"UTF8\": 0xe2 0x82: 1,\\xe2\\x82"],
        ),
        (
            "surrogate",
            b"1,\xed\xa0\x80\n",
            &["! invalid byte sequence for encoding \"UTF8\": 0xed 0xa0 0x80: 1,\\xed\\xa0\\x80"],
        ),
        (
            "nul byte",
            b"1,x\0y\n2,y\n",
            &[
                "! invalid byte sequence for encoding \"UTF8\": 0x00: 1,x\\x00y",
                "2|y",
            ],
        ),
        (
            "nul byte before invalid utf-8",
            b"1,\0\xff\n",
            &["! invalid byte sequence for encoding \"UTF8\": 0x00: 1,\\x00\\xff"],
        ),
        (
            "stray cr in an lf file",
            b"1,x\n2,y\rz\n3,z\n",
            &[
                "1|x",
                "! unquoted carriage return found in data: 2,y\\rz",
                "3|z",
            ],
        ),
        (
            "cr before crlf",
            b"1,x\n2,y\r\r\n",
            &["1|x", "! unquoted carriage return found in data: 2,y\\r"],
        ),
        (
            "cr at the end of an lf file",
            b"1,x\n2,y\r",
            &["1|x", "! unquoted carriage return found in data: 2,y\\r"],
        ),
        (
            "stray lf in a cr file",
            b"1,x\r2,y\n3,z\n",
            &["1|x", "! unquoted newline found in data: 2,y", "3|z"],
        ),
        (
            "stray cr in the first line of an lf file",
            b"1,x\ry\n2,y\n3,z\n",
            &["1|x", "! unquoted newline found in data: y", "2|y", "3|z"],
        ),
        (
            "unterminated quote",
            b"1,\"x\n2,y\n3,z\n",
            &["! unterminated csv quoted field: 1,\"x", "2|y", "3|z"],
        ),
        (
            "unterminated quote in the last line",
            b"1,x\n2,\"y",
            &["1|x", "! unterminated csv quoted field: 2,\"y"],
        ),
        (
            "unterminated quote, cr",
            b"1,\"x\r2,y\r",
            &["! unterminated csv quoted field: 1,\"x", "2|y"],
        ),
        (
            "stray quote that the next one closes",
            b"1,\"x\n2,\"y\n3,z\n",
            &["1|x\n2,y", "3|z"],
        ),
    ];
    for (name, input, expected) in table {
        assert_eq!(short(&options(2), input), *expected, "{name}");
    }
}

#[test]
fn one_column_takes_an_empty_line_as_null() {
    assert_eq!(
        short(&options(1), b"x\n\n\"\"\n\n"),
        ["x", "\\N", "", "\\N"]
    );
}

#[test]
fn an_escape_character_works_inside_quotes_only() {
    let options = options(2).escape("\\").unwrap();
    let table: &[(&[u8], &[&str])] = &[
        (b"\"a\\\"b\",x\n", &["a\"b|x"]),
        (b"\"a\\\\\",x\n", &["a\\|x"]),
        (b"\"a\\nb\",\"\\\n\"\n", &["a\\nb|\\\n"]),
        (b"a\\b,\\\n", &["a\\b|\\"]),
        (b"\"a\"\"b\",x\n", &["ab|x"]),
        (
            b"\"a\\\n1,x\n",
            &["! unterminated csv quoted field: \"a\\\\", "1|x"],
        ),
    ];
    for (input, expected) in table {
        assert_eq!(
            short(&options, input),
            *expected,
            "{}",
            input.escape_ascii()
        );
    }
}

#[test]
fn delimiter_quote_and_null_can_be_chosen() {
    let options = options(2)
        .delimiter("\t")
        .unwrap()
        .quote("'")
        .unwrap()
        .null("NULL")
        .unwrap();
    assert_eq!(
        short(&options, b"NULL\t'NULL'\n\tx\n'it''s'\t\"\n"),
        ["\\N|NULL", "|x", "it's|\""]
    );
}

#[test]
fn a_header_is_skipped_and_not_counted_as_a_record() {
    let options = options(2).header(Header::Yes).unwrap();
    assert_eq!(short(&options, b"whatever\n1,x\n"), ["1|x"]);
    assert_eq!(
        short(&options, b"\xef\xbb\xbf\"two\nlines\",b\n1,x\n"),
        ["1|x"]
    );
    assert_eq!(short(&options, b"a,b\n"), [""; 0]);
    assert_eq!(short(&options, b""), [""; 0]);
    let seen = parse(&options, b"\"a\n\",b\n1,x\n").unwrap();
    let place = Place {
        line: 3,
        next_line: 4,
        offset: 7,
        end_offset: 11,
    };
    assert_eq!(seen[0].place(), place);
}

#[test]
fn a_stray_quote_in_the_header_swallows_no_rows() {
    let options = options(2).header(Header::Yes).unwrap();
    assert_eq!(short(&options, b"a,\"b\n1,x\n2,y\n"), ["1|x", "2|y"]);
    assert_eq!(
        short(&options, b"a,\"b\n1,x\n2,\"y\",z\n"),
        ["1|x", "! extra data after last expected column: 2,\"y\",z"]
    );
}

#[test]
fn a_header_that_must_match_names_the_first_difference() {
    let options = options(2).header(Header::Match).unwrap();
    assert_eq!(short(&options, b"\xef\xbb\xbfa,\"b\"\r\n1,x\r\n"), ["1|x"]);
    let table: &[(&[u8], &str)] = &[
        (
            b"a,c\n",
            "column name mismatch in header line field 2: got \"c\", expected \"b\"",
        ),
        (
            b",b\n",
            "column name mismatch in header line field 1: got \"\", expected \"a\"",
        ),
        (b"a\n", "header line ends before column \"b\""),
        (
            b"a,b,c,d\n",
            "header line has a field after the last expected column: \"c\"",
        ),
        (
            b"a,\xff\n",
            "header line cannot be read: invalid byte sequence for encoding \"UTF8\": 0xff",
        ),
        (
            b"a,\"b\n1,x\n",
            "header line cannot be read: unterminated csv quoted field",
        ),
        (b"", "header line is missing: the input is empty"),
    ];
    for (input, expected) in table {
        let error = parse(&options, input).unwrap_err();
        assert_eq!(error.to_string(), *expected);
    }
}

#[test]
fn options_that_copy_refuses_are_refused() {
    let of = |result: Result<Options, Error>| {
        result
            .and_then(Parser::new)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let table = [
        (
            of(options(1).delimiter("")),
            "delimiter must be a single one-byte character, not \"\"",
        ),
        (
            of(options(1).delimiter("::")),
            "delimiter must be a single one-byte character, not \"::\"",
        ),
        (
            of(options(1).quote("«")),
            "quote must be a single one-byte character, not \"«\"",
        ),
        (
            of(options(1).escape("\0")),
            "escape must be a single one-byte character, not \"\0\"",
        ),
        (
            of(options(1).delimiter("\n")),
            "delimiter cannot be newline or carriage return",
        ),
        (
            of(options(1).delimiter("\"")),
            "delimiter and quote must be different",
        ),
        (
            of(options(1).null("a,b")),
            "delimiter character must not appear in the null specification \"a,b\"",
        ),
        (
            of(options(1).null("\"\"")),
            "quote character must not appear in the null specification \"\"\"\"",
        ),
        (
            of(options(1).null("\r")),
            "null representation cannot use newline or carriage return",
        ),
        (of(Options::csv(vec![])), "records need at least one column"),
        (
            of(options(1).max_record_bytes(0)),
            "max_record_bytes must be between 1 and 1073741824, not 0",
        ),
        (
            "perhaps".parse::<Header>().unwrap_err().to_string(),
            "invalid value for option header: \"perhaps\" (valid: true, false, match)",
        ),
    ];
    for (found, expected) in table {
        assert_eq!(found, expected);
    }
    assert_eq!("MATCH".parse(), Ok(Header::Match));
}
