//! Finds the rows that a statement over many rows fails for, and takes all others.
//!
//! The whole range is tried first (or a piece, where the batch before had guilty rows), and where that
//! fails ever shorter pieces from the left, so that rows are taken in their order. Each attempt is
//! the caller's, in a subtransaction of its own, and sees what the attempts before it have done.
//!
//! Most statements take one row after the other and fail at a bad one, having read no further. Where
//! the caller knows how far that was, the piece is cut there: the rows before it are tried, then it
//! alone. If it proves innocent (a statement that sorts or counts first reads all rows before it fails),
//! no caller is believed again and pieces are halved until the guilty row is alone.
//!
//! What failed has been done in vain, so behind a guilty row pieces begin with half the mean distance
//! between guilty rows so far, and double with each success. `g` guilty rows among `n` cost at most
//! `4 + (3 g + 4) ⌈log₂ n⌉` attempts.
//!
//! A row that fails only beside another one (two equal keys) is tried again after it: the second one
//! is guilty. Where the statement would take it then (an upsert), the rows are to be taken apart: pieces get
//! shorter until no two such rows are in one, and grow again.

use std::ops::Range;

/// Why an attempt to take some rows failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure<D, F> {
    /// The data are at fault: at least one row of the range is guilty.
    Data {
        /// The error of the attempt.
        error: D,
        /// How many rows the attempt had read, if it is known.
        read: Option<usize>,
    },
    /// The rows cannot be taken by one attempt, but perhaps by several. A row that fails alone is guilty.
    Together {
        /// The error of the attempt.
        error: D,
        /// How many rows the attempt had read, if it is known.
        read: Option<usize>,
    },
    /// The rows are not at fault; no further attempt is made.
    Fatal(F),
}

/// The outcome of a bisection. Each row is either in a range of `taken` or in `guilty`; both ascend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bisected<T, D> {
    /// The ranges of rows that were taken, each with what the attempt returned.
    pub taken: Vec<(Range<usize>, T)>,
    /// The rows at fault, by number, each with its error.
    pub guilty: Vec<(usize, D)>,
}

/// Pieces are not shorter than this before one fails: an attempt costs as much as some ten rows.
const SHORTEST: usize = 16;

/// The bounds within which the next guilty row must be.
struct Narrowed {
    /// The guilty row stands before this one: the piece that ends here has failed.
    end: usize,
    /// Whether the caller says that the row right before `end` is the guilty one.
    is_last: bool,
}

impl<T, D> Bisected<T, D> {
    /// The length of the first piece of the next batch, if it is like this one.
    pub fn reach(&self) -> usize {
        let taken: usize = self.taken.iter().map(|(rows, _)| rows.len()).sum();
        match self.guilty.len() {
            0 => usize::MAX,
            guilty => SHORTEST.max((taken + guilty) / guilty / 2),
        }
    }
}

/// Tries `rows`, a piece of at most `reach` first, and in ever smaller parts. An empty range is not
/// tried.
///
/// ```
/// use std::convert::Infallible;
/// use termstream_core::load::{Failure, bisect};
///
/// // Row 7 of ten cannot be taken.
/// let done = bisect(0..10, usize::MAX, |rows| match rows.contains(&7) {
///     true => Err(Failure::<_, Infallible>::Data { error: "wrong", read: None }),
///     false => Ok(rows.len()),
/// });
/// let done = done.unwrap();
/// assert_eq!(done.guilty, [(7, "wrong")]);
/// assert_eq!(done.taken.iter().map(|(_, rows)| rows).sum::<usize>(), 9);
/// ```
pub fn bisect<T, D, F>(
    rows: Range<usize>,
    mut reach: usize,
    mut try_rows: impl FnMut(Range<usize>) -> Result<T, Failure<D, F>>,
) -> Result<Bisected<T, D>, F> {
    let mut result = Bisected {
        taken: Vec::new(),
        guilty: Vec::new(),
    };
    let mut next = rows.start;
    reach = reach.max(1);
    let mut narrowed: Option<Narrowed> = None;
    let mut is_believed = true;
    while next < rows.end {
        let end = match &narrowed {
            None => rows.end.min(next.saturating_add(reach)),
            Some(Narrowed { end, .. }) if end - next == 1 => *end,
            Some(Narrowed { end, is_last: true }) => end - 1,
            Some(Narrowed { end, .. }) => next + (end - next) / 2,
        };
        match try_rows(next..end) {
            Err(Failure::Fatal(error)) => return Err(error),
            Ok(taken) => {
                result.taken.push((next..end, taken));
                next = end;
                match &narrowed {
                    None => reach = reach.saturating_mul(2),
                    Some(Narrowed { end, is_last }) if next == *end => {
                        is_believed &= !is_last;
                        narrowed = None;
                    }
                    Some(_) => {}
                }
            }
            Err(Failure::Data { error, .. } | Failure::Together { error, .. })
                if end - next == 1 =>
            {
                result.guilty.push((next, error));
                next = end;
                reach = SHORTEST.max((next - rows.start) / result.guilty.len() / 2);
                narrowed = None;
            }
            Err(Failure::Together { read, .. }) => {
                let length = end - next;
                let before = read.map(|read| read.saturating_sub(1));
                reach = before
                    .filter(|before| (1..length).contains(before) && length > before + 1)
                    .unwrap_or(length / 2);
                narrowed = None;
            }
            Err(Failure::Data { read, .. }) => {
                // The rows before a suspect must not fail.
                is_believed &= !matches!(narrowed, Some(Narrowed { is_last: true, .. }));
                let length = end - next;
                narrowed = Some(
                    match read.filter(|read| is_believed && (1..length).contains(read)) {
                        Some(read) => Narrowed {
                            end: next + read,
                            is_last: true,
                        },
                        None => Narrowed {
                            end,
                            is_last: false,
                        },
                    },
                );
            }
        }
    }
    Ok(result)
}
