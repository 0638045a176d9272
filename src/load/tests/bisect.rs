//! Bisection takes exactly the rows that can be taken, in order, with few attempts.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

proptest! {
    #[test]
    fn the_guilty_rows_are_found_and_all_others_taken_in_order(
        start in 0..50usize,
        length in 0..300usize,
        guilty in prop::collection::btree_set(0..350usize, 0..20),
    ) {
        let rows = start..start + length;
        let guilty: BTreeSet<usize> = guilty.into_iter().filter(|row| rows.contains(row)).collect();
        let mut attempts = 0;
        let mut database = Vec::new();
        let result: Result<_, ()> = bisect(rows.clone(), |range| {
            attempts += 1;
            match range.clone().find(|row| guilty.contains(row)) {
                Some(row) => Err(Failure::Data(row)),
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
        prop_assert!(attempts <= 1 + 2 * guilty.len() * halvings, "{} attempts", attempts);
    }

    #[test]
    fn of_rows_that_fail_beside_each_other_the_first_is_taken(keys in prop::collection::vec(0..20u8, 0..60)) {
        let mut database: Vec<u8> = Vec::new();
        let result: Result<_, ()> = bisect(0..keys.len(), |range| {
            let mut attempt = database.clone();
            for key in &keys[range] {
                if attempt.contains(key) {
                    return Err(Failure::Data(*key));
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

#[test]
fn a_fatal_error_ends_the_attempts() {
    let mut attempts = Vec::new();
    let result = bisect(0..8, |range| -> Result<(), Failure<(), &str>> {
        attempts.push(range.clone());
        if range == (0..2) {
            Err(Failure::Fatal("disk full"))
        } else {
            Err(Failure::Data(()))
        }
    });
    assert_eq!(result, Err("disk full"));
    assert_eq!(attempts, [0..8, 0..4, 0..2]);
}

#[test]
fn rows_without_an_error_cost_one_attempt_and_no_rows_cost_none() {
    let mut attempts = 0;
    let mut count = |rows| {
        attempts = 0;
        let result = bisect(rows, |_| -> Result<(), Failure<(), ()>> {
            attempts += 1;
            Ok(())
        });
        assert!(result.unwrap().guilty.is_empty());
        attempts
    };
    assert_eq!(count(0..5000), 1);
    assert_eq!(count(7..7), 0);
}
