//! JSON lines, and the oracle that reads each line as a value of `serde_json`.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn json(count: usize) -> Options {
    Options::new(Format::JsonLines, columns(count)).unwrap()
}

#[test]
fn the_point_of_a_number_is_the_columns_and_a_string_is_as_it_is() {
    let options = json(2).points([Some(','), None]);
    let input = r#"{"a":-1.50,"b":-1.50}
{"a":"-1.50","b":"x"}
{"a":15}
{"a":{"k":1.5}}"#;
    assert_eq!(
        short(&options, input.as_bytes()),
        ["-1,50|-1.50", "-1.50|x", "15|\\N", r#"{"k":1.5}|\N"#]
    );
}

#[test]
fn the_values_of_an_object_are_taken_by_the_columns_names() {
    let table: &[(&str, &str, &[&str])] = &[
        ("order", r#"{"b":"x","a":"y"}"#, &["y|x"]),
        ("missing", r#"{"b":"x"}"#, &["\\N|x"]),
        ("null", r#"{"a":null,"b":"null"}"#, &["\\N|null"]),
        (
            "numbers keep their digits",
            r#"{"a":12345678901234567890.10,"b":1e400}"#,
            &["12345678901234567890.10|1e400"],
        ),
        (
            "nested",
            r#"{"a":{"k": [1, "\n"]},"b":true}"#,
            &[r#"{"k": [1, "\n"]}|true"#],
        ),
        (
            "escapes",
            r#"{"a":"\u00e9\"\n\ud83d\ude00","\u0062":"\\"}"#,
            &["é\"\n😀|\\"],
        ),
        ("the last of two", r#"{"a":1,"a":2}"#, &["2|\\N"]),
        (
            "space",
            " { \"a\" : 1 } \r\n\r\n  \n{}\n",
            &["1|\\N", "\\N|\\N"],
        ),
        (
            "unknown",
            r#"{"a":1,"c":2}"#,
            &[r#"! the stream has no column "c": {"a":1,"c":2}"#],
        ),
        (
            "no object",
            "[1]\n{}",
            &[
                "! invalid JSON object: invalid type: sequence, expected an object at line 1 column 0: [1]",
                "\\N|\\N",
            ],
        ),
        (
            "two objects",
            "{} {}",
            &["! invalid JSON object: trailing characters at line 1 column 4: {} {}"],
        ),
        (
            "half an object",
            "{\"a\":\n1}",
            &[
                "! invalid JSON object: EOF while parsing a value at line 1 column 5: {\"a\":",
                "! invalid JSON object: invalid type: integer `1`, expected an object at line 1 column 1: 1}",
            ],
        ),
        (
            "nul",
            r#"{"a":"\u0000"}"#,
            &[r#"! column "a" has a NUL character: {"a":"\\u0000"}"#],
        ),
    ];
    for (name, input, expected) in table {
        assert_eq!(short(&json(2), input.as_bytes()), *expected, "{name}");
        let whole = parse_pieces(&json(2), [input.as_bytes()]);
        let bytes = parse_pieces(&json(2), input.as_bytes().chunks(1));
        assert_eq!(bytes, whole, "{name}");
    }
}

#[test]
fn a_key_that_is_missing_is_left_out_where_the_column_has_a_default() {
    let options = json(3).defaults([true, false, true]);
    let lines = "{\"b\":\"x\"}\n{\"a\":null,\"c\":\"\\n\"}\n{\"c\":1}\n";
    let mut rows = 0;
    let mut sink = |event: Event<'_>| {
        let Event::Record(record) = event else {
            panic!("{event:?}");
        };
        let expected = match rows {
            0 => [Field::LeftOut, Field::Text(b"x"), Field::LeftOut],
            1 => [Field::Null, Field::Null, Field::Text(b"\n")],
            _ => [Field::LeftOut, Field::Null, Field::Text(b"1")],
        };
        assert_eq!(record.fields().collect::<Vec<_>>(), expected);
        rows += 1;
        Ok::<(), Error>(())
    };
    let mut parser = Parser::new(options).unwrap();
    parser.feed(lines.as_bytes(), &mut sink).unwrap();
    parser.finish(&mut sink).unwrap();
    assert_eq!(rows, 3);
}

#[test]
fn json_lines_have_no_options_of_csv() {
    let of = |result: Result<Options, Error>| result.unwrap_err().to_string();
    assert_eq!(
        of(json(1).header(Header::Yes)),
        "header is no option of format jsonl"
    );
    assert_eq!(
        of(json(1).delimiter(";")),
        "delimiter is no option of format jsonl"
    );
    assert_eq!(of(json(1).null("-")), "null is no option of format jsonl");
}

#[test]
fn a_line_that_is_nested_without_end_is_rejected() {
    let input = [b"{\"a\":".repeat(100_000), b"\n{}\n".to_vec()].concat();
    let seen = short(&json(1), &input);
    assert_eq!(seen.len(), 2);
    assert!(seen[0].starts_with("! invalid JSON object: "));
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a\"\\\\\n\té{,]{0,6}".prop_map(Value::from),
        Just(serde_json::json!({"k": [1, null, "x"]})),
    ]
}

proptest! {
    #[test]
    fn objects_are_read_as_serde_json_reads_them(
        rows in prop::collection::vec(prop::collection::btree_map("[a-c]", value(), 0..4), 0..8),
        cut in 1..40usize,
    ) {
        let input: String = rows.iter().map(|row| format!("{}\n", serde_json::to_string(row).unwrap())).collect();
        let expected: Vec<Vec<Option<String>>> = rows
            .iter()
            .map(|row| {
                columns(3)
                    .iter()
                    .map(|column| match row.get(column) {
                        None | Some(Value::Null) => None,
                        Some(Value::String(text)) => Some(text.clone()),
                        Some(other) => Some(other.to_string()),
                    })
                    .collect()
            })
            .collect();
        let found: Vec<_> = parse_pieces(&json(3), input.as_bytes().chunks(cut))
            .unwrap()
            .into_iter()
            .map(|event| match event {
                Seen::Row { fields, .. } => fields,
                Seen::Bad { .. } => panic!("malformed: {event:?}"),
            })
            .collect();
        prop_assert_eq!(found, expected);
    }
}
