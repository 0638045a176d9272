//! Plain containment, for lexicons without word boundaries: every place where the letters of a term
//! stand in the folded text, found by one Aho-Corasick automaton.
//!
//! A hit lies within one word, or begins where a word begins and ends where one ends: else the Pepsi
//! in "soup epsilon" would be found. Nothing misspelled is found here.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::compiled::{Compiled, GroupRow, Section, span};
use super::overlap::Candidate;
use super::words::MAX_WINDOW;
use crate::text::Folded;

/// The automaton of a lexicon, or none if the library cannot hold it (over 2^31 states).
pub(crate) fn automaton(compiled: &Compiled) -> Option<AhoCorasick> {
    let rows: &[GroupRow] = compiled.section(Section::Groups);
    let letters: &[u8] = compiled.section(Section::Letters);
    let patterns = rows
        .windows(2)
        .map(|pair| &letters[span(pair[0].letters, pair[1].letters, letters.len())]);
    AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(patterns)
        .ok()
}

/// Adds every hit that begins in a range of letters, overlapping ones included. False if it ended early,
/// with more than `most`.
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
    let groups: &[GroupRow] = compiled.section(Section::Groups);
    let tokens = folded.tokens();
    let base = places.start;
    let longest = (compiled.header.longest_bytes as usize).min(4 * MAX_WINDOW);
    let letters = folded.letters();
    let end = letters.len().min(places.end as usize + longest);
    let letters = letters.get(base as usize..end).unwrap_or(&[]);
    for hit in automaton.find_overlapping_iter(letters) {
        #[cfg(test)]
        super::work::add(1);
        let (start, end) = (base + hit.start() as u32, base + hit.end() as u32);
        // A group without letters: the compiled form is damaged.
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
        let length = groups.get(group as usize).map_or(0, |row| row.length);
        candidates.push(Candidate {
            first: start,
            last: end - 1,
            stem: false,
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
