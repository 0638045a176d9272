//! Substring search, for lexicons without word boundaries: finds every occurrence of a term's letters in
//! the folded text, with one Aho-Corasick automaton (Aho and Corasick 1975). Finds no misspellings.
//!
//! A hit lies within one word, or begins where a word begins and ends where one ends: else the Pepsi
//! in "soup epsilon" would be found.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use crate::lexicon::form::{Compiled, Groups};
use crate::lexicon::rules::{Candidate, MAX_WINDOW};
use crate::text::Folded;

/// Adds a candidate for every hit that begins in a range of letters, overlapping hits included. Returns
/// false if it stopped early because there were more than `most`.
pub(crate) fn candidates(
    compiled: &Compiled,
    automaton: Option<&AhoCorasick>,
    folded: &Folded,
    places: Range<u32>,
    most: usize,
    candidates: &mut Vec<Candidate>,
) -> bool {
    let Some(automaton) = automaton else {
        return true;
    };
    let groups = Groups::of(compiled.view());
    let tokens = folded.tokens();
    let base = places.start;
    let longest = (compiled.header.longest_bytes as usize).min(4 * MAX_WINDOW);
    let letters = folded.letters();
    let end = letters.len().min(places.end as usize + longest);
    let letters = letters.get(base as usize..end).unwrap_or(&[]);
    for hit in automaton.find_overlapping_iter(letters) {
        #[cfg(test)]
        crate::lexicon::work::add(1);
        let (start, end) = (base + hit.start() as u32, base + hit.end() as u32);
        // An empty hit means a group without letters: the compiled form is damaged.
        if hit.is_empty() || !places.contains(&start) {
            continue;
        }
        let first = tokens.partition_point(|token| token.end <= start);
        let last = tokens.partition_point(|token| token.end < end);
        let (Some(from), Some(to)) = (tokens.get(first), tokens.get(last)) else {
            continue;
        };
        let whole = from.start == start
            && to.end == end
            && !tokens[first + 1..=last].iter().any(|t| t.hard_break());
        if first != last && !whole {
            continue;
        }
        let group = hit.pattern().as_u32();
        let length = groups.row(group).map_or(0, |row| row.length);
        candidates.push(Candidate {
            first: start,
            last: end - 1,
            without_s: false,
            group,
            distance: 0,
            letters: length,
            window_letters: length,
        });
        if candidates.len() > most {
            return false;
        }
    }
    true
}
