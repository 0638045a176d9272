//! Finds the rows that a statement over many rows fails for, and takes all others.
//!
//! The whole range is tried first; a range that fails is cut and its parts are tried, from left to
//! right, so that rows are taken in their order. Each attempt is the caller's, in a subtransaction of
//! its own, and sees what the attempts before it have done.
//!
//! Most statements take one row after the other and fail at a bad one, having read no further. Where
//! the caller knows how far that was, the range is cut there: the rows before, the suspect alone, the
//! rows behind. So a guilty row costs three attempts and the rows before it are tried twice. A
//! suspicion that proves wrong (a statement that sorts or counts first reads all rows before it
//! fails) is the last one: from then on ranges are halved, and `g` guilty rows among `n` cost at most
//! `4 + 2 g ⌈log₂ n⌉` attempts.
//!
//! A row that fails only beside another one (two equal keys) is tried again after it: the second one
//! is guilty.

use std::ops::Range;

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure<D, F> {
    /// The data are wrong: at least one row of the range is guilty.
    Data {
        error: D,
        /// How many rows the attempt had read, if it is known.
        read: Option<usize>,
    },
    /// Not the rows' fault; no other attempt is made.
    Fatal(F),
}

/// What became of the rows. Each is in one of the two, and both are in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bisected<T, D> {
    pub taken: Vec<(Range<usize>, T)>,
    pub guilty: Vec<(usize, D)>,
}

/// What is expected of a range, if anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Nothing,
    Success,
    Failure,
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
    let mut trusted = true;
    // What is still to be tried, the next one last; at most two ranges per cut.
    let mut pending = vec![(rows, Expected::Nothing)];
    while let Some((range, expected)) = pending.pop() {
        if range.is_empty() {
            continue;
        }
        match try_rows(range.clone()) {
            Ok(taken) => {
                trusted &= expected != Expected::Failure;
                result.taken.push((range, taken));
            }
            Err(Failure::Fatal(error)) => return Err(error),
            Err(Failure::Data { error, .. }) if range.len() == 1 => {
                trusted &= expected != Expected::Success;
                result.guilty.push((range.start, error));
            }
            Err(Failure::Data { read, .. }) => {
                trusted &= expected != Expected::Success;
                match read.filter(|read| trusted && (1..range.len()).contains(read)) {
                    Some(read) => {
                        let suspect = range.start + read - 1;
                        pending.push((suspect + 1..range.end, Expected::Nothing));
                        pending.push((suspect..suspect + 1, Expected::Failure));
                        pending.push((range.start..suspect, Expected::Success));
                    }
                    None => {
                        let middle = range.start + range.len() / 2;
                        pending.push((middle..range.end, Expected::Nothing));
                        pending.push((range.start..middle, Expected::Nothing));
                    }
                }
            }
        }
    }
    Ok(result)
}
