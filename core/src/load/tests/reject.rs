//! A reject keeps the row, its place and its error, and no more of a huge one than is bounded.

use super::*;
use crate::record::{self, Event, Field, Options, Parser};

fn rejects_of(input: &[u8], max_record_bytes: usize) -> Vec<Reject> {
    let columns = vec!["id".to_owned(), "name".to_owned()];
    let options = Options::csv(columns)
        .and_then(|options| options.max_record_bytes(max_record_bytes))
        .unwrap();
    let mut parser = Parser::new(options).unwrap();
    let mut rejects = Vec::new();
    let mut sink = |event: Event<'_>| -> Result<(), record::Error> {
        if let Event::Malformed(malformed) = event {
            rejects.push(Reject::of_malformed(&malformed));
        }
        Ok(())
    };
    parser.feed(input, &mut sink).unwrap();
    parser.finish(&mut sink).unwrap();
    rejects
}

#[test]
fn a_malformed_record_becomes_a_reject_of_stage_parse() {
    let rejects = rejects_of(b"1,x\n2\n3,\xff\n", 1 << 20);
    let expected = Reject {
        stage: Stage::Parse,
        line: Some(2),
        offset: Some(4),
        column: Some("name".to_owned()),
        field: None,
        raw: b"2".to_vec(),
        size: 1,
        sqlstate: "22P04".to_owned(),
        message: "missing data for column \"name\"".to_owned(),
        detail: None,
        checks: Vec::new(),
        origin: None,
        given: None,
    };
    assert_eq!(rejects[0], expected);
    assert_eq!(
        (rejects[1].line, rejects[1].sqlstate.as_str()),
        (Some(3), "22021")
    );
    assert!(rejects.iter().all(|reject| is_data_error(&reject.sqlstate)));
    assert!(rejects.iter().all(Reject::is_whole));
}

#[test]
fn a_record_over_the_limit_is_no_whole_reject() {
    let input = [b"1,".to_vec(), vec![b'x'; 100_000], b"\n2,y\n".to_vec()].concat();
    let rejects = rejects_of(&input, 1000);
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0].size, 100_002);
    assert!(rejects[0].raw.len() < 10_000 && input.starts_with(&rejects[0].raw));
    assert!(!rejects[0].is_whole());
}

#[test]
fn a_row_of_a_batch_becomes_a_reject_with_its_column() {
    let mut batch = Batch::new(10).unwrap();
    let place = Place::Row { number: 7 };
    batch
        .push(place, None, [Field::Text(b"x y"), Field::Null])
        .unwrap();
    let row = batch.row(0).unwrap();
    let message = "invalid input syntax for type bigint: \"x y\"";
    let reject = Reject::of_row(Stage::Convert, &row, "22P02", message)
        .column("id", Some("x y"))
        .detail("as it is");
    let expected = Reject {
        stage: Stage::Convert,
        line: Some(7),
        offset: None,
        origin: None,
        given: None,
        column: Some("id".to_owned()),
        field: Some("x y".to_owned()),
        raw: b"x y,".to_vec(),
        size: 4,
        sqlstate: "22P02".to_owned(),
        message: message.to_owned(),
        detail: Some("as it is".to_owned()),
        checks: Vec::new(),
    };
    assert_eq!(reject, expected);
}

#[test]
fn huge_values_are_cut_and_their_size_is_kept() {
    let huge = "é".repeat(KEPT_RAW_BYTES);
    let place = Place::Row { number: 1 };
    let reject = Reject::new(
        Stage::Statement,
        place,
        huge.as_bytes(),
        "P0001",
        &format!("x{huge}"),
    )
    .column("name", Some(&huge))
    .detail(&huge);
    assert_eq!(reject.raw.len(), KEPT_RAW_BYTES);
    assert_eq!(reject.size, huge.len() as u64);
    assert!(!reject.is_whole());
    // Cut between characters.
    assert_eq!(reject.message.len(), KEPT_TEXT_BYTES - 1);
    assert_eq!(reject.field.map(|field| field.len()), Some(KEPT_TEXT_BYTES));
    assert_eq!(
        reject.detail.map(|detail| detail.len()),
        Some(KEPT_TEXT_BYTES)
    );
}
