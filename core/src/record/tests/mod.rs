//! Tests of the parser and the CSV writer, and the plain forms of events that they compare.

mod cuts;
mod decoding;
mod hostile;
mod json;
mod oracle;
mod tables;
mod text;
mod writer;

use super::*;

/// A parser's event that outlives its callback.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Row {
        place: Place,
        raw: Vec<u8>,
        fields: Vec<Option<String>>,
    },
    Bad {
        place: Place,
        raw: Vec<u8>,
        size: u64,
        error: RecordError,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    line: u64,
    next_line: u64,
    offset: u64,
    end_offset: u64,
}

impl Seen {
    fn of(event: &Event<'_>) -> Self {
        match event {
            Event::Record(record) => {
                let fields: Vec<_> = record
                    .fields()
                    .map(|field| field.text())
                    .map(|field| field.map(|value| String::from_utf8(value.to_vec()).unwrap()))
                    .collect();
                assert_eq!(fields.len(), record.len());
                for (index, field) in fields.iter().enumerate() {
                    let expected = field.as_ref().map(String::as_bytes);
                    assert_eq!(record.field(index), expected.into());
                }
                Seen::Row {
                    place: Place {
                        line: record.line,
                        next_line: record.next_line,
                        offset: record.offset,
                        end_offset: record.end_offset,
                    },
                    raw: record.raw.to_vec(),
                    fields,
                }
            }
            Event::Malformed(bad) => Seen::Bad {
                place: Place {
                    line: bad.line,
                    next_line: bad.next_line,
                    offset: bad.offset,
                    end_offset: bad.end_offset,
                },
                raw: bad.raw.to_vec(),
                size: bad.size,
                error: bad.error.clone(),
            },
        }
    }

    fn place(&self) -> Place {
        match self {
            Seen::Row { place, .. } | Seen::Bad { place, .. } => *place,
        }
    }

    /// Fields joined by `|`, NULL as `\N`; a malformed record as `! message: raw`.
    fn short(&self) -> String {
        match self {
            Seen::Row { fields, .. } => fields
                .iter()
                .map(|field| field.as_deref().unwrap_or("\\N"))
                .collect::<Vec<_>>()
                .join("|"),
            Seen::Bad { raw, error, .. } => {
                let raw = raw.escape_ascii().to_string().replace("\\\"", "\"");
                format!("! {error}: {raw}")
            }
        }
    }
}

fn columns(count: usize) -> Vec<String> {
    (0..count)
        .map(|index| char::from(b'a' + index as u8).to_string())
        .collect()
}

fn options(count: usize) -> Options {
    Options::csv(columns(count)).unwrap()
}

/// The events of an input that is fed in these pieces.
fn parse_pieces<'a>(
    options: &Options,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Seen>, Error> {
    let mut seen = Vec::new();
    let mut parser = Parser::new(options.clone())?;
    let mut sink = |event: Event<'_>| -> Result<(), Error> {
        seen.push(Seen::of(&event));
        Ok(())
    };
    for piece in pieces {
        parser.feed(piece, &mut sink)?;
    }
    parser.finish(&mut sink)?;
    Ok(seen)
}

fn parse(options: &Options, input: &[u8]) -> Result<Vec<Seen>, Error> {
    let seen = parse_pieces(options, [input])?;
    assert_bytes_add_up(options, input, &seen);
    Ok(seen)
}

fn short(options: &Options, input: &[u8]) -> Vec<String> {
    parse(options, input)
        .unwrap()
        .iter()
        .map(Seen::short)
        .collect()
}

/// Every byte belongs to one event, or to the byte order mark and header before the first one; and
/// what an event does not show of its bytes is its line end.
fn assert_bytes_add_up(options: &Options, input: &[u8], seen: &[Seen]) {
    let Some(first) = seen.first() else {
        return;
    };
    let mut at = first.place().offset;
    let mut line = first.place().line;
    if options.header == Header::No {
        let mark = if input.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        at = mark;
        line = 1;
    }
    for event in seen {
        let place = event.place();
        let filler = &input[at as usize..place.offset as usize];
        match options.format {
            Format::Csv => assert_eq!(filler, b""),
            Format::Text => assert!(filler.iter().all(|byte| b"\\.\r\n".contains(byte))),
            Format::JsonLines => assert!(filler.iter().all(u8::is_ascii_whitespace)),
        }
        line += memchr::memchr_iter(b'\n', filler).count() as u64;
        assert_eq!(place.line, line);
        assert!(place.next_line > place.line);
        let bytes = &input[place.offset as usize..place.end_offset as usize];
        let (raw, size) = match event {
            Seen::Row { raw, .. } => (raw, raw.len()),
            Seen::Bad { raw, size, .. } => (raw, *size as usize),
        };
        assert!(bytes.starts_with(raw) && raw.len() <= size);
        assert!(
            matches!(&bytes[size..], b"\n" | b"\r\n" | b"\r")
                || (size == bytes.len() && place.end_offset == input.len() as u64)
        );
        (at, line) = (place.end_offset, place.next_line);
    }
    if options.format == Format::Csv {
        assert_eq!(at, input.len() as u64);
    }
}
