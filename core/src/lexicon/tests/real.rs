//! The engine against the oracle on real terms and texts, where they are there; and against anchored
//! halves, which stand in for it where brute force is too slow.

use crate::lexicon::oracle::Oracle;
use crate::lexicon::search::Scratch;
use crate::lexicon::settings::{Overlap, TermOptions};
use crate::lexicon::tests::{case, cases, edited, found};
use std::collections::HashSet;
use std::fs::read_to_string;

use proptest::prelude::*;

type Terms = Vec<(i64, String)>;

/// Terms, and lines that are texts good enough.
fn read(set: &str) -> Option<(Terms, Vec<String>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let file = |name: &str| read_to_string(format!("{folder}/{set}/{name}")).ok();
    let (Some(terms), Some(rows)) = (file("terms.csv"), file("input.csv")) else {
        println!("SKIP: {folder}/{set} is not there, so its rows were not searched");
        return None;
    };
    let terms = terms.lines().skip(1).filter_map(|line| {
        let (id, term) = line.split_once(',')?;
        Some((id.parse().ok()?, term.to_owned()))
    });
    let short = rows.lines().filter(|line| line.len() < 120);
    Some((terms.collect(), short.map(str::to_owned).collect()))
}

/// An oracle of these terms, which knows of the word lists what the rows meet.
fn oracle(terms: Terms, rows: &[String]) -> Oracle {
    let text = rows.join(" ").to_lowercase();
    let seen: HashSet<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let met = |words: &mut dyn Iterator<Item = &'static str>| -> Vec<String> {
        words
            .filter(|word| seen.contains(word.to_lowercase().as_str()))
            .map(str::to_owned)
            .collect()
    };
    Oracle {
        common: met(&mut crate::lexicon::english()),
        dictionary: met(&mut crate::lexicon::english_dictionary()),
        terms: terms
            .into_iter()
            .map(|(id, term)| (id, term, TermOptions::default()))
            .collect(),
        ..Oracle::default()
    }
}

#[test]
fn the_engine_equals_the_oracle_on_real_rows() {
    let Some((terms, rows)) = read("brands-small") else {
        return;
    };
    let rows: Vec<String> = rows.into_iter().step_by(20).collect();
    let mut oracle = oracle(terms, &rows);
    let mut scratch = Scratch::new();
    for overlap in [Overlap::Longest, Overlap::All] {
        oracle.settings.overlap = overlap;
        let (lexicon, slow) = (oracle.build(), oracle.prepare());
        let mut mentions = 0;
        for row in &rows {
            let found = found(&lexicon, row, &mut scratch);
            mentions += found.len();
            assert_eq!(found, slow.search(row), "{row}");
        }
        assert!(mentions > 20);
    }
}

/// A term with two edits, others for each number.
fn misspelled(term: &str, number: usize) -> String {
    let edit = |times: usize| number / times % 40 * 6 + 1 + number / times % 4;
    edited(&edited(term, "e", edit(1)), "r", edit(7))
}

/// Each row with four misspelled terms; every row in a long run.
#[test]
fn the_engine_equals_anchored_halves_on_thousands_of_terms() {
    let Some((terms, rows)) = read("brands-medium") else {
        return;
    };
    let step = if std::env::var_os("TERMSTREAM_LONG").is_some() {
        1
    } else {
        50
    };
    let rows = rows.into_iter().enumerate().step_by(step);
    let rows: Vec<String> = rows
        .map(|(number, row)| {
            let numbers = 4 * number..4 * number + 4;
            let term = |number: usize| &terms[number * 7919 % terms.len()].1;
            let misspelled = numbers.map(|number| misspelled(term(number), number));
            format!("{row}, {}", misspelled.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let mut oracle = oracle(terms, &rows);
    // As learned: the words of every other row.
    oracle.learned = rows.iter().step_by(2).cloned().collect();
    oracle.settings.overlap = Overlap::All;
    let (lexicon, slow) = (oracle.build(), oracle.prepare().by_halves());
    let mut scratch = Scratch::new();
    let mut fuzzy = 0;
    for row in &rows {
        let found = found(&lexicon, row, &mut scratch);
        fuzzy += found.iter().filter(|one| one.distance > 0).count();
        assert_eq!(found, slow.search(row), "{row}");
    }
    assert!(fuzzy > rows.len(), "{fuzzy} misspelled mentions");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases() / 4))]

    #[test]
    fn anchored_halves_lose_nothing((mut oracle, texts) in case("[ab]{1,7}", "[ ]{0,1}")) {
        for term in &mut oracle.terms {
            term.2.max_distance = None;
        }
        let (all, halves) = (oracle.prepare(), oracle.prepare().by_halves());
        for text in &texts {
            prop_assert_eq!(all.search(text), halves.search(text), "text {:?} of {:?}", text, oracle);
        }
    }
}
