//! Options, counts and limits.

use super::*;

fn counts(read: u64, rejected: u64) -> Counts {
    let mut counts = Counts::default();
    for index in 0..read {
        counts.add_read(10);
        if index < rejected {
            counts.add_rejected(Stage::Convert);
        }
    }
    counts.add_taken(read - rejected, 2);
    counts.add_batch();
    counts
}

#[test]
fn an_unknown_on_error_names_the_valid_ones() {
    for option in [OnError::Table, OnError::Stop, OnError::Ignore] {
        assert_eq!(option.as_str().to_uppercase().parse(), Ok(option));
    }
    let error = "skip".parse::<OnError>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid value for on_error: \"skip\" (valid: table, stop, ignore)"
    );
    assert_eq!(OnError::default(), OnError::Table);
}

#[test]
fn only_data_errors_reject_a_row() {
    for sqlstate in ["22P02", "22003", "23505", "23514", "P0001"] {
        assert!(is_data_error(sqlstate), "{sqlstate}");
    }
    let others = [
        "42P01", "53100", "57014", "40001", "40P01", "P0002", "XX000", "54000", "", "22",
        "2200000", "02200",
    ];
    for sqlstate in others {
        assert!(!is_data_error(sqlstate), "{sqlstate}");
    }
}

#[test]
fn counts_add_up_only_when_every_row_is_taken_or_rejected() {
    let good = counts(5, 2);
    assert_eq!(good.check_balance(), Ok(()));
    assert_eq!((good.taken, good.pending(), good.bytes), (3, 0, 50));

    let mut one_pending = good;
    one_pending.add_read(1);
    assert_eq!(one_pending.pending(), 1);
    assert_eq!(
        one_pending.check_balance(),
        Err(Error::Unbalanced(one_pending))
    );

    let mut without_stage = good;
    without_stage.read += 1;
    without_stage.rejected += 1;
    assert!(without_stage.check_balance().is_err());
}

#[test]
fn every_stage_has_a_count_of_its_own() {
    let mut counts = Counts::default();
    for (index, stage) in Stage::ALL.into_iter().enumerate() {
        for _ in 0..=index {
            counts.add_rejected(stage);
        }
    }
    let by_stage = Stage::ALL.map(|stage| counts.rejected_by_stage.get(stage));
    assert_eq!(by_stage, [1, 2, 3, 4, 5, 6]);
    assert_eq!(counts.rejected, 21);
    let names = Stage::ALL.map(Stage::as_str);
    assert_eq!(
        names,
        [
            "parse",
            "convert",
            "check",
            "statement",
            "quality",
            "predict"
        ]
    );
}

#[test]
fn the_reject_limit_is_the_last_number_tolerated() {
    let limits = Limits::new(Some(2), None).unwrap();
    assert_eq!(limits.check(&counts(10, 2)), Ok(()));
    let stopped = limits.check(&counts(10, 3)).unwrap_err();
    assert_eq!(
        stopped.to_string(),
        "rejected more than reject_limit (2) rows: 3 of 10 read"
    );
}

#[test]
fn the_reject_ratio_is_applied_after_three_hundred_rows() {
    let limits = Limits::new(None, Some(0.1)).unwrap();
    assert_eq!(limits.check(&counts(299, 299)), Ok(()));
    assert_eq!(limits.check(&counts(300, 30)), Ok(()));
    let stopped = limits.check(&counts(300, 31)).unwrap_err();
    assert_eq!(
        stopped.to_string(),
        "rejected more than reject_ratio (0.1) of the rows: 31 of 300 read"
    );
}

#[test]
fn no_limit_tolerates_everything() {
    assert_eq!(Limits::default().check(&counts(1000, 1000)), Ok(()));
    assert_eq!(Limits::new(None, None), Ok(Limits::default()));
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    for value in [0, -1] {
        assert_eq!(
            Limits::new(Some(value), None),
            Err(Error::InvalidRejectLimit { value })
        );
    }
    for value in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let error = Limits::new(None, Some(value)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("reject_ratio must be between 0 and 1, not {value}")
        );
    }
    for value in [0.0, 1.0] {
        assert!(Limits::new(None, Some(value)).is_ok());
    }
}
