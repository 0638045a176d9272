//! Which of several overlapping candidates are mentions: a greedy cover, the most matched letters
//! first. What is taken never shares a word with what was taken before.
//!
//! The order is that of the terms themselves, never that in which they were compiled, so that a
//! lexicon with a delta settles as one compiled from the whole.
//!
//! A long text is settled piece by piece. Candidates that begin behind the piece are not known then, and
//! may take the places of those that reach there; these again decide about others that overlap them. So
//! what is settled are the candidates up to the first one that remains in doubt, and the next piece
//! begins with that. A doubt is handed on only from a better candidate to a worse one, or from the left
//! to the right, so it does not go far back: at most one window for each rank that candidates can have.

use crate::lexicon::rules::Candidate;
use crate::lexicon::settings::Overlap;

/// A range of places (words, or letters in substring mode) whose candidates are settled together.
pub(crate) struct Places {
    /// The first place. From it on, `held` places belong to a mention that began before it.
    pub start: u32,
    pub held: u32,
    /// The first place after the range, from which on candidates are not known yet. `None` if the range
    /// ends with the text.
    pub end: Option<u32>,
}

/// How far the candidates of a range of places were settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The candidates that begin before this place are settled; `None` if all are, because the text ends.
    pub until: Option<u32>,
    /// How many places from `until` on belong to a mention that begins before it.
    pub held: u32,
}

/// Whether a place belongs to a mention, while candidates are settled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Free,
    Taken,
    /// Claimed by a candidate that is not settled yet.
    Doubtful,
}

/// Keeps those candidates that `overlap` asks for and that are settled. `states` is a buffer; `term`
/// gives the first term of a candidate, and `border` the last place up to this one where the candidates
/// of a text can be parted.
///
/// The list may hold the same candidate twice afterwards.
pub(crate) fn settle<T: Ord>(
    overlap: Overlap,
    candidates: &mut Vec<Candidate>,
    states: &mut Vec<State>,
    places: Places,
    term: impl Fn(&Candidate) -> T,
    border: impl Fn(u32) -> u32,
) -> Settled {
    let all = Settled {
        until: places.end,
        held: 0,
    };
    match overlap {
        Overlap::All => {
            let until = places.end.map(|end| border(end).max(places.start));
            candidates.retain(|one| until.is_none_or(|until| one.first < until));
            Settled { until, held: 0 }
        }
        _ if candidates.is_empty() => Settled {
            held: left(&places, places.end),
            ..all
        },
        _ if candidates.len() == 1 && places.end.is_none() && places.held == 0 => all,
        Overlap::Longest => longest(candidates, states, places, term, border),
        Overlap::Nested => {
            let written = candidates
                .iter()
                .filter(|candidate| candidate.distance == 0);
            let written: Vec<Candidate> = written.copied().collect();
            let settled = longest(candidates, states, places, term, border);
            let until = settled.until.unwrap_or(u32::MAX);
            candidates.extend(written.iter().filter(|one| one.first < until));
            settled
        }
    }
}

/// How many of the held places lie at or behind `until`.
fn left(places: &Places, until: Option<u32>) -> u32 {
    let behind = |until| (places.start + places.held).saturating_sub(until);
    until.map_or(0, behind)
}

/// Keeps the best cover. `term` decides between candidates of one rank. Time is that of the sort, and
/// one step per word of each rank.
fn longest<T: Ord>(
    candidates: &mut Vec<Candidate>,
    states: &mut Vec<State>,
    places: Places,
    term: impl Fn(&Candidate) -> T,
    border: impl Fn(u32) -> u32,
) -> Settled {
    #[cfg(test)]
    crate::lexicon::work::add(candidates.len());
    candidates.sort_unstable_by_key(Candidate::rank);
    let ends = candidates.iter().map(|candidate| candidate.last);
    let end = ends.max().map_or(places.start, |last| last + 1);
    states.clear();
    states.resize((end.saturating_sub(places.start)) as usize, State::Free);
    let held = states.len().min(places.held as usize);
    states[..held].fill(State::Taken);
    let known = places.end.unwrap_or(u32::MAX);
    let mut until = known;
    let (mut from, mut kept) = (0, 0);
    while let Some(&first) = candidates.get(from) {
        // Candidates of one rank are of one window: at most one of them stays.
        let alike = &candidates[from..];
        let alike = &alike[..alike.partition_point(|other| other.rank() == first.rank())];
        from += alike.len();
        let place = |at: u32| at.checked_sub(places.start).map(|at| at as usize);
        let (Some(begin), Some(end)) = (place(first.first), place(first.last)) else {
            continue;
        };
        let Some(own) = states.get_mut(begin..=end) else {
            continue;
        };
        if own.contains(&State::Taken) {
            continue;
        }
        if first.last >= known || own.contains(&State::Doubtful) {
            own.fill(State::Doubtful);
            until = until.min(first.first);
            continue;
        }
        own.fill(State::Taken);
        let best = if alike.iter().all(|other| *other == first) {
            first
        } else {
            let best = alike
                .iter()
                .min_by_key(|other| (term(other), other.without_s));
            best.copied().unwrap_or(first)
        };
        candidates[kept] = best;
        kept += 1;
    }
    candidates.truncate(kept);
    if places.end.is_none() {
        return Settled {
            until: None,
            held: 0,
        };
    }
    let until = border(until).max(places.start);
    candidates.retain(|candidate| candidate.first < until);
    let beyond = candidates
        .iter()
        .map(|one| (one.last + 1).saturating_sub(until));
    Settled {
        until: Some(until),
        held: beyond.max().unwrap_or(0).max(left(&places, Some(until))),
    }
}
