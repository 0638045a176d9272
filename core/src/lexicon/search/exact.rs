//! Windows whose letters are those of a term. Two probes per window start say which lengths of terms
//! begin with these letters; only windows of such a length are hashed and looked up. Letters decide,
//! so that terms run together or split are found like any other.
//!
//! Of a word met lately it is known whether it is a term, and whether one begins with it (see `recent`):
//! with 4,000 real terms three of four words of real texts begin no window.

use super::bounds::Bounds;
use crate::lexicon::form::View;
use crate::lexicon::rules::{Candidate, Judge, Text};
use crate::lexicon::tables::exact::Exact;
use crate::lexicon::tables::hash;

/// Adds every window that has exactly a term's letters and begins within the bounds. Returns false if it
/// stopped early because there were more candidates than they allow.
pub(super) fn windows(
    exact: &Exact<'_>,
    compiled: View<'_>,
    text: Text<'_>,
    bounds: Bounds<'_>,
    candidates: &mut Vec<Candidate>,
) -> bool {
    let words = text.words.get(bounds.firsts.clone()).unwrap_or(&[]);
    for (first, word) in (bounds.firsts.start..).zip(words) {
        if !word.standing.begins_none() | word.possessive {
            bounds.interrupts.step();
            windows_from(first, exact, compiled, text, candidates);
            if candidates.len() > bounds.most {
                return false;
            }
        }
    }
    true
}

/// Adds every window that has exactly a term's letters and begins with the word `first`.
fn windows_from(
    first: usize,
    exact: &Exact<'_>,
    compiled: View<'_>,
    text: Text<'_>,
    candidates: &mut Vec<Candidate>,
) {
    let (Some(word), Some(token)) = (text.words.get(first), text.tokens.get(first)) else {
        return;
    };
    if word.endless {
        return;
    }
    let start = token.start as usize;
    let lengths = exact.lengths(text.bytes, start);
    let mut consider = |last: usize, end: usize, without_s: bool| {
        #[cfg(test)]
        crate::lexicon::work::add(1);
        let end = end - usize::from(without_s);
        let length = end - start;
        if length >= exact.prefix && lengths >> exact.bit(length) & 1 == 0 {
            return;
        }
        let hash = hash::of_range(text.bytes, start, end);
        if length < exact.prefix && !exact.short(hash) {
            return;
        }
        let letters = text.bytes.get(start..end).unwrap_or(&[]);
        let Some(group) = exact.find(hash, letters) else {
            return;
        };
        let length = text.words[last].end(without_s) - word.start as usize;
        let candidate = Candidate {
            first: first as u32,
            last: last as u32,
            without_s,
            group,
            distance: 0,
            letters: length as u16,
            window_letters: length as u16,
        };
        let mut accepted = Judge::of(compiled, text).accepted(candidate);
        if accepted.next().is_some() {
            candidates.push(candidate);
        }
    };
    let mut end = token.end as usize;
    if !word.standing.no_term() {
        consider(first, end, false);
    }
    if word.possessive {
        consider(first, end, true);
    }
    if word.standing.no_beginning() {
        return;
    }
    let (words, tokens) = (&text.words[first + 1..], &text.tokens[first + 1..]);
    for (last, (word, token)) in (first + 1..).zip(words.iter().zip(tokens)) {
        if word.breaks || !exact.longer(lengths, end + 1 - start) || end - start >= exact.longest {
            break;
        }
        end = token.end as usize;
        consider(last, end, false);
        if word.possessive {
            consider(last, end, true);
        }
    }
}
