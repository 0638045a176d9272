//! Finds the rows that a statement over many rows fails for, and takes all others.
//!
//! The whole range is tried first; a range that fails is halved, the left half before the right one,
//! so that rows are taken in their order. Each attempt is the caller's, in a subtransaction of its
//! own, and sees what the attempts before it have done. `g` guilty rows among `n` cost at most
//! `1 + 2 g ⌈log₂ n⌉` attempts.
//!
//! A row that fails only beside another one (two equal keys) is tried again after it: the second one
//! is guilty.

use std::ops::Range;

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure<D, F> {
    /// The data are wrong: at least one row of the range is guilty.
    Data(D),
    /// Not the rows' fault; no other attempt is made.
    Fatal(F),
}

/// What became of the rows. Each is in one of the two, and both are in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bisected<T, D> {
    pub taken: Vec<(Range<usize>, T)>,
    pub guilty: Vec<(usize, D)>,
}

/// Tries `rows` as a whole and in ever smaller parts. An empty range is not tried.
pub fn bisect<T, D, F>(
    rows: Range<usize>,
    mut try_rows: impl FnMut(Range<usize>) -> Result<T, Failure<D, F>>,
) -> Result<Bisected<T, D>, F> {
    let mut result = Bisected {
        taken: Vec::new(),
        guilty: Vec::new(),
    };
    // What is still to be tried, the next one last; at most one range per halving.
    let mut pending = vec![rows];
    while let Some(range) = pending.pop() {
        if range.is_empty() {
            continue;
        }
        match try_rows(range.clone()) {
            Ok(taken) => result.taken.push((range, taken)),
            Err(Failure::Fatal(error)) => return Err(error),
            Err(Failure::Data(error)) if range.len() == 1 => {
                result.guilty.push((range.start, error));
            }
            Err(Failure::Data(_)) => {
                let middle = range.start + range.len() / 2;
                pending.push(middle..range.end);
                pending.push(range.start..middle);
            }
        }
    }
    Ok(result)
}
