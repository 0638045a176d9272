//! Any bytes as CSV, text or JSON lines, cut anywhere: no panic, the same records as uncut, and their bytes add up.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use termstream_core::record::{Error, Event, Format, Header, Options, Parser};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    format: u8,
    columns: u8,
    header: u8,
    escape: bool,
    longest: u16,
    /// Lengths of the pieces that it is fed in; the rest is the last.
    cuts: Vec<u8>,
    input: &'a [u8],
}

/// An event as text that can be compared, and where it lies.
#[derive(Debug, PartialEq)]
struct Seen {
    offset: u64,
    end_offset: u64,
    what: String,
}

fn parse(options: &Options, pieces: &[&[u8]]) -> Result<Vec<Seen>, String> {
    let mut seen = Vec::new();
    let mut sink = |event: Event<'_>| -> Result<(), Error> {
        seen.push(match &event {
            Event::Record(record) => Seen {
                offset: record.offset,
                end_offset: record.end_offset,
                what: format!("{} {:?}", record.line, record.fields().collect::<Vec<_>>()),
            },
            Event::Malformed(malformed) => Seen {
                offset: malformed.offset,
                end_offset: malformed.end_offset,
                what: format!("{malformed:?}"),
            },
        });
        Ok(())
    };
    let mut parser = Parser::new(options.clone()).map_err(|error| error.to_string())?;
    for piece in pieces {
        parser
            .feed(piece, &mut sink)
            .map_err(|error| error.to_string())?;
    }
    parser
        .finish(&mut sink)
        .map_err(|error| error.to_string())?;
    Ok(seen)
}

fuzz_target!(|case: Case| {
    let columns = (0..case.columns % 4 + 1).map(|number| format!("c{number}"));
    let header = [Header::No, Header::Yes, Header::Match][usize::from(case.header) % 3];
    let format = Format::ALL[usize::from(case.format) % 3];
    let options = Options::new(format, columns.collect())
        .and_then(|options| options.max_record_bytes(usize::from(case.longest) + 1))
        .and_then(|options| match format {
            Format::Csv if case.escape => options.escape("\\")?.header(header),
            Format::Csv | Format::Text => options.header(header),
            Format::JsonLines => Ok(options),
        })
        .expect("valid options");
    let whole = parse(&options, &[case.input]);
    let (mut pieces, mut rest) = (Vec::new(), case.input);
    for cut in &case.cuts {
        let (piece, after) = rest.split_at(usize::from(*cut).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    let cut = parse(&options, &pieces);
    assert_eq!(cut, whole);
    if let Ok(seen) = whole {
        let ends = seen.iter().map(|event| event.end_offset);
        assert!(ends.clone().is_sorted(), "{seen:?}");
        for two in seen.windows(2) {
            // Between two records there may be empty lines of JSON and ends of text data.
            let (end, next) = (two[0].end_offset, two[1].offset);
            assert!(end == next || (end < next && format != Format::Csv), "{two:?}");
        }
        let last = ends.last().unwrap_or(0);
        assert!(last <= case.input.len() as u64, "{seen:?}");
    }
});
