//! Records of another encoding: places are those of the input, fields those of its text.

use super::*;

/// Latin 1, in which the bytes 0x80 to 0x9f stand for nothing.
fn latin(raw: &[u8], text: &mut Vec<u8>) -> Result<(), usize> {
    for (at, &byte) in raw.iter().enumerate() {
        if (0x80..0xa0).contains(&byte) {
            return Err(at);
        }
        text.extend(char::from(byte).to_string().bytes());
    }
    Ok(())
}

fn decode(options: &Options, input: &[u8], cut: usize) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut parser = Parser::new(options.clone())
        .unwrap()
        .decoding("LATIN1", Box::new(latin));
    let mut sink = |event: Event<'_>| -> Result<(), Error> {
        seen.push(Seen::of(&event));
        Ok(())
    };
    for piece in input.chunks(cut) {
        parser.feed(piece, &mut sink).unwrap();
    }
    parser.finish(&mut sink).unwrap();
    seen
}

#[test]
fn a_record_is_decoded_before_it_is_split_and_its_place_is_that_of_its_bytes() {
    let input = b"a,\xe9\n\"caf\xe9\",\"\xdf\"\"\n\"\n\xc3\x81,x\n\x81,x\n2,\n";
    for cut in 1..=input.len() {
        let seen = decode(&options(2), input, cut);
        let short: Vec<_> = seen.iter().map(Seen::short).collect();
        let expected = [
            "a|é",
            "café|ß\"\n",
            // Valid UTF-8, and no Latin 1.
            "! invalid byte sequence for encoding \"LATIN1\": 0x81: \\xc3\\x81,x",
            "! invalid byte sequence for encoding \"LATIN1\": 0x81: \\x81,x",
            "2|\\N",
        ];
        assert_eq!(short, expected);
        let places: Vec<_> = seen
            .iter()
            .map(|event| (event.place().offset, event.place().line))
            .collect();
        assert_eq!(places, [(0, 1), (4, 2), (18, 4), (23, 5), (27, 6)]);
    }
}

#[test]
fn a_header_is_decoded_too() {
    let options = Options::csv(vec!["größe".to_owned()]).unwrap();
    let options = options.header(Header::Match).unwrap();
    let seen = decode(&options, b"gr\xf6\xdfe\n1\n", 3);
    assert_eq!(seen.len(), 1);
}
