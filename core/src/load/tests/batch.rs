//! A batch gives back what was pushed, and is bounded.

use super::*;
use crate::record::Field;
use proptest::prelude::*;

const HERE: Place = Place::Row { number: 1 };

#[test]
fn a_batch_is_full_at_its_number_of_rows() {
    let mut batch = Batch::new(2).unwrap();
    assert!(batch.is_empty() && !batch.is_full());
    batch.push(HERE, None, [Field::Text(b"x")]).unwrap();
    assert!(!batch.is_full());
    batch.push(HERE, None, []).unwrap();
    assert!(batch.is_full());
    batch.clear();
    assert!(batch.is_empty() && !batch.is_full());
    assert_eq!(batch.rows().count(), 0);
}

#[test]
fn a_batch_is_full_at_its_number_of_bytes_and_gives_back_what_a_big_row_took() {
    let mut batch = Batch::new(MAX_BATCH_ROWS).unwrap();
    let value = vec![b'x'; MAX_BATCH_BYTES / 4];
    for _ in 0..2 {
        batch
            .push(HERE, Some(&value), [Field::Text(&value), Field::Null])
            .unwrap();
    }
    assert!(batch.is_full());
    batch.clear();
    let ordinary = batch.capacity();
    assert!(ordinary >= MAX_BATCH_BYTES);

    let value = vec![b'x'; MAX_BATCH_BYTES * 4];
    batch.push(HERE, None, [Field::Text(&value)]).unwrap();
    assert!(batch.is_full());
    assert_eq!(batch.bytes(), value.len());
    batch.clear();
    assert!(batch.capacity() <= 2 * MAX_BATCH_BYTES);
}

#[test]
fn the_number_of_rows_is_between_one_and_a_million() {
    for value in [i64::MIN, -1, 0, MAX_BATCH_ROWS + 1] {
        let error = Batch::new(value).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("batch_rows must be between 1 and 1000000, not {value}")
        );
    }
    for value in [1, DEFAULT_BATCH_ROWS, MAX_BATCH_ROWS] {
        assert!(Batch::new(value).is_ok());
    }
}

#[test]
fn a_row_without_raw_bytes_is_kept_as_a_csv_line() {
    let mut batch = Batch::new(9).unwrap();
    let fields = [Field::Text(b"a,b"), Field::Null, Field::Text(b"")];
    batch.push(HERE, None, fields).unwrap();
    batch.push(HERE, Some(b"'a,b';;''"), fields).unwrap();
    let lines: Vec<_> = batch.rows().map(|row| row.line().into_owned()).collect();
    assert_eq!(lines, [b"\"a,b\",,\"\"".to_vec(), b"'a,b';;''".to_vec()]);
    assert!(batch.rows().all(|row| row.given().is_none()));
}

#[test]
fn a_row_that_leaves_columns_out_is_kept_as_a_line_of_the_others() {
    let mut batch = Batch::new(9).unwrap();
    let fields = [
        Field::LeftOut,
        Field::Null,
        Field::LeftOut,
        Field::Text(b"x"),
    ];
    batch.push(HERE, None, fields).unwrap();
    batch.push(HERE, None, [Field::LeftOut; 2]).unwrap();
    batch.push(HERE, Some(b"{\"d\":\"x\"}"), fields).unwrap();
    let expected: [(&[u8], _); 3] = [
        (b",x", Some(vec![1, 3])),
        (b"{}", Some(vec![])),
        (b"{\"d\":\"x\"}", None),
    ];
    for (row, (line, given)) in batch.rows().zip(expected) {
        assert_eq!((row.line().as_ref(), row.given()), (line, given));
    }
    let row = batch.row(0).unwrap();
    assert_eq!(
        Reject::of_row(Stage::Check, &row, "23502", "").given,
        row.given()
    );
}

type PlainRow = (u64, Option<Vec<u8>>, Vec<Option<Vec<u8>>>);

fn plain_row() -> impl Strategy<Value = PlainRow> {
    let value = || prop::collection::vec(any::<u8>(), 0..6);
    (
        any::<u64>(),
        prop::option::of(value()),
        prop::collection::vec(prop::option::of(value()), 0..5),
    )
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were_pushed(
        first in prop::collection::vec(plain_row(), 0..8),
        second in prop::collection::vec(plain_row(), 0..8),
    ) {
        let mut batch = Batch::new(100).unwrap();
        for rows in [first, second] {
            batch.clear();
            for (number, raw, fields) in &rows {
                let place = Place::Input { line: *number, offset: number / 2 };
                batch.push(place, raw.as_deref(), fields.iter().map(|field| field.as_deref().into())).unwrap();
            }
            prop_assert_eq!(batch.len(), rows.len());
            for (row, (number, raw, fields)) in batch.rows().zip(&rows) {
                prop_assert_eq!(row.place().line(), *number);
                prop_assert_eq!(row.place().offset(), Some(number / 2));
                let found: Vec<_> = row.fields().collect();
                let expected: Vec<Field> = fields.iter().map(|field| field.as_deref().into()).collect();
                prop_assert_eq!(found, expected);
                prop_assert_eq!((row.len(), row.field(row.len())), (fields.len(), Field::Null));
                if let Some(raw) = raw {
                    prop_assert_eq!(row.line().into_owned(), raw.clone());
                }
            }
            prop_assert_eq!(batch.range(1..99).count(), rows.len().saturating_sub(1));
            prop_assert!(batch.row(rows.len()).is_none());
        }
    }
}
