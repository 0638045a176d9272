//! Named tables, and strsim as the oracle on random texts.

use super::*;
use crate::text::Folded;
use proptest::prelude::*;

/// Texts of few letters, so that edits, transpositions and equal parts abound.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{0,12}", "[abcé日 ]{0,10}", "[a-z ]{0,20}", ".{0,8}"]
}

/// A text and one that is a few edits away from it.
fn similar_texts() -> impl Strategy<Value = (String, String)> {
    let edit = (any::<prop::sample::Index>(), 0..4u8, "[abé]");
    let edits = prop::collection::vec(edit, 0..5);
    ("[a-eé]{1,30}", edits).prop_map(|(text, edits)| {
        let mut edited: Vec<char> = text.chars().collect();
        for (at, kind, character) in edits {
            let at = at.index(edited.len().max(1));
            match kind {
                0 => edited.insert(at, character.chars().next().unwrap()),
                1 if at < edited.len() => drop(edited.remove(at)),
                2 if at + 1 < edited.len() => edited.swap(at, at + 1),
                _ if at < edited.len() => edited[at] = character.chars().next().unwrap(),
                _ => {}
            }
        }
        (text, edited.into_iter().collect())
    })
}

#[test]
fn edit_distances_of_known_pairs() {
    // a, b, Levenshtein, OSA, Damerau-Levenshtein
    let table = [
        ("", "", 0, 0, 0),
        ("", "abc", 3, 3, 3),
        ("kitten", "sitting", 3, 3, 3),
        ("pepsi", "pespi", 2, 1, 1),
        ("ca", "abc", 3, 3, 2),
        ("abcdef", "badcfe", 4, 3, 3),
        ("coca cola", "Coca Cola", 2, 2, 2),
        ("löwenbräu", "lowenbrau", 2, 2, 2),
        ("日本語", "日語本", 2, 1, 1),
        ("e\u{301}", "é", 2, 2, 2),
        ("same", "same", 0, 0, 0),
    ];
    for (a, b, of_levenshtein, of_osa, of_damerau) in table {
        for (a, b) in [(a, b), (b, a)] {
            assert_eq!(levenshtein(a, b), Ok(of_levenshtein), "{a} {b}");
            assert_eq!(osa(a, b), Ok(of_osa), "{a} {b}");
            assert_eq!(damerau_levenshtein(a, b), Ok(of_damerau), "{a} {b}");
        }
    }
}

#[test]
fn similarities_of_known_pairs() {
    // a, b, Jaro, Jaro-Winkler, Sørensen-Dice, Jaccard, similarity
    let table = [
        ("", "", [1.0, 1.0, 1.0, 1.0, 1.0]),
        ("", "abc", [0.0, 0.0, 0.0, 0.0, 0.0]),
        ("a", "a", [1.0, 1.0, 1.0, 1.0, 1.0]),
        ("a", "b", [0.0, 0.0, 0.0, 0.0, 0.0]),
        ("martha", "marhta", [0.9444, 0.9611, 0.4, 0.25, 0.8333]),
        ("dixon", "dicksonx", [0.7667, 0.8133, 0.3636, 0.2222, 0.5]),
        ("night", "nacht", [0.7333, 0.76, 0.25, 0.1429, 0.6]),
        ("aaa", "aa", [0.8889, 0.9111, 0.6667, 0.5, 0.6667]),
        ("né", "née", [0.8889, 0.9111, 0.6667, 0.5, 0.6667]),
        ("a b", "ab", [0.6111, 0.6111, 1.0, 1.0, 1.0]),
        ("PÉPSI!", "pepsi", [0.0, 0.0, 0.0, 0.0, 1.0]),
        ("!!!", "?", [0.0, 0.0, 0.0, 0.0, 1.0]),
        ("!!!", "x", [0.0, 0.0, 0.0, 0.0, 0.0]),
    ];
    for (a, b, expected) in table {
        for (a, b) in [(a, b), (b, a)] {
            let metrics = [jaro, jaro_winkler, sorensen_dice, jaccard, similarity];
            let found = metrics.map(|metric| metric(a, b).unwrap());
            let close = found
                .iter()
                .zip(expected)
                .all(|(x, y)| (x - y).abs() < 5e-5);
            assert!(close, "{a} {b}: {found:?}, expected {expected:?}");
        }
    }
}

#[test]
fn texts_that_are_too_long_are_refused_by_every_metric() {
    let counts = [levenshtein, osa, damerau_levenshtein];
    let scores = [jaro, jaro_winkler, similarity];
    // Lengths are in characters.
    let longest = "é".repeat(MAX_LENGTH);
    let too_long = "é".repeat(MAX_LENGTH + 1);
    let error = Error::TooLong {
        length: MAX_LENGTH + 1,
        max: MAX_LENGTH,
    };
    for metric in counts {
        assert_eq!(metric(&longest, ""), Ok(MAX_LENGTH));
        assert_eq!(metric(&too_long, ""), Err(error.clone()));
        assert_eq!(metric("", &too_long), Err(error.clone()));
    }
    for metric in scores {
        assert_eq!(metric(&longest, ""), Ok(0.0));
        assert_eq!(metric(&too_long, ""), Err(error.clone()));
        assert_eq!(metric("", &too_long), Err(error.clone()));
    }
    for within in [levenshtein_within, osa_within, damerau_levenshtein_within] {
        assert_eq!(within("", &too_long, 1), Err(error.clone()));
    }
    let too_long = "x".repeat(MAX_LENGTH_BIGRAMS + 1);
    for metric in [sorensen_dice, jaccard] {
        let error = metric("", &too_long).unwrap_err();
        let message = "text of 1048577 characters is longer than 1048576";
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_text_that_folding_makes_too_long_is_refused() {
    // One character whose compatibility form has 18, 15 of them letters.
    let text = "\u{fdfa}".repeat(MAX_LENGTH / 10);
    let error = similarity(&text, "x").unwrap_err();
    assert!(matches!(error, Error::TooLong { length, .. } if length > MAX_LENGTH));
}

#[test]
fn no_letter_is_edited_twice() {
    assert_eq!(osa_of_letters(b"ca", b"abc", 2), None);
    assert_eq!(osa_of_letters(b"ca", b"ac", 2), Some(1));
    assert_eq!(osa_of_letters(b"xpepsiy".as_slice(), b"pepsi", 2), Some(2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_distance_of_letters_is_told_up_to_the_cutoff(
        a in "[abc]{0,12}", b in "[abc]{0,12}", cutoff in 0usize..=2
    ) {
        let expected = Some(strsim::osa_distance(&a, &b)).filter(|edits| *edits <= cutoff);
        prop_assert_eq!(osa_of_letters(a.as_bytes(), b.as_bytes(), cutoff), expected);
    }

    #[test]
    fn edit_distances_are_those_of_strsim(a in text(), b in text()) {
        prop_assert_eq!(levenshtein(&a, &b), Ok(strsim::levenshtein(&a, &b)));
        prop_assert_eq!(osa(&a, &b), Ok(strsim::osa_distance(&a, &b)));
        prop_assert_eq!(damerau_levenshtein(&a, &b), Ok(strsim::damerau_levenshtein(&a, &b)));
    }

    #[test]
    fn a_cutoff_gives_the_distance_or_nothing(
        (a, b) in prop_oneof![similar_texts(), (text(), text())],
        max in prop_oneof![0..8usize, Just(usize::MAX)],
    ) {
        let within = |distance: usize| Ok(Some(distance).filter(|distance| *distance <= max));
        prop_assert_eq!(levenshtein_within(&a, &b, max), within(strsim::levenshtein(&a, &b)));
        prop_assert_eq!(osa_within(&a, &b, max), within(strsim::osa_distance(&a, &b)));
        prop_assert_eq!(
            damerau_levenshtein_within(&a, &b, max),
            within(strsim::damerau_levenshtein(&a, &b))
        );
    }

    #[test]
    fn jaro_and_jaro_winkler_are_those_of_strsim(a in text(), b in text()) {
        prop_assert_eq!(jaro(&a, &b), Ok(strsim::jaro(&a, &b)));
        prop_assert_eq!(jaro_winkler(&a, &b), Ok(strsim::jaro_winkler(&a, &b)));
    }

    #[test]
    fn sorensen_dice_of_ascii_is_that_of_strsim(a in "[ab ]{0,9}", b in "[ab ]{0,9}") {
        prop_assert_eq!(sorensen_dice(&a, &b), Ok(strsim::sorensen_dice(&a, &b)));
    }

    #[test]
    fn jaccard_and_sorensen_dice_say_the_same_on_two_scales(a in text(), b in text()) {
        let dice = sorensen_dice(&a, &b).unwrap();
        let index = jaccard(&a, &b).unwrap();
        prop_assert!((index - dice / (2.0 - dice)).abs() < 1e-12);
        prop_assert_eq!(sorensen_dice(&b, &a), Ok(dice));
        // The same letters in another script than ASCII score the same.
        let widen = |text: &str| text.replace('a', "日");
        if !a.contains('日') && !b.contains('日') {
            prop_assert_eq!(sorensen_dice(&widen(&a), &widen(&b)), Ok(dice));
        }
    }

    #[test]
    fn similarity_is_the_normalised_distance_of_the_letters(a in text(), b in text()) {
        let letters = |text: &str| {
            let mut folded = Folded::new();
            folded.fold(text);
            String::from_utf8(folded.letters().to_vec()).unwrap()
        };
        let (x, y) = (letters(&a), letters(&b));
        let longer = x.chars().count().max(y.chars().count()).max(1);
        let expected = 1.0 - strsim::osa_distance(&x, &y) as f64 / longer as f64;
        prop_assert_eq!(similarity(&a, &b), Ok(expected));
    }
}
