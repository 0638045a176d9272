//! Bisection takes exactly the rows that can be taken, in order, with few attempts, whatever it is
//! told about how far an attempt had read.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

proptest! {
    #[test]
    fn the_guilty_rows_are_found_and_all_others_taken_in_order(
        start in 0..50usize,
        length in 0..300usize,
        guilty in prop::collection::btree_set(0..350usize, 0..20),
        wrong in prop::option::of(0..400usize),
        reach in prop_oneof![Just(usize::MAX), 0..400usize],
    ) {
        let rows = start..start + length;
        let guilty: BTreeSet<usize> = guilty.into_iter().filter(|row| rows.contains(row)).collect();
        let mut attempts = 0;
        let mut database = Vec::new();
        let result: Result<_, ()> = bisect(rows.clone(), reach, |range| {
            attempts += 1;
            match range.clone().find(|row| guilty.contains(row)) {
                Some(row) => Err(Failure::Data { error: row, read: wrong }),
                None => {
                    database.extend(range.clone());
                    Ok(range.len())
                }
            }
        });
        let result = result.unwrap();
        let clean: Vec<usize> = rows.clone().filter(|row| !guilty.contains(row)).collect();
        prop_assert_eq!(&database, &clean);
        let taken: Vec<usize> = result.taken.iter().flat_map(|(range, _)| range.clone()).collect();
        prop_assert_eq!(taken, clean);
        prop_assert!(result.taken.iter().all(|(range, taken)| range.len() == *taken));
        let found: Vec<(usize, usize)> = guilty.iter().map(|row| (*row, *row)).collect();
        prop_assert_eq!(result.guilty, found);
        let halvings = length.max(1).next_power_of_two().trailing_zeros() as usize;
        prop_assert!(attempts <= 4 + halvings + 3 * (guilty.len() + 1) * halvings.max(1), "{} attempts", attempts);
    }

    #[test]
    fn of_rows_that_fail_beside_each_other_the_first_is_taken(keys in prop::collection::vec(0..20u8, 0..60)) {
        let mut database: Vec<u8> = Vec::new();
        let result: Result<_, ()> = bisect(0..keys.len(), usize::MAX, |range| {
            let mut attempt = database.clone();
            for key in &keys[range] {
                if attempt.contains(key) {
                    return Err(Failure::Data { error: *key, read: None });
                }
                attempt.push(*key);
            }
            database = attempt;
            Ok(())
        });
        let mut expected = Vec::new();
        for key in &keys {
            if !expected.contains(key) {
                expected.push(*key);
            }
        }
        prop_assert_eq!(result.unwrap().guilty.len(), keys.len() - expected.len());
        prop_assert_eq!(database, expected);
    }
}

/// Attempts and rows tried of an upsert, which cannot take a key twice: rows in which each key stands twice,
/// so far apart, and one in 1,000 is guilty.
fn cost_of_repeats(apart: usize, is_told: bool) -> (usize, usize) {
    let key = |row: usize| row / (2 * apart) * apart + row % apart;
    let is_guilty = |row: &usize| row % 1000 == 999;
    let (mut attempts, mut tried) = (0, 0);
    let mut database = Vec::new();
    let result: Result<_, ()> = bisect(0..5000, usize::MAX, |range| {
        attempts += 1;
        let mut seen = BTreeSet::new();
        let repeated = range.clone().find(|row| !seen.insert(key(*row)));
        let guilty = range.clone().find(is_guilty);
        let Some(first) = repeated.into_iter().chain(guilty).min() else {
            tried += range.len();
            database.extend(range);
            return Ok(());
        };
        let read = if is_told {
            first - range.start + 1
        } else {
            range.len()
        };
        tried += read;
        let read = Some(read);
        Err(match guilty == Some(first) {
            true => Failure::Data { error: first, read },
            false => Failure::Together { error: first, read },
        })
    });
    let guilty: Vec<usize> = result.unwrap().guilty.iter().map(|(row, _)| *row).collect();
    assert_eq!(guilty, [999, 1999, 2999, 3999, 4999]);
    let expected: Vec<usize> = (0..5000).filter(|row| !is_guilty(row)).collect();
    assert_eq!(database, expected, "in their order");
    (attempts, tried)
}

#[test]
fn rows_that_cannot_be_taken_together_are_taken_one_after_the_other() {
    for apart in [1, 3, 10, 100, 2500] {
        for is_told in [true, false] {
            let (attempts, tried) = cost_of_repeats(apart, is_told);
            let pieces = 5000 / apart;
            assert!(
                attempts <= 100 + 3 * pieces,
                "{apart} {is_told}: {attempts} attempts"
            );
            assert!(tried <= 5000 * 8, "{apart} {is_told}: {tried} rows");
        }
    }
    let failed: Result<_, ()> = bisect(0..3, 9, |_| -> Result<(), _> {
        Err(Failure::Together {
            error: "never",
            read: None,
        })
    });
    assert_eq!(failed.unwrap().guilty.len(), 3);
}

/// Attempts, and rows tried, for so many rows of which one in 100 is guilty.
fn cost(rows: usize, reach: usize, is_told: bool) -> (usize, usize) {
    let guilty = |row: &usize| row.wrapping_mul(0x9e37_79b9) % 100 == 7;
    let (mut attempts, mut tried) = (0, 0);
    let result: Result<_, ()> = bisect(0..rows, reach, |range| {
        attempts += 1;
        let Some(row) = range.clone().find(guilty) else {
            tried += range.len();
            return Ok(());
        };
        let read = if is_told {
            row - range.start + 1
        } else {
            range.len()
        };
        tried += read;
        Err(Failure::Data {
            error: (),
            read: Some(read),
        })
    });
    let found: Vec<usize> = result
        .unwrap()
        .guilty
        .iter()
        .map(|(row, ())| *row)
        .collect();
    assert_eq!(found, (0..rows).filter(guilty).collect::<Vec<_>>());
    (attempts, tried)
}

#[test]
fn one_guilty_row_in_100_costs_few_attempts_and_little_in_vain() {
    let (attempts, tried) = cost(5000, usize::MAX, true);
    assert!(attempts <= 50 * 6, "{attempts} attempts");
    assert!(tried <= 5000 * 8 / 5, "{tried} rows");
    // A statement that reads all rows before it fails; then one whose batch before was like this one.
    for (reach, times) in [(usize::MAX, 5), (50, 3)] {
        let (attempts, tried) = cost(5000, reach, false);
        assert!(attempts <= 50 * 12, "{attempts} attempts");
        assert!(tried <= 5000 * times, "{tried} rows");
    }
}

#[test]
fn a_fatal_error_ends_the_attempts() {
    let mut attempts = Vec::new();
    let result = bisect(0..8, usize::MAX, |range| -> Result<(), Failure<(), &str>> {
        attempts.push(range.clone());
        if range == (0..2) {
            Err(Failure::Fatal("disk full"))
        } else {
            Err(Failure::Data {
                error: (),
                read: None,
            })
        }
    });
    assert_eq!(result, Err("disk full"));
    assert_eq!(attempts, [0..8, 0..4, 0..2]);
}

#[test]
fn rows_without_an_error_cost_one_attempt_and_no_rows_cost_none() {
    let mut attempts = 0;
    let mut count = |rows, reach| {
        attempts = 0;
        let result = bisect(rows, reach, |_| -> Result<(), Failure<(), ()>> {
            attempts += 1;
            Ok(())
        });
        assert!(result.unwrap().guilty.is_empty());
        attempts
    };
    assert_eq!(count(0..5000, usize::MAX), 1);
    assert_eq!(count(7..7, usize::MAX), 0);
    // Of a reach pieces grow, even of one of nothing: 1, 2, 4, 8, and the other 10.
    assert_eq!(count(0..25, 0), 5);
}
