//! Finds the rows that make a request fail: a failed list is asked again in halves, until each failing row
//! is alone.
//!
//! Breadth first, so that good halves are asked between bad ones: a service that answers them is up,
//! and one bad row in a list of n costs about 2 log2 n further questions.

use std::collections::VecDeque;
use std::ops::Range;

/// Ranges of a batch that are not asked yet.
pub struct Groups {
    waiting: VecDeque<Range<usize>>,
}

impl Groups {
    pub fn new(rows: usize) -> Groups {
        Groups {
            waiting: (rows > 0).then_some(0..rows).into_iter().collect(),
        }
    }

    /// Asks each row separately, for a service that takes one at a time.
    pub fn singly(rows: usize) -> Groups {
        Groups {
            waiting: (0..rows).map(|row| row..row + 1).collect(),
        }
    }

    pub fn take(&mut self) -> Option<Range<usize>> {
        self.waiting.pop_front()
    }

    /// Queues the halves of a failed group behind all others. Returns `false` for a single row, which is guilty.
    pub fn split(&mut self, group: &Range<usize>) -> bool {
        if group.len() < 2 {
            return false;
        }
        let middle = group.start + group.len() / 2;
        self.waiting.push_back(group.start..middle);
        self.waiting.push_back(middle..group.end);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks until nothing is left; returns the rows answered, the guilty rows, and the number of requests.
    fn ask(rows: usize, bad: &[usize]) -> (Vec<usize>, Vec<usize>, usize) {
        let (mut good, mut guilty, mut questions) = (vec![], vec![], 0);
        let mut groups = Groups::new(rows);
        while let Some(group) = groups.take() {
            questions += 1;
            if !bad.iter().any(|row| group.contains(row)) {
                good.extend(group);
            } else if !groups.split(&group) {
                guilty.extend(group);
            }
        }
        good.sort_unstable();
        guilty.sort_unstable();
        (good, guilty, questions)
    }

    #[test]
    fn the_guilty_rows_are_found_and_all_others_answered_once() {
        for rows in 0..40 {
            for bad in [
                vec![],
                vec![0],
                vec![rows / 2],
                vec![1, 2, rows],
                (0..rows).collect(),
            ] {
                let bad: Vec<usize> = bad.into_iter().filter(|row| *row < rows).collect();
                let (good, guilty, _) = ask(rows, &bad);
                let mut expected = bad.clone();
                expected.sort_unstable();
                expected.dedup();
                assert_eq!(guilty, expected, "{rows} rows, bad {bad:?}");
                let others: Vec<usize> = (0..rows).filter(|row| !bad.contains(row)).collect();
                assert_eq!(good, others, "{rows} rows, bad {bad:?}");
            }
        }
    }

    #[test]
    fn one_bad_row_in_a_thousand_costs_some_twenty_questions() {
        let (_, _, questions) = ask(1000, &[617]);
        assert!(questions <= 21, "{questions}");
    }

    #[test]
    fn a_single_bad_row_never_fails_more_than_twice_without_an_answer_between() {
        let mut groups = Groups::new(1024);
        let (mut failures, mut most) = (0, 0);
        while let Some(group) = groups.take() {
            if group.contains(&300) {
                failures += 1;
                most = most.max(failures);
                groups.split(&group);
            } else {
                failures = 0;
            }
        }
        assert!(most <= 2, "{most} in a row would open the circuit");
    }
}
