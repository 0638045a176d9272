//! Distances and similarities of two texts as SQL functions, IMMUTABLE since they depend only on their
//! arguments.

use pgrx::prelude::*;

use crate::pg::error::{ErrorReport, Raise};
use termstream_core::distance::{self, Error};

impl From<Error> for Raise {
    fn from(error: Error) -> Raise {
        match error {
            Error::TooLong { .. } => Raise::new(
                PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                error.to_string(),
            )
            .detail("The time grows with the product of both lengths.")
            .hint("Compare shorter texts, or parts of them."),
        }
    }
}

fn count(distance: Result<usize, Error>) -> Result<i32, ErrorReport> {
    Ok(distance.map_err(Raise::from)? as i32)
}

fn ratio(value: Result<f64, Error>) -> Result<f64, ErrorReport> {
    Ok(value.map_err(Raise::from)?)
}

type Within = fn(&str, &str, usize) -> Result<Option<usize>, Error>;

/// The distance if it is at most `max`, otherwise `max + 1`, similar to `levenshtein_less_equal` of
/// fuzzystrmatch.
fn bounded(metric: Within, a: &str, b: &str, max: i32) -> Result<i32, ErrorReport> {
    let Ok(bound) = usize::try_from(max) else {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("max {max} is negative"),
        )
        .hint("Give the largest distance that you need, 0 or more.")
        .into());
    };
    let distance = metric(a, b, bound).map_err(Raise::from)?;
    Ok(distance.map_or(max.saturating_add(1), |distance| distance as i32))
}

#[pg_extern(immutable, strict, parallel_safe, cost = 20)]
fn levenshtein(a: &str, b: &str) -> Result<i32, ErrorReport> {
    count(distance::levenshtein(a, b))
}

#[pg_extern(immutable, strict, parallel_safe, cost = 10, name = "levenshtein")]
fn levenshtein_within(a: &str, b: &str, max: i32) -> Result<i32, ErrorReport> {
    bounded(distance::levenshtein_within, a, b, max)
}

#[pg_extern(immutable, strict, parallel_safe, cost = 20)]
fn osa(a: &str, b: &str) -> Result<i32, ErrorReport> {
    count(distance::osa(a, b))
}

#[pg_extern(immutable, strict, parallel_safe, cost = 10, name = "osa")]
fn osa_within(a: &str, b: &str, max: i32) -> Result<i32, ErrorReport> {
    bounded(distance::osa_within, a, b, max)
}

#[pg_extern(immutable, strict, parallel_safe, cost = 20)]
fn damerau_levenshtein(a: &str, b: &str) -> Result<i32, ErrorReport> {
    count(distance::damerau_levenshtein(a, b))
}

#[pg_extern(
    immutable,
    strict,
    parallel_safe,
    cost = 20,
    name = "damerau_levenshtein"
)]
fn damerau_levenshtein_within(a: &str, b: &str, max: i32) -> Result<i32, ErrorReport> {
    bounded(distance::damerau_levenshtein_within, a, b, max)
}

#[pg_extern(immutable, strict, parallel_safe, cost = 20)]
fn jaro(a: &str, b: &str) -> Result<f64, ErrorReport> {
    ratio(distance::jaro(a, b))
}

#[pg_extern(immutable, strict, parallel_safe, cost = 20)]
fn jaro_winkler(a: &str, b: &str) -> Result<f64, ErrorReport> {
    ratio(distance::jaro_winkler(a, b))
}

#[pg_extern(immutable, strict, parallel_safe, cost = 20)]
fn sorensen_dice(a: &str, b: &str) -> Result<f64, ErrorReport> {
    ratio(distance::sorensen_dice(a, b))
}

#[pg_extern(immutable, strict, parallel_safe, cost = 20)]
fn jaccard(a: &str, b: &str) -> Result<f64, ErrorReport> {
    ratio(distance::jaccard(a, b))
}

#[pg_extern(immutable, strict, parallel_safe, cost = 20)]
fn similarity(a: &str, b: &str) -> Result<f64, ErrorReport> {
    ratio(distance::similarity(a, b))
}
