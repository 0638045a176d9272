//! The rules of matching, in the slowest and most obvious way: every window of the text against
//! every term, by `strsim`. The engine must return exactly this.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::lexicon::build::{Added, Builder};
use crate::lexicon::parts::Lexicon;
use crate::lexicon::search::Kind;
use crate::lexicon::settings::{Overlap, Settings, TermOptions};
use crate::text::Folded;

mod halves;
mod reading;
mod rules;

use halves::Halves;
use reading::fold;
use rules::{Rules, Window};

/// All that makes a lexicon, kept as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    pub settings: Settings,
    pub common: Vec<String>,
    pub dictionary: Vec<String>,
    pub learned: Vec<String>,
    pub terms: Vec<(i64, String, TermOptions)>,
}

/// A mention, with similarity in thousandths so that it compares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub start: usize,
    pub end: usize,
    pub term: u32,
    pub distance: u8,
    pub kind: Kind,
    pub similarity: u32,
}

#[derive(PartialEq)]
struct Term {
    number: u32,
    id: i64,
    text: String,
    letters: String,
    tokens: Vec<String>,
    core: String,
    options: TermOptions,
}

#[derive(Clone, PartialEq)]
struct Candidate<'t> {
    /// First and last place: words, or letters in substring mode.
    places: (usize, usize),
    without_s: bool,
    source: (usize, usize),
    window: usize,
    distance: usize,
    terms: Vec<&'t Term>,
}

impl Oracle {
    pub fn build(&self) -> Lexicon {
        let mut builder = Builder::new(self.settings);
        builder
            .common_words(self.common.iter().map(String::as_str))
            .unwrap();
        builder
            .dictionary(self.dictionary.iter().map(String::as_str))
            .unwrap();
        self.learned
            .iter()
            .for_each(|document| builder.learn(document).unwrap());
        for (id, term, options) in &self.terms {
            builder.add(*id, term, *options).unwrap();
        }
        builder.finish().unwrap()
    }

    /// All that it needs to know, for one text or for many.
    pub fn prepare(&self) -> Prepared {
        let terms = self.terms();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
        for (number, term) in terms.iter().enumerate() {
            let place = *places.entry(&term.letters).or_insert(groups.len());
            if place == groups.len() {
                groups.push((term.letters.clone(), Vec::new()));
            }
            groups[place].1.push(number);
        }
        let single = |word: &String| {
            let (letters, tokens) = fold(word);
            (tokens.len() == 1).then_some(letters)
        };
        let capital = |word: &String| word.chars().next().is_some_and(char::is_uppercase);
        let (names, words): (Vec<String>, Vec<String>) =
            self.dictionary.iter().cloned().partition(capital);
        let tokens = terms.iter().flat_map(|term| term.tokens.iter().cloned());
        Prepared {
            settings: self.settings,
            vocabulary: tokens.collect(),
            common: self.common.iter().filter_map(single).collect(),
            dictionary: words.iter().filter_map(single).collect(),
            names: names.iter().filter_map(single).collect(),
            frequencies: self.frequencies(),
            halves: None,
            groups,
            terms,
        }
    }

    fn terms(&self) -> Vec<Term> {
        let mut terms: Vec<Term> = Vec::new();
        for (id, text, options) in &self.terms {
            let mut probe = Builder::new(self.settings);
            if probe.add(*id, text, *options) != Ok(Added::Yes) {
                continue;
            }
            let (letters, tokens) = fold(text);
            let core = text[tokens[0].source.0..tokens[tokens.len() - 1].source.1].to_owned();
            let tokens = tokens.into_iter().map(|token| token.letters).collect();
            terms.push(Term {
                number: terms.len() as u32,
                id: *id,
                text: text.clone(),
                letters,
                tokens,
                core,
                options: *options,
            });
        }
        terms
    }

    fn frequencies(&self) -> HashMap<String, usize> {
        let mut frequencies = HashMap::new();
        for document in &self.learned {
            let (_, tokens) = fold(document);
            let words: HashSet<String> = tokens
                .into_iter()
                .flat_map(|token| [Some(token.letters), token.without_s])
                .flatten()
                .collect();
            for word in words {
                *frequencies.entry(word).or_insert(0) += 1;
            }
        }
        frequencies
    }
}

/// What is known of terms and words.
pub(crate) struct Prepared {
    settings: Settings,
    terms: Vec<Term>,
    /// Terms of the same letters, by their places among the terms.
    groups: Vec<(String, Vec<usize>)>,
    vocabulary: HashSet<String>,
    common: HashSet<String>,
    dictionary: HashSet<String>,
    /// Words of the dictionary with a capital.
    names: HashSet<String>,
    frequencies: HashMap<String, usize>,
    halves: Option<Halves>,
}

impl Prepared {
    /// From now on only terms that anchored halves name are compared: for thousands of terms. None may
    /// have more edits than the rule by length gives it.
    pub fn by_halves(mut self) -> Prepared {
        self.halves = Some(Halves::of(
            self.groups.iter().map(|(letters, _)| letters.as_str()),
        ));
        self
    }

    pub fn search(&self, text: &str) -> Vec<Found> {
        let candidates = if self.settings.whole_words {
            self.windows(text)
        } else {
            self.substrings(text)
        };
        let candidates = match self.settings.overlap {
            Overlap::All => candidates,
            Overlap::Longest => cover(candidates),
            Overlap::Nested => {
                let cover = cover(candidates.clone());
                let inside = |c: &Candidate<'_>| c.distance == 0 && !cover.contains(c);
                let written: Vec<_> = candidates.into_iter().filter(inside).collect();
                cover.into_iter().chain(written).collect()
            }
        };
        let mut found: Vec<(Found, &Term)> = Vec::new();
        for candidate in &candidates {
            let written = &text[candidate.source.0..candidate.source.1];
            for term in &candidate.terms {
                let kind = match candidate.distance {
                    0 if term.core == written => Kind::Exact,
                    0 => Kind::Folded,
                    _ => Kind::Fuzzy,
                };
                let length = candidate.window.max(term.letters.chars().count());
                let similarity = 1.0 - candidate.distance as f32 / length as f32;
                let one = Found {
                    start: candidate.source.0,
                    end: candidate.source.1,
                    term: term.number,
                    distance: candidate.distance as u8,
                    kind,
                    similarity: (similarity * 1000.0) as u32,
                };
                found.push((one, term));
            }
        }
        // Of one span and id the nearest, best written, first.
        let place = |(one, term): &(Found, &Term)| (one.start, one.end, term.id);
        found.sort_by_key(|(one, term)| {
            let text = term.text.clone();
            let nearest = (one.distance, one.kind, text, Reverse(one.similarity));
            (one.start, one.end, term.id, nearest)
        });
        found.dedup_by_key(|one| place(one));
        found.into_iter().map(|(one, _)| one).collect()
    }

    fn windows(&self, text: &str) -> Vec<Candidate<'_>> {
        let (_, tokens) = fold(text);
        let rules = Rules {
            known: self,
            words: tokens.iter().filter(|token| !token.joined).count(),
        };
        let all: Vec<usize> = (0..self.groups.len()).collect();
        let lengths = self
            .groups
            .iter()
            .map(|(letters, _)| letters.chars().count());
        let longest = lengths.max().unwrap_or(0);
        let mut candidates = Vec::new();
        for first in 0..tokens.len() {
            for last in first..tokens.len() {
                if last > first && tokens[last].breaks {
                    break;
                }
                for without_s in [false, true] {
                    if without_s && tokens[last].without_s.is_none() {
                        continue;
                    }
                    let mut words: Vec<String> = tokens[first..=last]
                        .iter()
                        .map(|token| token.letters.clone())
                        .collect();
                    if without_s {
                        *words.last_mut().unwrap() = tokens[last].without_s.clone().unwrap();
                    }
                    let letters = words.concat();
                    let length = letters.chars().count();
                    if length > longest + 2 {
                        continue;
                    }
                    let codes = tokens[first..=last]
                        .iter()
                        .map(|token| token.code)
                        .collect();
                    let window = Window {
                        words,
                        codes,
                        letters,
                    };
                    let source = (
                        tokens[first].source.0,
                        if without_s {
                            tokens[last].source.2
                        } else {
                            tokens[last].source.1
                        },
                    );
                    let near = match &self.halves {
                        Some(halves) => &halves.near(&window.letters),
                        None => &all,
                    };
                    for &group in near {
                        let (own, group) = &self.groups[group];
                        let distance = strsim::osa_distance(&window.letters, own);
                        let terms: Vec<&Term> = group
                            .iter()
                            .map(|&term| &self.terms[term])
                            .filter(|term| rules.accept(&window, term, distance))
                            .collect();
                        if !terms.is_empty() {
                            candidates.push(Candidate {
                                places: (first, last),
                                without_s,
                                source,
                                window: length,
                                distance,
                                terms,
                            });
                        }
                    }
                }
            }
        }
        candidates
    }

    fn substrings(&self, text: &str) -> Vec<Candidate<'_>> {
        let mut folded = Folded::new();
        folded.fold(text);
        let (all, tokens) = fold(text);
        let mut candidates = Vec::new();
        for start in (0..all.len()).filter(|&at| all.is_char_boundary(at)) {
            for end in (start + 1..=all.len()).filter(|&at| all.is_char_boundary(at)) {
                let within = tokens
                    .iter()
                    .any(|token| token.place.0 <= start && end <= token.place.1);
                let from = tokens.iter().position(|token| token.place.0 == start);
                let to = tokens.iter().position(|token| token.place.1 == end);
                let whole = matches!((from, to), (Some(from), Some(to))
                if from <= to && !tokens[from + 1..=to].iter().any(|token| token.breaks));
                let group = self
                    .groups
                    .iter()
                    .find(|(letters, _)| *letters == all[start..end]);
                if let Some((_, terms)) = group.filter(|_| within || whole) {
                    let source = folded.source_of(start..end);
                    candidates.push(Candidate {
                        places: (start, end - 1),
                        without_s: false,
                        source: (source.start, source.end),
                        window: all[start..end].chars().count(),
                        distance: 0,
                        terms: terms.iter().map(|&term| &self.terms[term]).collect(),
                    });
                }
            }
        }
        candidates
    }
}

/// Takes the candidate with the most matched letters (an edit costs two) that overlaps nothing taken.
fn cover(mut candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let worth =
        |c: &Candidate<'_>| 2 * c.distance as i64 - c.terms[0].letters.chars().count() as i64;
    candidates.sort_by_key(|c| (worth(c), c.distance, c.places.0, c.places.1));
    let mut taken: Vec<Candidate<'_>> = Vec::new();
    while !candidates.is_empty() {
        // Of several alike, the one with the first term by id and text, then the one that keeps its s.
        let best = &candidates[0];
        let alike = |c: &Candidate<'_>| {
            (worth(c), c.distance, c.places) == (worth(best), best.distance, best.places)
        };
        let at = (0..candidates.len())
            .filter(|&at| alike(&candidates[at]))
            .min_by_key(|&at| (first_of_group(&candidates[at]), candidates[at].without_s))
            .unwrap();
        let next = candidates.remove(at);
        candidates.retain(|c| c.places.1 < next.places.0 || c.places.0 > next.places.1);
        taken.push(next);
    }
    taken
}

fn first_of_group<'t>(candidate: &Candidate<'t>) -> Option<(i64, &'t str)> {
    let terms = candidate.terms.iter();
    terms.map(|term| (term.id, term.text.as_str())).min()
}
