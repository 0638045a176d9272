//! A lexicon with a delta against one compiled from the whole.

use proptest::prelude::*;

use crate::bounds::Interrupts;
use crate::lexicon::build::{Added, Builder};
use crate::lexicon::delta::Delta;
use crate::lexicon::error::LexiconError;
use crate::lexicon::explain::Verdict;
use crate::lexicon::oracle::Oracle;
use crate::lexicon::parts::Lexicon;
use crate::lexicon::rules::Rule;
use crate::lexicon::search::{Kind, Scratch};
use crate::lexicon::settings::{Settings, TermOptions};
use crate::lexicon::tests::{case, cases, options};

type Term = (i64, String, TermOptions);

/// All of a mention but the number of its term.
fn found(
    lexicon: &Lexicon,
    text: &str,
    scratch: &mut Scratch,
) -> Vec<(usize, usize, i64, String, u8, Kind, f32)> {
    let mention = |m: &crate::lexicon::Mention| {
        let text = lexicon.term_text(m.term).to_owned();
        (
            m.start,
            m.end,
            lexicon.term_id(m.term),
            text,
            m.distance,
            m.kind,
            m.similarity,
        )
    };
    lexicon.search(text, scratch).iter().map(mention).collect()
}

fn explained(lexicon: &Lexicon, text: &str) -> Vec<(usize, usize, i64, String, u8, &'static str)> {
    let row = |one: &crate::lexicon::Explained| {
        let text = lexicon.term_text(one.term).to_owned();
        let id = lexicon.term_id(one.term);
        (
            one.start,
            one.end,
            id,
            text,
            one.distance,
            one.verdict.as_str(),
        )
    };
    // A window beyond the edits of the term itself is named only if a term of the same letters that
    // was compiled with it allows more.
    let within = |one: &&crate::lexicon::Explained| one.verdict != Verdict::Refused(Rule::Edits);
    let mut rows: Vec<_> = lexicon
        .explain(text)
        .iter()
        .filter(within)
        .map(row)
        .collect();
    rows.sort();
    rows
}

/// Terms of a base, what comes and goes, and what is left, from one fate for each term.
fn fates(terms: &[Term], fates: &[(u8, TermOptions)]) -> (Vec<Term>, Delta, Vec<Term>) {
    let (mut base, mut delta, mut whole) = (Vec::new(), Delta::default(), Vec::new());
    for (term, (fate, options)) in terms.iter().zip(fates) {
        let other = (term.0, term.1.clone(), *options);
        // Times in the base, added, removed.
        let (before, more, fewer) = match fate {
            0 | 1 => (1, 0, 0),
            2 | 3 => (1, 0, 1),
            4 | 5 => (0, 1, 0),
            6 => (1, 1, 0),
            7 => (2, 0, 1),
            8 => (3, 1, 4),
            9 => (0, 2, 1),
            10 => (0, 1, 1),
            _ => {
                delta.added.push(other.clone());
                whole.push(other);
                (1, 0, 1)
            }
        };
        let repeat = |times: usize| std::iter::repeat_n(term.clone(), times);
        base.extend(repeat(before));
        delta.added.extend(repeat(more));
        delta.removed.extend(repeat(fewer));
        whole.extend(repeat(before + more - fewer));
    }
    (base, delta, whole)
}

fn delta_equals_whole(
    oracle: &Oracle,
    texts: &[String],
    plan: &[(u8, TermOptions)],
) -> Result<(), TestCaseError> {
    let (base, delta, mut whole) = fates(&oracle.terms, plan);
    let of = |terms: Vec<Term>| Oracle {
        terms,
        ..oracle.clone()
    };
    whole.reverse();
    let base = of(base).build();
    let compiled = of(whole).build();
    let one = base
        .with_delta(delta.clone(), &Interrupts::default())
        .unwrap();
    let added = Delta {
        added: delta.added.clone(),
        ..Delta::default()
    };
    let removed = Delta {
        removed: delta.removed.clone(),
        ..Delta::default()
    };
    let first = base.with_delta(added, &Interrupts::default()).unwrap();
    let two = first.with_delta(removed, &Interrupts::default()).unwrap();
    let mut scratch = Scratch::new();
    for with in [&one, &two] {
        prop_assert_eq!(with.terms(), compiled.terms());
        prop_assert_eq!(with.skipped(), compiled.skipped());
        let sorted = |ids: &[i64]| {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids
        };
        prop_assert_eq!(sorted(with.skipped_ids()), sorted(compiled.skipped_ids()));
    }
    for text in texts.iter().chain(texts) {
        // One scratch for all, so that what it remembers of one must not leak into another.
        let expected = found(&compiled, text, &mut scratch);
        for with in [&one, &two] {
            found(&base, text, &mut scratch);
            found(&first, text, &mut scratch);
            prop_assert_eq!(explained(with, text), explained(&compiled, text));
            let found = found(with, text, &mut scratch);
            prop_assert_eq!(
                &found,
                &expected,
                "text {:?}, delta {:?}, of {:?}",
                text,
                delta,
                oracle
            );
        }
    }
    Ok(())
}

fn plan() -> impl Strategy<Value = Vec<(u8, TermOptions)>> {
    prop::collection::vec((0u8..13, options()), 12)
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(2 * cases()) })]

    #[test]
    fn a_delta_equals_the_whole_on_two_letters((oracle, texts) in case("[ab]{1,12}", "[ ]{0,1}"), plan in plan()) {
        delta_equals_whole(&oracle, &texts, &plan)?;
    }

    #[test]
    fn a_delta_equals_the_whole_on_few_words(
        (oracle, texts) in case("(coca|cola|colla|Coca|zero|cocoa)", "( |'s |-|\u{1f}|)"), plan in plan()
    ) {
        delta_equals_whole(&oracle, &texts, &plan)?;
    }

    #[test]
    fn a_delta_equals_the_whole_on_digits_and_marks(
        (oracle, texts) in case("[abs12&!]{1,7}(&[ab]{1,2}|'s|)", "( |'s |\u{1f}|)"), plan in plan()
    ) {
        delta_equals_whole(&oracle, &texts, &plan)?;
    }

    #[test]
    fn a_delta_equals_the_whole_beyond_ascii(
        (oracle, texts) in case("[aéßıжЖİ水茶ก½\u{301}']{1,8}", "( |'s |\u{1f}|)"), plan in plan()
    ) {
        delta_equals_whole(&oracle, &texts, &plan)?;
    }
}

fn lexicon(terms: &[&str]) -> Lexicon {
    let mut builder = Builder::new(Settings::default());
    builder.common_words(crate::lexicon::english()).unwrap();
    for (id, term) in (0..).zip(terms) {
        builder.add(id, term, TermOptions::default()).unwrap();
    }
    builder.finish().unwrap()
}

fn term(id: i64, text: &str) -> Term {
    (id, text.to_owned(), TermOptions::default())
}

fn ids(lexicon: &Lexicon, text: &str) -> Vec<i64> {
    let mut scratch = Scratch::new();
    found(lexicon, text, &mut scratch)
        .iter()
        .map(|m| m.2)
        .collect()
}

#[test]
fn a_word_that_a_delta_brings_is_no_misspelling_any_more_and_one_that_it_takes_is() {
    let base = lexicon(&["Kellogg", "Pepsi"]);
    assert_eq!(ids(&base, "kellogs pepsy"), [0, 1]);
    let added = Delta {
        added: vec![term(7, "Kellogs Farm")],
        ..Delta::default()
    };
    let with = base.with_delta(added, &Interrupts::default()).unwrap();
    assert_eq!(ids(&with, "kellogs pepsy kelloggs farm"), [1, 7]);
    let removed = Delta {
        removed: vec![term(7, "Kellogs Farm")],
        ..Delta::default()
    };
    let again = with.with_delta(removed, &Interrupts::default()).unwrap();
    assert_eq!(ids(&again, "kellogs pepsy"), [0, 1]);
    let removed = Delta {
        removed: vec![term(0, "Kellogg")],
        ..Delta::default()
    };
    assert_eq!(
        ids(
            &base.with_delta(removed, &Interrupts::default()).unwrap(),
            "kellogs pepsy"
        ),
        [1]
    );
    assert_eq!(ids(&base, "kellogs pepsy"), [0, 1]);
}

#[test]
fn of_terms_alike_in_base_and_delta_the_first_by_id_and_text_is_found() {
    let base = lexicon(&["", "", "colla coca"]);
    for (id, expected) in [(1, 1), (3, 2)] {
        let added = vec![term(id, "Coca cocoa")];
        let delta = Delta {
            added,
            ..Delta::default()
        };
        assert_eq!(
            ids(
                &base.with_delta(delta, &Interrupts::default()).unwrap(),
                "colacoco"
            ),
            [expected]
        );
    }
}

#[test]
fn a_term_that_is_not_there_cannot_be_removed() {
    let base = lexicon(&["Kellogg", "Pepsi", "Pepsi", "&"]);
    let refused = |removed: &[Term]| {
        let removed = removed.to_vec();
        base.with_delta(
            Delta {
                removed,
                ..Delta::default()
            },
            &Interrupts::default(),
        )
        .err()
    };
    let unknown = |text: &str| Some(LexiconError::UnknownTerm(text.to_owned()));
    assert_eq!(refused(&[term(1, "pepsi")]), unknown("pepsi"));
    assert_eq!(refused(&[term(0, "Pepsi")]), unknown("Pepsi"));
    assert_eq!(
        refused(&[term(1, "Pepsi"), term(1, "Pepsi")]),
        unknown("Pepsi")
    );
    assert_eq!(refused(&[term(3, "&"), term(3, "&")]), unknown("&"));
    assert_eq!(refused(&[term(3, "&"), term(1, "Pepsi")]), None);
}

#[test]
fn a_lexicon_says_what_it_skipped() {
    let mut builder = Builder::new(Settings::default());
    builder.skip(None);
    builder.skip(Some(9));
    builder.add(4, "Pepsi", TermOptions::default()).unwrap();
    for id in 0..120 {
        builder
            .add(
                1000 + id,
                if id % 2 == 0 { "?!" } else { "" },
                TermOptions::default(),
            )
            .unwrap();
    }
    builder
        .add(5, &"x".repeat(201), TermOptions::default())
        .unwrap();
    let built = builder.finish().unwrap();
    let lexicon = Lexicon::from_bytes(built.to_bytes(), &Interrupts::default()).unwrap();
    assert_eq!((lexicon.terms(), lexicon.skipped()), (1, 123));
    let expected: Vec<i64> = std::iter::once(9).chain(1000..1099).collect();
    assert_eq!(lexicon.skipped_ids(), expected);
    let delta = Delta {
        added: vec![term(6, "!")],
        removed: vec![term(1000, "?!"), term(1001, "")],
    };
    let with = lexicon.with_delta(delta, &Interrupts::default()).unwrap();
    assert_eq!((with.terms(), with.skipped()), (1, 122));
    let expected: Vec<i64> = std::iter::once(9).chain(1002..1099).chain([6]).collect();
    assert_eq!(with.skipped_ids(), expected);
}

#[test]
fn a_delta_equals_the_whole_on_real_terms() {
    let folder = std::path::Path::new("../shared/data/brands-small");
    let read = |file: &str| csv::Reader::from_path(folder.join(file)).ok();
    let (Some(mut terms), Some(mut input)) = (read("terms.csv"), read("input.csv")) else {
        println!("skipped: no {}", folder.display());
        return;
    };
    let terms: Vec<Term> = terms
        .deserialize()
        .map(|row| row.unwrap())
        .map(|(id, text): (i64, String)| term(id, &text))
        .collect();
    let rows: Vec<csv::StringRecord> = input.records().map(|row| row.unwrap()).collect();
    let of = |terms: &[Term]| {
        let mut builder = Builder::new(Settings::default());
        builder.common_words(crate::lexicon::english()).unwrap();
        builder
            .dictionary(crate::lexicon::english_dictionary())
            .unwrap();
        rows.iter().for_each(|row| builder.learn(&row[1]).unwrap());
        terms.iter().for_each(|(id, text, options)| {
            assert_eq!(builder.add(*id, text, *options), Ok(Added::Yes))
        });
        builder.finish().unwrap()
    };
    let mut scratch = Scratch::new();
    let mut mentions = 0;
    for step in [2, 3, 7] {
        let plan: Vec<(u8, TermOptions)> = (0..terms.len())
            .map(|i| {
                (
                    if i % step == 0 {
                        [2, 4, 7, 11][i / step % 4]
                    } else {
                        0
                    },
                    TermOptions {
                        guard: false,
                        max_distance: None,
                    },
                )
            })
            .collect();
        let (base, delta, whole) = fates(&terms, &plan);
        let with = of(&base).with_delta(delta, &Interrupts::default()).unwrap();
        let compiled = of(&whole);
        for text in rows.iter().flat_map(|row| row.iter().skip(1)) {
            let expected = found(&compiled, text, &mut scratch);
            mentions += expected.len();
            assert_eq!(found(&with, text, &mut scratch), expected, "{text}");
        }
    }
    assert!(mentions > 1000, "{mentions}");
}
