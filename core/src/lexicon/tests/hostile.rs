//! Hostile terms and documents: what a lexicon takes to build and to store grows with its terms and with
//! nothing else, and building it can be stopped at any time. Steps are counted, not timed.

use std::cell::Cell;

use crate::bounds::{EVERY, Interrupts};
use crate::lexicon::build::{Builder, Learner};
use crate::lexicon::parts::Lexicon;
use crate::lexicon::search::Scratch;
use crate::lexicon::settings::{Settings, TermOptions};

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

/// Counts how often it is asked.
fn counting() -> Interrupts {
    Interrupts::new(|| ASKED.set(ASKED.get() + 1))
}

fn build(terms: impl Iterator<Item = String>) -> Lexicon {
    let mut builder = Builder::new(Settings::default()).interrupted_by(counting());
    for (id, term) in (1..).zip(terms) {
        builder.add(id, &term, TermOptions::default()).unwrap();
    }
    builder.finish().unwrap()
}

/// Random letters: `words` of `length` each to a term.
fn random(count: usize, words: usize, length: usize) -> impl Iterator<Item = String> {
    let mut state = 1u64;
    let mut letter = move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        char::from(b'a' + ((state >> 33) % 26) as u8)
    };
    (0..count).map(move |_| {
        let words = (0..words).map(|_| (0..length).map(|_| letter()).collect::<String>());
        words.collect::<Vec<_>>().join(" ")
    })
}

/// One word of 192 letters, and the same number of letters in ever shorter words.
const SHAPES: [(usize, usize); 5] = [(1, 192), (12, 16), (32, 6), (96, 2), (192, 1)];

#[test]
fn a_lexicon_stores_what_its_terms_justify() {
    for (words, length) in SHAPES {
        let terms: Vec<String> = random(4_000, words, length).collect();
        let written: usize = terms.iter().map(String::len).sum();
        let lexicon = build(terms.iter().cloned());
        let stored = lexicon.to_bytes().len();
        assert!(
            stored <= 16 * written,
            "{words} words of {length}: {stored} for {written}"
        );
        let mut scratch = Scratch::new();
        let found = lexicon.search(&terms[7], &mut scratch);
        assert_eq!(found.len(), 1, "{}", terms[7]);
    }
}

#[test]
fn misspelled_terms_of_many_words_are_found() {
    let terms: Vec<String> = random(2_000, 20, 6).collect();
    let lexicon = build(terms.iter().cloned());
    let mut scratch = Scratch::new();
    for term in terms.iter().step_by(100) {
        let misspelled = format!("{}q{}", &term[..3], &term[4..]);
        let found = lexicon.search(&misspelled, &mut scratch);
        assert!(
            found.len() == 1 && found[0].distance <= 1,
            "{misspelled}: {found:?}"
        );
    }
}

/// The questions that building asks, for so many terms of a shape.
fn questions(count: usize, (words, length): (usize, usize)) -> usize {
    ASKED.set(0);
    build(random(count, words, length));
    ASKED.get()
}

#[test]
fn building_asks_often_enough_and_in_proportion() {
    for shape in SHAPES {
        let (few, many) = (questions(2_000, shape), questions(20_000, shape));
        // Each term is some ten steps: of adding it, and of the tables it stands in.
        assert!(many * EVERY as usize >= 20_000 * 8, "{shape:?}: {many}");
        assert!(
            many <= 12 * few && few <= many,
            "{shape:?}: {few}, then {many}"
        );
    }
}

#[test]
fn a_term_beyond_what_a_term_may_have_is_skipped_before_it_is_folded() {
    let mut builder = Builder::new(Settings::default());
    let long = "x".repeat(64 << 20);
    let added = builder.add(1, &long, TermOptions::default());
    assert_eq!(added, Ok(crate::lexicon::Added::TooLong));
    builder
        .common_words(std::iter::once(long.as_str()))
        .unwrap();
    let lexicon = builder.finish().unwrap();
    assert_eq!((lexicon.terms(), lexicon.skipped()), (0, 1));
}

/// A cancelled build unwinds from wherever it is.
#[test]
fn building_can_be_stopped_anywhere() {
    thread_local! {
        static LEFT: Cell<usize> = const { Cell::new(0) };
    }
    let stop = || match LEFT.get().checked_sub(1) {
        Some(left) => LEFT.set(left),
        None => std::panic::resume_unwind(Box::new("cancelled")),
    };
    let all = questions(20_000, (2, 6));
    // How often a sort asks depends on the order in which it meets the words.
    for after in (0..all - all / 20).step_by(9) {
        LEFT.set(after);
        let stopped = std::panic::catch_unwind(|| {
            let mut builder =
                Builder::new(Settings::default()).interrupted_by(Interrupts::new(stop));
            for (id, term) in (1..).zip(random(20_000, 2, 6)) {
                builder.add(id, &term, TermOptions::default()).unwrap();
            }
            builder.finish().map(|_| ())
        });
        assert!(stopped.is_err(), "after {after} of {all}");
    }
}

#[test]
fn learning_keeps_what_it_may_and_drops_the_rarest() {
    ASKED.set(0);
    let mut learner = Learner::interrupted_by(counting());
    // Twice as many words as are kept, each in two documents, and one that is in all.
    let word = |number: usize| format!("w{number:x} ");
    for part in 0..42 {
        let words = (part * 100_000..(part + 1) * 100_000).map(word);
        let document = words.chain(["kept".to_owned()]).collect::<String>();
        learner.learn(&document).unwrap();
        learner.learn(&document).unwrap();
    }
    let kept: Vec<(&str, u32)> = learner.words().collect();
    assert!(kept.len() <= 1 << 21, "{}", kept.len());
    assert!(kept.contains(&("kept", 84)));
    // A step for each word, and few for what was looked through again.
    assert!((8_400..40_000).contains(&ASKED.get()), "{}", ASKED.get());
}

#[test]
fn a_document_of_a_hundred_megabytes_of_words_is_learned_within_bounds() {
    let mut learner = Learner::default();
    let long: String = random(520_000, 1, 200).map(|word| word + " ").collect();
    learner.learn(&long).unwrap();
    assert!(learner.held_bytes() <= 64 << 20);
}

#[test]
fn changes_of_many_terms_of_the_same_letters_are_linear() {
    let count = 20_000;
    let mut builder = Builder::new(Settings::default());
    for id in 0..count {
        builder.add(id, "pepsi", TermOptions::default()).unwrap();
    }
    let base = builder.finish().unwrap();
    let removed = (0..count).map(|id| (id, "pepsi".to_owned(), TermOptions::default()));
    let delta = crate::lexicon::Delta {
        removed: removed.collect(),
        ..crate::lexicon::Delta::default()
    };
    ASKED.set(0);
    let empty = base.with_delta(delta, &counting()).unwrap();
    assert_eq!(empty.terms(), 0);
    assert!(
        ASKED.get() * (EVERY as usize) < 10 * count as usize,
        "{}",
        ASKED.get()
    );
}
