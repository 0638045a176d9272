//! How the input is cut into pieces never changes the events.

use super::*;
use proptest::prelude::*;

/// Bytes that mean something, so that random inputs reach every state.
fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => Just(b','),
        4 => Just(b'"'),
        3 => Just(b'\n'),
        2 => Just(b'\r'),
        2 => Just(b'\\'),
        1 => prop::sample::select(b"\t.{}:".to_vec()),
        6 => Just(b'x'),
        1 => Just(b'\''),
        1 => prop::sample::select(vec![0u8, 0xef, 0xbb, 0xbf, 0xc3, 0xa9, 0xff]),
    ];
    prop::collection::vec(byte, 0..80)
}

fn some_options() -> impl Strategy<Value = Options> {
    (
        prop::sample::select(Format::ALL.to_vec()),
        1..4usize,
        prop::sample::select(vec!["\"", "\\"]),
        prop::sample::select(vec![Header::No, Header::Yes, Header::Match]),
        prop::sample::select(vec![1, 2, 5, 12, 1 << 20]),
    )
        .prop_map(|(format, count, escape, header, max)| {
            let mut options = Options::new(format, columns(count)).unwrap();
            if format == Format::Csv {
                options = options.escape(escape).unwrap();
            }
            if format != Format::JsonLines {
                options = options.header(header).unwrap();
            }
            options.max_record_bytes(max).unwrap()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn one_byte_at_a_time_gives_the_same_events(input in hostile_bytes(), options in some_options()) {
        let whole = parse_pieces(&options, [input.as_slice()]);
        prop_assert_eq!(parse_pieces(&options, input.chunks(1)), whole.clone());
        if let Ok(seen) = whole {
            assert_bytes_add_up(&options, &input, &seen);
        }
    }

    #[test]
    fn a_cut_anywhere_gives_the_same_events(input in hostile_bytes(), options in some_options()) {
        let whole = parse_pieces(&options, [input.as_slice()]);
        for at in 0..=input.len() {
            let (before, after) = input.split_at(at);
            prop_assert_eq!(parse_pieces(&options, [before, after]), whole.clone());
        }
    }

    #[test]
    fn resuming_after_any_event_gives_the_events_that_follow(
        input in hostile_bytes(),
        format in prop::sample::select(Format::ALL.to_vec()),
        count in 1..4usize,
    ) {
        let options = Options::new(format, columns(count)).unwrap();
        let whole = parse_pieces(&options, [input.as_slice()]).unwrap();
        for (index, event) in whole.iter().enumerate() {
            let place = event.place();
            let end = place.end_offset as usize;
            let mut parser =
                Parser::resume(options.clone(), place.end_offset, place.next_line, input[end - 1])
                    .unwrap();
            let mut rest = Vec::new();
            let mut sink = |event: Event<'_>| -> Result<(), Error> {
                rest.push(Seen::of(&event));
                Ok(())
            };
            parser.feed(&input[end..], &mut sink).unwrap();
            parser.finish(&mut sink).unwrap();
            prop_assert_eq!(&rest[..], &whole[index + 1..]);
        }
    }
}

#[test]
fn a_byte_order_mark_and_a_crlf_may_be_cut() {
    let input = b"\xef\xbb\xbfa,\"b\"\"\"\r\n1,\"x\r\ny\"\r\n";
    let options = options(2);
    let whole = parse(&options, input).unwrap();
    assert_eq!(whole.len(), 2);
    assert_eq!(parse_pieces(&options, input.chunks(1)).unwrap(), whole);
}

#[test]
fn the_position_follows_header_and_records() {
    let mut parser = Parser::new(options(2).header(Header::Yes).unwrap()).unwrap();
    let mut sink = |_: Event<'_>| -> Result<(), Error> { Ok(()) };
    parser.feed(b"a,b\n1,\"x", &mut sink).unwrap();
    assert_eq!(parser.position(), (4, 2));
    parser.feed(b"\ny\"\n", &mut sink).unwrap();
    assert_eq!(parser.position(), (12, 4));
}
