//! Hostile texts: the work a search does grows with the text and with nothing else. Work is counted,
//! not timed; so is what is done between two questions whether to go on.

use std::cell::Cell;
use std::ops::ControlFlow;

use crate::bounds::Interrupts;
use crate::lexicon::build::Builder;
use crate::lexicon::parts::Lexicon;
use crate::lexicon::search::Scratch;
use crate::lexicon::settings::{Overlap, Settings, TermOptions};
use crate::lexicon::work;

/// The work of a search in so many repetitions of a piece.
fn work(piece: &str, times: usize) -> usize {
    let mut builder = Builder::new(Settings::default());
    for (id, term) in [
        "xqxq",
        "xqxqxqxqx",
        "qqqqqqqqqqqq",
        "xqz",
        "qxqxqxqxqxqxqxqx",
    ]
    .iter()
    .enumerate()
    {
        builder
            .add(id as i64, term, TermOptions::default())
            .unwrap();
    }
    builder
        .add(9, &"xq".repeat(100), TermOptions::default())
        .unwrap();
    let lexicon = builder.finish().unwrap();
    let before = work::done();
    lexicon.search(&piece.repeat(times), &mut Scratch::new());
    work::done() - before
}

/// Ten times the text is a little more than ten times the work: the last words begin fewer windows.
#[test]
fn the_work_of_a_search_grows_with_the_text_and_not_faster() {
    let long = format!("{} ", "qx".repeat(99));
    let joined = "qxqxqxqxqx'";
    for piece in [
        "x q ",
        "xq ",
        "x's ",
        "xqxxq xqq ",
        "xqxqxqxq",
        "q",
        long.as_str(),
        joined,
    ] {
        let (few, many) = (work(piece, 1000), work(piece, 10_000));
        assert!(many <= 11 * few + 100, "{piece:?}: {few}, then {many}");
    }
    assert!(work("x q ", 300) > 300, "the work is counted");
}

/// A window of more letters than are packed costs a measurement with each term, and a text may repeat it.
#[test]
fn windows_of_many_letters_are_compared_once() {
    let mut builder = Builder::new(Settings::default());
    builder
        .add(1, &"and ".repeat(19), TermOptions::default())
        .unwrap();
    let lexicon = builder.finish().unwrap();
    let mut scratch = Scratch::new();
    let text = format!("{}adn ", "and ".repeat(18)).repeat(50);
    let mut work = || {
        let before = work::done();
        let found = lexicon.search(&text, &mut scratch).to_vec();
        (found, work::done() - before)
    };
    let ((found, first), (again, second)) = (work(), work());
    assert!(
        !found.is_empty() && second < first,
        "{first}, then {second}"
    );
    assert_eq!(again, found);
}

thread_local! {
    /// The work when it was last asked, and the most that was done between two questions.
    static LAST: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

fn asked() {
    let (last, most) = LAST.get();
    LAST.set((work::done(), most.max(work::done() - last)));
}

fn hostile(settings: Settings) -> Lexicon {
    let mut builder = Builder::new(settings);
    let nested = (1..=100).map(|n| "x".repeat(n));
    let names = [
        "pepsi",
        "coca cola",
        "qxqx",
        "xqz",
        "é",
        "牛乳",
        "a b",
        "b a",
        "1a",
    ];
    let spaced = (2..=20).map(|n| "y ".repeat(n));
    let terms = nested.chain(spaced).chain(names.map(str::to_owned));
    for (id, term) in (0..).zip(terms) {
        builder.add(id, &term, TermOptions::default()).unwrap();
    }
    builder.finish().unwrap()
}

/// Work for each KB, and the most between two questions, of all that is done with a text.
fn cost(lexicon: &Lexicon, text: &str, overlap: Overlap) -> (f64, usize) {
    let before = work::done();
    LAST.set((before, 0));
    let (interrupts, mut scratch) = (Interrupts::new(asked), Scratch::new());
    let all = |_: &crate::lexicon::Mention| ControlFlow::Continue(());
    lexicon
        .each_mention(text, overlap, &interrupts, &mut scratch, all)
        .unwrap();
    asked();
    let work = work::done() - before;
    (work as f64 / (text.len() as f64 / 1024.0), LAST.get().1)
}

const TEXTS: [&str; 15] = [
    "pepsi and some other words here, ",
    "pespi coca-colla ",
    "x ",
    "y ",
    "x",
    "a b ",
    "!",
    " ",
    "e\u{301}",
    "\u{301}",
    "牛乳",
    "1a",
    "it's ",
    "\u{1f}",
    "qxqxqxqx-qxq ",
];

/// What is found out about a text that has too many candidates to be read at once.
const ONCE: f64 = 60_000.0;

/// From 1 KB on a text costs twice as much for each KB at the most, and half as much at the least; and a
/// cancel is heard.
fn costs_are_even(texts: &[&str], most: usize) {
    for settings in [true, false].map(|whole_words| Settings {
        whole_words,
        ..Settings::default()
    }) {
        let lexicon = hostile(settings);
        for text in texts {
            for overlap in [Overlap::Longest, Overlap::Nested, Overlap::All] {
                let of = |bytes: usize| cost(&lexicon, &text.repeat(bytes / text.len()), overlap);
                let (many, between) = of(most);
                for bytes in [1 << 10, 4 << 10] {
                    let (few, _) = of(bytes);
                    let once = ONCE / (bytes >> 10) as f64;
                    let is_even = few <= 2.0 * many + once && many <= 2.0 * few + 20.0;
                    assert!(
                        is_even,
                        "{text:?}, {overlap}: {few} a KB of {bytes} bytes, {many} of {most}"
                    );
                    assert!(between < 400_000, "{text:?}, {overlap}: {between} at once");
                }
            }
        }
    }
}

#[test]
fn every_text_costs_what_its_length_justifies_and_hears_interrupts() {
    costs_are_even(&TEXTS, 16 << 10);
}

/// 16 MB, or with `TERMSTREAM_LONG` 64.
#[test]
fn texts_of_many_megabytes_do() {
    let is_long = std::env::var_os("TERMSTREAM_LONG").is_some();
    let most = if is_long { 64 << 20 } else { 16 << 20 };
    costs_are_even(&["!", " ", "pepsi and some other words here, "], most);
}

/// Explaining compares each window with each term: more work, but as even.
#[test]
fn an_explained_text_costs_what_its_length_justifies_and_hears_interrupts() {
    let lexicon = hostile(Settings::default());
    for text in TEXTS {
        let of = |bytes: usize| {
            let before = work::done();
            LAST.set((before, 0));
            let interrupts = Interrupts::new(asked);
            lexicon
                .each_explained(&text.repeat(bytes / text.len()), &interrupts, |_| ())
                .unwrap();
            asked();
            (
                (work::done() - before) as f64 / (bytes as f64 / 1024.0),
                LAST.get().1,
            )
        };
        let (least, _) = of(2 << 10);
        let (most, between) = of(32 << 10);
        assert!(
            most <= 2.0 * least + 100.0,
            "{text:?}: {least} a KB, then {most}"
        );
        assert!(between < 400_000, "{text:?}: {between} at once");
    }
}

/// A lexicon may be hostile, too: here each place of the text is held against most of its terms, which all
/// begin alike. A cancel is heard among the terms of a place.
#[test]
fn a_text_near_most_terms_hears_interrupts() {
    let mut builder = Builder::new(Settings::default());
    for id in 0..8192i64 {
        let letter = |bit: i32| if id >> bit & 1 == 1 { "a" } else { "b" };
        let term = (0..17).map(letter).collect::<Vec<_>>().join(" ");
        builder.add(id, &term, TermOptions::default()).unwrap();
    }
    let lexicon = builder.finish().unwrap();
    let text = "ab ba ".repeat(40);
    let (of_each, between) = cost(&lexicon, &text, Overlap::All);
    let all = of_each * text.len() as f64 / 1024.0;
    assert!(all > 1e6, "{all} in all");
    assert!(between < 400_000, "{between} at once");
}
