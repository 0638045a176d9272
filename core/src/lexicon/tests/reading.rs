//! A long text read stretch by stretch against the same text read at once.

use std::cell::Cell;
use std::ops::ControlFlow;

use proptest::prelude::*;

use crate::bounds::Interrupts;
use crate::lexicon::build::Builder;
use crate::lexicon::delta::Delta;
use crate::lexicon::explain::Verdict;
use crate::lexicon::parts::Lexicon;
use crate::lexicon::search::Size;
use crate::lexicon::search::{Mention, Scratch};
use crate::lexicon::settings::{Overlap, Settings, TermOptions};
use crate::lexicon::tests::{case, cases};

/// Reads as much at a time as there is.
const WHOLE: Size = Size {
    words: 1 << 24,
    letters: 1 << 28,
    candidates: usize::MAX,
};
/// Reads so little at a time that some stretches settle nothing.
const LITTLE: Size = Size {
    words: 1,
    letters: 1,
    candidates: 4,
};

/// Finds more than it may at first, and reads less.
const FULL: Size = Size {
    words: 512,
    letters: 1024,
    candidates: 60,
};

fn found(lexicon: &Lexicon, text: &str, overlap: Overlap, size: Size) -> Vec<Mention> {
    let mut scratch = Scratch::new();
    scratch.size = size;
    lexicon
        .search_overlapping(text, overlap, &mut scratch)
        .to_vec()
}

fn stretches_equal_whole(lexicon: &Lexicon, text: &str) -> Result<(), TestCaseError> {
    for overlap in [Overlap::Longest, Overlap::Nested, Overlap::All] {
        let whole = found(lexicon, text, overlap, WHOLE);
        for size in [LITTLE, FULL, Size::default()] {
            let own = found(lexicon, text, overlap, size);
            let differs = own.iter().zip(&whole).find(|(own, whole)| own != whole);
            prop_assert_eq!(differs, None, "{:?} in {:?}", overlap, text);
            prop_assert_eq!(own.len(), whole.len(), "{:?} in {:?}", overlap, text);
        }
        let mut scratch = Scratch::new();
        let any = lexicon.is_match(text, &Interrupts::default(), &mut scratch);
        prop_assert_eq!(any, Ok(!whole.is_empty()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases() / 4))]

    #[test]
    fn stretches_have_the_mentions_of_the_whole((oracle, texts) in case("[a-c]{1,3}|[a-c]{1,4}[12]|&", " |, |\u{1f}|'s |")) {
        let lexicon = oracle.build();
        let text = texts.concat();
        stretches_equal_whole(&lexicon, &text.repeat(12_000 / text.len().max(1)))?;
    }

    #[test]
    fn stretches_of_any_script_have_them((oracle, texts) in case("[aé½ﬁ]{1,3}|[ลำ牛カ]{1,3}|[дb2]{1,4}", " |-||'|\u{1f}")) {
        let lexicon = oracle.build();
        let text = texts.concat();
        stretches_equal_whole(&lexicon, &text.repeat(12_000 / text.len().max(1)))?;
    }
}

fn lexicon(terms: &[&str], settings: Settings) -> Lexicon {
    let mut builder = Builder::new(settings);
    for (id, term) in (0..).zip(terms) {
        builder.add(id, term, TermOptions::default()).unwrap();
    }
    builder.finish().unwrap()
}

/// Which candidate stays is decided far behind it, where each is better than the one on its left.
#[test]
fn a_chain_of_doubts_is_settled_as_in_the_whole() {
    let letter = |n: usize| {
        char::from(b'a' + (n % 26) as u8)
            .to_string()
            .repeat(2 + n / 26)
    };
    let terms: Vec<String> = (0..100)
        .map(|n| format!("{} {}{}", letter(n), letter(n + 1), " x".repeat(n % 3)))
        .collect();
    let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
    let text: String = (0..3000).map(|n| letter(n % 101) + " ").collect();
    for whole_words in [true, false] {
        let settings = Settings {
            whole_words,
            ..Settings::default()
        };
        stretches_equal_whole(&lexicon(&terms, settings), &text).unwrap();
    }
}

/// Candidates that are dropped, of removed terms or of what stands before a stretch, do not hide that there
/// were too many to look for all.
#[test]
fn too_many_candidates_are_noticed_whatever_becomes_of_them() {
    for whole_words in [true, false] {
        let settings = Settings {
            whole_words,
            ..Settings::default()
        };
        let base = lexicon(&["aa", "bb", "aa bb", "bb aa", "aa bb aa"], settings);
        let removed = [(0, "aa"), (1, "bb"), (3, "bb aa")];
        let options = TermOptions::default();
        let delta = Delta {
            added: vec![(9, "bb aa bb".to_owned(), options)],
            removed: removed
                .map(|(id, term)| (id, term.to_owned(), options))
                .to_vec(),
        };
        let changed = base.with_delta(delta, &Interrupts::default()).unwrap();
        let text = "aa bb, aa  bb aa ".repeat(700);
        stretches_equal_whole(&base, &text).unwrap();
        stretches_equal_whole(&changed, &text).unwrap();
    }
}

/// Nothing is explained twice or left out where pieces meet.
#[test]
fn a_long_text_is_explained_as_its_parts_are() {
    let lexicon = lexicon(
        &["pepsi", "pepsi max", "max", "coca cola"],
        Settings::default(),
    );
    let part = "one pepsi max and a pespi, coca colla zero or coca-cola\u{1f}";
    let row = |one: &crate::lexicon::Explained, base: usize| {
        let verdict = one.verdict;
        (
            one.term,
            one.start - base,
            one.end - base,
            one.distance,
            verdict,
        )
    };
    let of_part: Vec<_> = lexicon
        .explain(part)
        .iter()
        .map(|one| row(one, 0))
        .collect();
    let accepted = of_part.iter().filter(|one| one.4 == Verdict::Accepted);
    assert_eq!(accepted.count(), 4, "{of_part:?}");
    let explained = lexicon.explain(&part.repeat(500));
    assert_eq!(explained.len(), 500 * of_part.len());
    for (number, rows) in explained.chunks(of_part.len()).enumerate() {
        let rows: Vec<_> = rows
            .iter()
            .map(|one| row(one, number * part.len()))
            .collect();
        assert_eq!(rows, of_part, "part {number}");
    }
}

#[test]
fn a_search_ends_when_it_is_told_to_and_finds_all_the_next_time() {
    let lexicon = lexicon(&["pepsi", "coca cola"], Settings::default());
    let text = "pepsi and coca colla, ".repeat(5000);
    let mut scratch = Scratch::new();
    let mut seen = 0;
    lexicon
        .each_mention(
            &text,
            Overlap::Longest,
            &Interrupts::default(),
            &mut scratch,
            |_| {
                seen += 1;
                match seen {
                    7 => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                }
            },
        )
        .unwrap();
    assert_eq!(seen, 7);
    assert_eq!(lexicon.search(&text, &mut scratch).len(), 10_000);
}

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(0) };
}

/// An interrupt unwinds from wherever it is asked for; the buffers then serve another lexicon.
#[test]
fn buffers_of_an_interrupted_search_are_as_good_as_new() {
    let base = lexicon(
        &["pepsi", "coca cola", "cola nut", "fanta"],
        Settings::default(),
    );
    let other = lexicon(&["papsi", "cocoa", "panta"], Settings::default());
    let text = "pepsi, a coka cola nut and fantta or copa cole ".repeat(400);
    let expected = found(&other, &text, Overlap::All, WHOLE);
    let mut scratch = Scratch::new();
    for left in 0..40 {
        LEFT.set(left);
        let interrupts = Interrupts::new(|| match LEFT.get().checked_sub(1) {
            Some(left) => LEFT.set(left),
            None => std::panic::resume_unwind(Box::new("interrupted")),
        });
        let search = std::panic::AssertUnwindSafe(|| base.is_match("x", &interrupts, &mut scratch));
        drop(std::panic::catch_unwind(search));
        let search = std::panic::AssertUnwindSafe(|| {
            base.each_mention(&text, Overlap::All, &interrupts, &mut scratch, |_| {
                ControlFlow::Continue(())
            })
        });
        drop(std::panic::catch_unwind(search));
        let own = other.search_overlapping(&text, Overlap::All, &mut scratch);
        assert_eq!(own, expected, "interrupted after {left}");
    }
}

/// Words that are misspellings of nothing here, and of a term there. Which those are is written down when
/// all were looked at, and the interrupt comes before.
#[test]
fn what_an_interrupted_search_has_learned_of_words_says_nothing_about_another_lexicon() {
    let base = lexicon(&["pepsi"], Settings::default());
    let other = lexicon(&["mississippi"], Settings::default());
    let changed = |place: usize, letter: char| {
        let mut word: Vec<char> = "mississippi".chars().collect();
        word[place] = letter;
        word
    };
    let text: String = (0..11 * 26 * 10)
        .map(|n| {
            let mut word = changed(n % 11, char::from(b'a' + (n / 11 % 26) as u8));
            word[(n % 11 + 1 + n / 11 / 26) % 11] = 'z';
            word.into_iter().collect::<String>() + "\u{1f}"
        })
        .collect();
    let expected = found(&other, &text, Overlap::All, WHOLE);
    assert!(expected.len() > 2000, "{}", expected.len());
    let mut scratch = Scratch::new();
    LEFT.set(1);
    let interrupts = Interrupts::new(|| match LEFT.get().checked_sub(1) {
        Some(left) => LEFT.set(left),
        None => std::panic::resume_unwind(Box::new("interrupted")),
    });
    let search = std::panic::AssertUnwindSafe(|| base.is_match(&text, &interrupts, &mut scratch));
    assert!(std::panic::catch_unwind(search).is_err());
    for time in ["first", "second"] {
        let own = other.search_overlapping(&text, Overlap::All, &mut scratch);
        assert_eq!(own.len(), expected.len(), "the {time} time");
        assert!(own == expected, "the {time} time");
    }
}

/// A sign of several words is one place where a stretch may end.
#[test]
fn a_mention_that_reaches_behind_its_stretch_keeps_its_places() {
    let lexicon = lexicon(&["pepsi 1", "1", "2 x y z"], Settings::default());
    let text = "pepsi ½ x y z, ".repeat(100);
    // Stretches end at any of its words.
    for words in 0..12 {
        let text = "q ".repeat(words) + &text;
        let whole = found(&lexicon, &text, Overlap::Longest, WHOLE);
        assert_eq!(whole.len(), 200);
        let own = found(&lexicon, &text, Overlap::Longest, LITTLE);
        assert!(own == whole, "behind {words} words: {} mentions", own.len());
    }
}
