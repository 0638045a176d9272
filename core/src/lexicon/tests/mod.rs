//! The engine against the oracle, on random lexicons and texts.

mod bounded;
mod damaged;
mod delta;
mod hostile;
mod reading;
mod real;

use proptest::prelude::*;

use crate::bounds::Interrupts;
use crate::lexicon::build::Builder;
use crate::lexicon::error::LexiconError;
use crate::lexicon::oracle::{Found, Oracle};
use crate::lexicon::parts::Lexicon;
use crate::lexicon::search::Scratch;
use crate::lexicon::settings::{Overlap, Settings, TermOptions};

pub(crate) fn found(lexicon: &Lexicon, text: &str, scratch: &mut Scratch) -> Vec<Found> {
    let mention = |mention: &crate::lexicon::Mention| Found {
        start: mention.start,
        end: mention.end,
        term: mention.term,
        distance: mention.distance,
        kind: mention.kind,
        similarity: (mention.similarity * 1000.0) as u32,
    };
    lexicon.search(text, scratch).iter().map(mention).collect()
}

pub(crate) fn options() -> impl Strategy<Value = TermOptions> {
    prop_oneof![
        6 => Just(TermOptions::default()),
        1 => Just(TermOptions { guard: false, max_distance: None }),
        2 => (any::<bool>(), 0u8..=3).prop_map(|(guard, limit)| TermOptions { guard, max_distance: Some(limit) }),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let distance = prop_oneof![4 => Just(None), 1 => (0u8..=3).prop_map(Some)];
    let words = prop_oneof![5 => Just(true), 1 => Just(false)];
    let overlap = prop_oneof![
        Just(Overlap::Longest),
        Just(Overlap::Nested),
        Just(Overlap::All)
    ];
    (distance, words, overlap).prop_map(|(max_distance, whole_words, overlap)| Settings {
        max_distance,
        whole_words,
        overlap,
    })
}

/// A lexicon and texts over the same strings: terms, and texts of terms with edits and of noise.
pub(crate) fn case(
    word: &'static str,
    separator: &'static str,
) -> impl Strategy<Value = (Oracle, Vec<String>)> {
    let term = prop::collection::vec(word, 1..4).prop_map(|words| words.join(" "));
    let terms = prop::collection::vec((0i64..6, term, options()), 1..12);
    let words = (
        prop::collection::vec(word, 0..8),
        prop::collection::vec(word, 0..4),
    );
    let documents = prop::collection::vec(
        prop::collection::vec(word, 0..5).prop_map(|words| words.join(" ")),
        0..6,
    );
    let pieces = prop::collection::vec(
        (any::<prop::sample::Index>(), word, 0usize..60, separator),
        0..7,
    );
    let texts = prop::collection::vec(pieces, 1..6);
    (settings(), words, documents, terms, texts).prop_map(
        |(settings, (common, mut dictionary), learned, terms, texts)| {
            // Every second word is a name.
            for word in dictionary.iter_mut().step_by(2) {
                *word = word.to_uppercase();
            }
            let texts = texts
                .into_iter()
                .map(|pieces| {
                    let mut text = String::new();
                    for (term, word, edit, separator) in pieces {
                        let piece = &terms[term.index(terms.len())].1;
                        text.push_str(&edited(piece, &word, edit));
                        text.push_str(&separator);
                    }
                    text
                })
                .collect();
            (
                Oracle {
                    settings,
                    common,
                    dictionary,
                    learned,
                    terms,
                },
                texts,
            )
        },
    )
}

/// A term with an edit, or a word in its place.
pub(crate) fn edited(term: &str, word: &str, edit: usize) -> String {
    let mut letters: Vec<char> = term.chars().collect();
    let other = word.chars().next().unwrap_or('x');
    let at = edit / 6 % (letters.len() + 1);
    match edit % 6 {
        0 => return word.to_owned(),
        1 => letters.insert(at, other),
        2 if at < letters.len() => drop(letters.remove(at)),
        3 if at < letters.len() => letters[at] = other,
        4 if at + 1 < letters.len() => {
            letters.swap(at, at + 1);
            letters.insert(at / 2, other);
        }
        _ => {}
    }
    letters.into_iter().collect()
}

fn engine_equals_oracle(oracle: &Oracle, texts: &[String]) -> Result<(), TestCaseError> {
    let (lexicon, slow) = (oracle.build(), oracle.prepare());
    let mut scratch = Scratch::new();
    for text in texts.iter().chain(texts) {
        prop_assert_eq!(
            found(&lexicon, text, &mut scratch),
            slow.search(text),
            "text {:?} of {:?}",
            text,
            oracle
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn the_engine_equals_the_oracle_on_two_letters((oracle, texts) in case("[ab]{1,12}", "[ ]{0,1}")) {
        engine_equals_oracle(&oracle, &texts)?;
    }

    #[test]
    fn the_engine_equals_the_oracle_on_words((oracle, texts) in case("[abcd]{1,9}", "( |'s |-|\u{1f}|'|  & )")) {
        engine_equals_oracle(&oracle, &texts)?;
    }

    #[test]
    fn the_engine_equals_the_oracle_on_digits_and_marks(
        (oracle, texts) in case("[abs12]{1,7}(&[ab]{1,2}|'s|)", "( |'s |\u{1f}|)")
    ) {
        engine_equals_oracle(&oracle, &texts)?;
    }

    #[test]
    fn the_engine_equals_the_oracle_beyond_ascii(
        (oracle, texts) in case("[aéßıжЖİ水茶ก½\u{301}']{1,8}", "( |'s |\u{1f}|)")
    ) {
        engine_equals_oracle(&oracle, &texts)?;
    }

    #[test]
    fn the_engine_equals_the_oracle_on_terms_with_their_own_edits(
        (mut oracle, texts) in case("[abc]{1,7}", "( |'s |)"), edits in prop::collection::vec(0u8..=3, 12)
    ) {
        for (term, edits) in oracle.terms.iter_mut().zip(edits) {
            term.2.max_distance = Some(edits);
        }
        engine_equals_oracle(&oracle, &texts)?;
    }

    #[test]
    fn the_engine_equals_the_oracle_on_any_text(
        (oracle, _) in case("[abs1é ]{1,9}", " "), texts in prop::collection::vec(".{0,40}", 1..4)
    ) {
        engine_equals_oracle(&oracle, &texts)?;
    }
}

/// `PROPTEST_CASES` raises the number.
pub(crate) fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(600)
}

fn small() -> Lexicon {
    let mut builder = Builder::new(Settings::default());
    builder.common_words(crate::lexicon::english()).unwrap();
    for (id, term) in [
        "Pepsi",
        "Coca-Cola",
        "Sam Gamgee",
        "水",
        "7 UP",
        "Kellogg's",
    ]
    .into_iter()
    .enumerate()
    {
        builder
            .add(id as i64, term, TermOptions::default())
            .unwrap();
    }
    builder.finish().unwrap()
}

#[test]
fn a_compiled_lexicon_opens_as_the_same_lexicon() {
    let lexicon = small();
    let again = Lexicon::from_bytes(lexicon.to_bytes(), &Interrupts::default()).unwrap();
    let text = "cocacolla and Pepsi for Sam Gamgee, 7up, kellog's 水";
    let mut scratch = Scratch::new();
    let first = found(&lexicon, text, &mut scratch);
    assert_eq!(first.len(), 6);
    assert_eq!(found(&again, text, &mut scratch), first);
    assert_eq!(again.term_text(1), "Coca-Cola");
    assert_eq!(small().to_bytes(), lexicon.to_bytes());
}

#[test]
fn a_truncated_or_altered_lexicon_is_an_error() {
    let bytes = small().to_bytes().to_vec();
    for length in (0..bytes.len())
        .step_by(if cfg!(debug_assertions) { 4096 } else { 64 })
        .chain(0..400)
    {
        assert_eq!(
            Lexicon::from_bytes(&bytes[..length], &Interrupts::default()).err(),
            Some(LexiconError::Damaged)
        );
    }
    for at in (0..bytes.len()).step_by(1009).chain(0..400) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(
            Lexicon::from_bytes(&bytes, &Interrupts::default()).is_err(),
            "byte {at}"
        );
    }
}

#[test]
fn searches_allow_one_scratch_for_several_lexicons() {
    let lexicon = small();
    let mut builder = Builder::new(Settings::default());
    builder.add(1, "Pepsico", TermOptions::default()).unwrap();
    let other = builder.finish().unwrap();
    let mut scratch = Scratch::new();
    for _ in 0..2 {
        assert_eq!(found(&lexicon, "pepsicoo", &mut scratch).len(), 0);
        assert_eq!(found(&other, "pepsicoo", &mut scratch).len(), 1);
    }
}

#[test]
fn an_explanation_names_the_rule_that_refused() {
    let mut builder = Builder::new(Settings::default());
    builder.common_words(crate::lexicon::english()).unwrap();
    builder
        .dictionary(crate::lexicon::english_dictionary())
        .unwrap();
    let terms =
        "Wasa;Omegas;Planet Wings;Avery;Avery Dennison;Black Tie;Skittles;Igo;Kellogg's;Candy's";
    for (id, term) in terms.split(';').enumerate() {
        builder
            .add(id as i64, term, TermOptions::default())
            .unwrap();
    }
    let lexicon = builder.finish().unwrap();
    let cases = [
        ("wash", "an ordinary word: Wasa"),
        ("omega", "accepted: Omegas"),
        ("and so then an omega", "a word of the dictionary: Omegas"),
        ("skittle", "accepted: Skittles"),
        ("scuttles", "a word of the dictionary: Skittles"),
        ("s60wassa", "a number, or part of a code: Wasa"),
        ("wassa", "accepted: Wasa"),
        ("wass", "accepted: Wasa"),
        ("wafa", "another consonant: Wasa"),
        ("wsa", "accepted: Wasa"),
        ("waas", "accepted: Wasa"),
        ("plant wings", "an ordinary word: Planet Wings"),
        (
            "a very",
            "ordinary words, run together or split: Avery, an ordinary word: Avery",
        ),
        ("omegass", "accepted: Omegas"),
        (
            "avery denison",
            "overlapped by a better mention: Avery, accepted: Avery Dennison",
        ),
        ("azery", "accepted: Avery"),
        ("bvery", "another first letter: Avery"),
        ("vaery", "accepted: Avery"),
        ("yavery", "accepted: Avery"),
        ("skiltes", "accepted: Skittles"),
        ("wkiltles", "another first letter: Skittles"),
        ("black ttr", "two edits in too few letters: Black Tie"),
        ("blakc tei", "accepted: Black Tie"),
        ("ig", "term too short for this edit: Igo"),
        ("of those by one kellogg", "accepted: Kellogg's"),
        ("of those by one candy", "a word of the dictionary: Candy's"),
    ];
    for (text, expected) in cases {
        let explained = lexicon.explain(text).into_iter();
        let verdicts: Vec<String> = explained
            .map(|one| format!("{}: {}", one.verdict.as_str(), lexicon.term_text(one.term)))
            .collect();
        assert_eq!(verdicts.join(", "), expected, "{text}");
    }
}

#[test]
fn a_term_allows_its_own_edits_of_any_kind() {
    let own = |edits| TermOptions {
        max_distance: Some(edits),
        ..TermOptions::default()
    };
    // Term, its own edits, a text, whether it is a mention.
    let cases = [
        ("Oreo", 0, "oreoo", false),
        ("Oreo", 1, "zreo", true),
        ("Oreo", 2, "orio", true),
        ("Oreo", 2, "zrio", false),
        ("Igo", 1, "ig", true),
        ("Igo", 1, "ago", true),
        ("Igo", 2, "aga", false),
        ("LG", 1, "lgg", false),
        ("Lacie", 2, "lecia", true),
        ("Belkin", 2, "velcin", true),
        ("Belkin", 2, "blekni", true),
        ("Belkin", 2, "bel kyn's", true),
        ("Belkin", 2, "vilcin", false),
        ("Netgear", 2, "nettgaear", true),
        ("Skittles", 1, "wkittles", true),
        ("Skittles", 1, "skitle", false),
        ("Black Tie", 2, "black tao", true),
    ];
    for (term, edits, text, expected) in cases {
        let mut builder = Builder::new(Settings {
            max_distance: Some(0),
            ..Settings::default()
        });
        builder.add(1, term, own(edits)).unwrap();
        let lexicon = builder.finish().unwrap();
        let mut scratch = Scratch::new();
        assert_eq!(
            lexicon.is_match(text, &Interrupts::default(), &mut scratch),
            Ok(expected),
            "{term} in {text}"
        );
    }
}
