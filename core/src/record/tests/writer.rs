//! What the writer writes, the parser reads back as the same fields.

use super::*;
use proptest::prelude::*;

#[test]
fn fields_are_quoted_as_copy_quotes_them() {
    let table: &[(&[Option<&str>], &str)] = &[
        (&[Some("1"), Some("x y")], "1,x y"),
        (&[None, Some("")], ",\"\""),
        (&[None], ""),
        (&[Some("")], "\"\""),
        (
            &[Some("a,b"), Some("a\nb"), Some("a\rb")],
            "\"a,b\",\"a\nb\",\"a\rb\"",
        ),
        (&[Some("say \"x\"")], "\"say \"\"x\"\"\""),
        (&[Some("\\.")], "\"\\.\""),
        (&[Some("\u{feff}x")], "\"\u{feff}x\""),
    ];
    for (fields, expected) in table {
        let line = csv_line(fields.iter().map(|field| field.map(str::as_bytes)));
        assert_eq!(String::from_utf8(line).unwrap(), *expected);
    }
}

proptest! {
    #[test]
    fn every_row_comes_back(
        rows in prop::collection::vec(
            prop::collection::vec(prop::option::of("[a,\"\n\r\\\\.\u{feff}é]{0,5}"), 3), 1..6),
        line_end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let mut input = Vec::new();
        for row in &rows {
            input.extend(csv_line(row.iter().map(|field| field.as_ref().map(String::as_bytes))));
            input.extend(line_end.as_bytes());
        }
        let read: Vec<_> = parse(&options(3), &input)
            .unwrap()
            .into_iter()
            .map(|event| match event {
                Seen::Row { fields, .. } => fields,
                Seen::Bad { .. } => panic!("malformed: {event:?}"),
            })
            .collect();
        prop_assert_eq!(read, rows);
    }
}
