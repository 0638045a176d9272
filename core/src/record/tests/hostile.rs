//! Inputs made to exhaust memory or time, or to hide rows.

use super::*;

fn limited(count: usize, max: usize) -> Options {
    options(count).max_record_bytes(max).unwrap()
}

#[test]
fn a_record_over_the_limit_keeps_its_head_and_size_and_the_next_one_is_read() {
    let table: &[(&str, &[u8], &[&str])] = &[
        ("at the limit", b"12345,x\n1,y\n", &["12345|x", "1|y"]),
        (
            "one over",
            b"123456,x\n1,y\n",
            &["! record is longer than 8 bytes: 123456,x", "1|y"],
        ),
        (
            "crlf",
            b"123456,x\r\n1,y\r\n",
            &["! record is longer than 8 bytes: 123456,x", "1|y"],
        ),
        (
            "last line",
            b"1,y\n1234567,x",
            &["1|y", "! record is longer than 8 bytes: 1234567,x"],
        ),
        (
            "at the limit, last line",
            b"1,y\n123456,x",
            &["1|y", "123456|x"],
        ),
        (
            "cr",
            b"123456789,x\r1,y\r",
            &["! record is longer than 8 bytes: 123456789,x", "1|y"],
        ),
        (
            "quoted, no line end",
            b"1,\"23456789\"\n1,y\n",
            &["! record is longer than 8 bytes: 1,\"23456789\"", "1|y"],
        ),
        (
            "quoted, a line end over the limit",
            b"1,\"2345678\n9\"\n1,y\n",
            &[
                "! record is longer than 8 bytes: 1,\"2345678",
                "! unterminated csv quoted field: 9\"",
                "1|y",
            ],
        ),
        (
            "quoted, line end within, plain over the limit",
            b"1,\"\n\"6789\n1,y\n",
            &["! record is longer than 8 bytes: 1,\"\\n\"6789", "1|y"],
        ),
    ];
    for (name, input, expected) in table {
        let options = limited(2, 8);
        assert_eq!(short(&options, input), *expected, "{name}");
        let whole = parse_pieces(&options, [*input]);
        assert_eq!(parse_pieces(&options, input.chunks(1)), whole, "{name}");
    }
}

#[test]
fn a_quote_over_the_limit_rejects_its_first_line_only() {
    assert_eq!(
        short(&limited(2, 12), b"1,\"x\n2,y\n3,z\n4,z\n5,\"\n\"\n"),
        [
            "! unterminated csv quoted field: 1,\"x",
            "2|y",
            "3|z",
            "4|z",
            "5|\n"
        ]
    );
}

#[test]
fn a_second_stray_quote_in_bytes_read_again_rejects_no_line_but_its_own() {
    assert_eq!(
        short(&limited(2, 8), b"1,\"a\n2,b\"c\n3,d\n4,e\n"),
        [
            "! unterminated csv quoted field: 1,\"a",
            "! unterminated csv quoted field: 2,b\"c",
            "3|d",
            "4|e"
        ]
    );
}

#[test]
fn memory_stays_bounded_under_an_endless_record() {
    for input in [&b"x"[..], b"\"", b"\"x", b"a,", b"\"\n", b"\\\"\n"] {
        let mut parser = Parser::new(limited(2, 1 << 14).escape("\\").unwrap()).unwrap();
        let mut last_end = 0;
        let mut largest = 0;
        let mut sink = |event: Event<'_>| -> Result<(), Error> {
            let place = Seen::of(&event).place();
            assert_eq!(place.offset, last_end);
            last_end = place.end_offset;
            if let Event::Malformed(bad) = event {
                largest = largest.max(bad.raw.len());
            }
            Ok(())
        };
        let piece = input.repeat(1 << 12);
        for _ in 0..100 {
            parser.feed(&piece, &mut sink).unwrap();
            assert!(parser.held_bytes() < 1 << 19, "{}", input.escape_ascii());
        }
        parser.finish(&mut sink).unwrap();
        assert_eq!(last_end, 100 * piece.len() as u64);
        assert!(largest <= 1 << 14);
    }
}

#[test]
fn many_columns_in_one_line_cost_no_memory() {
    let mut parser = Parser::new(options(2)).unwrap();
    let mut errors = Vec::new();
    let mut sink = |event: Event<'_>| -> Result<(), Error> {
        if let Event::Malformed(bad) = event {
            errors.push((bad.size, bad.error));
        }
        Ok(())
    };
    let mut input = b",".repeat(1 << 20);
    input.push(b'\n');
    parser.feed(&input, &mut sink).unwrap();
    parser.finish(&mut sink).unwrap();
    assert_eq!(errors, [(1 << 20, RecordError::ExtraData)]);
    assert!(parser.held_fields() <= 4);
}

#[test]
fn a_line_that_opens_a_quote_anew_each_time_is_not_reread_for_each_line() {
    // 32,768 lines of 4 bytes: a reread per line would look at 2 GiB, which takes seconds.
    let input = b"\\\"x\n".repeat(1 << 15);
    let options = limited(1, 1 << 16).escape("\\").unwrap();
    let seen = parse(&options, &input).unwrap();
    let unterminated = |event: &&Seen| matches!(event, Seen::Bad { error, .. } if *error == RecordError::UnterminatedQuote);
    assert_eq!(seen.iter().filter(unterminated).count(), 1 << 15);
    assert!(seen.len() == 1 << 15);
}

#[test]
fn the_sink_ends_the_reading_with_its_own_error() {
    #[derive(Debug, PartialEq)]
    struct Full;
    impl From<Error> for Full {
        fn from(_: Error) -> Self {
            unreachable!("the input is well-formed")
        }
    }
    let mut parser = Parser::new(options(1)).unwrap();
    let mut taken = 0;
    let result = parser.feed(b"1\n2\n3\n", &mut |_| {
        taken += 1;
        if taken == 2 { Err(Full) } else { Ok(()) }
    });
    assert_eq!((result, taken), (Err(Full), 2));
}
