//! COPY's text format: tables of what COPY reads, and a slow twin that goes byte by byte.

use super::*;
use proptest::prelude::*;

fn text(count: usize) -> Options {
    Options::new(Format::Text, columns(count)).unwrap()
}

#[test]
fn two_columns_of_text_are_read_as_copy_reads_them() {
    let table: &[(&str, &[u8], &[&str])] = &[
        ("plain", b"1\tx y\n2\t\n", &["1|x y", "2|"]),
        ("null", b"\\N\tx\n\\N\\N\t\\\\N\n", &["\\N|x", "NN|\\N"]),
        (
            "escapes",
            b"\\b\\f\\v\\r\\n\\t\t\\x41\\101\\q\\.\n",
            &["\u{8}\u{c}\u{b}\r\n\t|AAq."],
        ),
        ("short numbers", b"\\x4\\7\t\\xg\\8\n", &["\u{4}\u{7}|xg8"]),
        (
            "at most three octal digits",
            b"\\1012\t\\61\\7\n",
            &["A2|1\u{7}"],
        ),
        (
            "an escaped delimiter and line end",
            b"a\\\tb\t\\\nc\nd\te\n",
            &["a\tb|\nc", "d|e"],
        ),
        ("quotes mean nothing", b"\"a\t\"\n", &["\"a|\""]),
        ("crlf", b"1\tx\r\n2\ty\r\n", &["1|x", "2|y"]),
        (
            "a last line without line end",
            b"1\tx\n2\ty",
            &["1|x", "2|y"],
        ),
        ("a backslash at the end", b"1\tx\\", &["1|x"]),
        ("end of data", b"1\tx\n\\.\n2\ty\n\\.\n", &["1|x", "2|y"]),
        (
            "fields",
            b"1\n2\ty\tz\n3\tz\n",
            &[
                "! missing data for column \"b\": 1",
                "! extra data after last expected column: 2\\ty\\tz",
                "3|z",
            ],
        ),
        (
            "carriage return",
            b"1\tx\n2\ty\rz\n3\tz\n",
            &[
                "1|x",
                "! literal carriage return found in data: 2\\ty\\rz",
                "3|z",
            ],
        ),
        (
            "line feed",
            b"1\tx\r2\ty\n3\tz\n",
            &["1|x", "! literal newline found in data: 2\\ty", "3|z"],
        ),
    ];
    for (name, input, expected) in table {
        assert_eq!(short(&text(2), input), *expected, "{name}");
        let whole = parse_pieces(&text(2), [*input]);
        for cut in 0..=input.len() {
            let (before, after) = input.split_at(cut);
            assert_eq!(parse_pieces(&text(2), [before, after]), whole, "{name}");
        }
    }
}

#[test]
fn an_empty_line_of_text_is_an_empty_string() {
    assert_eq!(short(&text(1), b"x\n\n\\N\n"), ["x", "", "\\N"]);
}

#[test]
fn text_has_options_of_its_own() {
    let options = text(2).delimiter("|").unwrap().null("").unwrap();
    let options = options.header(Header::Match).unwrap();
    assert_eq!(short(&options, b"a|b\n|x\n"), ["\\N|x"]);
    let of = |result: Result<Options, Error>| result.unwrap_err().to_string();
    let table = [
        (
            of(text(1).delimiter("n")),
            "delimiter cannot be \"n\" in format text",
        ),
        (
            of(text(1).delimiter("\\")),
            "delimiter cannot be \"\\\" in format text",
        ),
        (of(text(1).quote("'")), "quote is no option of format text"),
        (
            of(text(1).escape("'")),
            "escape is no option of format text",
        ),
    ];
    for (found, expected) in table {
        assert_eq!(found, expected);
    }
    let null = text(1).delimiter("|").unwrap().null("a|").unwrap();
    assert_eq!(
        Parser::new(null).unwrap_err().to_string(),
        "delimiter character must not appear in the null specification \"a|\""
    );
}

/// What the lines and fields of a text file are, from its documentation, one byte after the other.
/// Knows nothing of carriage returns, which the table is about.
fn twin(input: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut written) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = input.iter().copied().peekable();
    let end = |row: &mut Vec<_>, field: &mut Vec<u8>, written: &mut Vec<u8>| {
        let value = std::mem::take(field);
        row.push((std::mem::take(written) != b"\\N").then_some(value));
    };
    let mut line: Vec<u8> = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\t' => {
                end(&mut row, &mut field, &mut written);
                line.push(byte);
            }
            b'\n' => {
                end(&mut row, &mut field, &mut written);
                let whole = std::mem::take(&mut row);
                if line != b"\\." {
                    rows.push(whole);
                }
                line.clear();
            }
            b'\\' => {
                written.push(byte);
                line.push(byte);
                let Some(next) = bytes.next() else { break };
                written.push(next);
                line.push(next);
                let hex = bytes.peek().is_some_and(u8::is_ascii_hexdigit);
                let mut digits = |base: u32, first: u32| {
                    let mut value = first;
                    for _ in 0..2 {
                        let Some(digit) = bytes.peek().and_then(|b| char::from(*b).to_digit(base))
                        else {
                            break;
                        };
                        value = value * base + digit;
                        written.extend(bytes.peek());
                        line.extend(bytes.next());
                    }
                    value as u8
                };
                match next {
                    b'b' => field.push(0x08),
                    b'n' => field.push(b'\n'),
                    b't' => field.push(b'\t'),
                    b'0'..=b'7' => field.push(digits(8, u32::from(next - b'0'))),
                    b'x' if hex => field.push(digits(16, 0)),
                    other => field.push(other),
                }
            }
            byte => {
                field.push(byte);
                written.push(byte);
                line.push(byte);
            }
        }
    }
    if !line.is_empty() || !row.is_empty() {
        end(&mut row, &mut field, &mut written);
        if line != b"\\." {
            rows.push(row);
        }
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_text_is_read_as_its_slow_twin_reads_it(
        input in prop::collection::vec(prop::sample::select(b"ab\t\t\n\n\\\\\\Nntx147.".to_vec()), 0..60),
    ) {
        // As many columns as fit every line: rows of another length are malformed.
        for count in 1..4usize {
            let expected: Vec<_> = twin(&input).into_iter().filter(|row| row.len() == count).collect();
            let mut found = Vec::new();
            let mut parser = Parser::new(text(count)).unwrap();
            let mut sink = |event: Event<'_>| -> Result<(), Error> {
                if let Event::Record(record) = event {
                    found.push(record.fields().map(|field| field.text().map(<[u8]>::to_vec)).collect::<Vec<_>>());
                }
                Ok(())
            };
            parser.feed(&input, &mut sink).unwrap();
            parser.finish(&mut sink).unwrap();
            prop_assert_eq!(found, expected);
        }
    }
}
