//! Terms, settings and texts drawn from the bytes: no panic, mentions that can be shown, the same from
//! the compiled form opened again, in bounded time; with texts up to some MiB.

#![no_main]

mod mentions;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use termstream_core::bounds::Interrupts;
use termstream_core::lexicon::{
    Builder, Lexicon, MAX_DISTANCE, Overlap, Scratch, Settings, TermOptions,
};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    /// Edits, word boundaries and overlap, two bits each.
    settings: u8,
    common: Vec<&'a str>,
    dictionary: Vec<&'a str>,
    learned: Vec<&'a str>,
    terms: Vec<(u8, &'a str)>,
    texts: [Vec<Piece<'a>>; 2],
    /// Above this much the first text is as often repeated as makes a text of a KiB to a MiB.
    long: u8,
}

const LONG: u8 = 246;

#[derive(Arbitrary, Debug)]
enum Piece<'a> {
    Term(u8),
    /// A term with one letter left out, put in, or in another's place.
    Left(u8, u8),
    Put(u8, u8, char),
    Changed(u8, u8, char),
    Swapped(u8, u8),
    Text(&'a str),
    Letters(char, u8),
    Space,
}

fn overlap(bits: u8) -> Overlap {
    [
        Overlap::Longest,
        Overlap::Longest,
        Overlap::Nested,
        Overlap::All,
    ][usize::from(bits & 3)]
}

/// 0 to `MAX_DISTANCE` edits, or what the length allows.
fn edits(bits: u8) -> Option<u8> {
    Some(bits & 3).filter(|&edits| edits <= MAX_DISTANCE)
}

fn compile(case: &Case) -> Option<Lexicon> {
    let mut builder = Builder::new(Settings {
        max_distance: edits(case.settings),
        whole_words: case.settings >> 2 & 3 != 0,
        overlap: overlap(case.settings >> 4),
    });
    builder.common_words(case.common.iter().copied()).unwrap();
    builder.dictionary(case.dictionary.iter().copied()).unwrap();
    case.learned.iter().for_each(|text| builder.learn(text).unwrap());
    for (options, term) in &case.terms {
        let own = TermOptions {
            guard: options & 4 == 0,
            max_distance: edits(options & 3).filter(|_| options & 8 != 0),
        };
        builder.add(i64::from(options >> 4), term, own).unwrap();
    }
    builder.finish().ok()
}

fn text(case: &Case, pieces: &[Piece]) -> String {
    let term = |number: &u8| -> Vec<char> {
        let count = case.terms.len().max(1);
        let term = case.terms.get(usize::from(*number) % count);
        term.map_or(Vec::new(), |(_, term)| term.chars().collect())
    };
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Term(number) => text.extend(term(number)),
            Piece::Left(number, at) => {
                let mut letters = term(number);
                if !letters.is_empty() {
                    letters.remove(usize::from(*at) % letters.len());
                }
                text.extend(letters);
            }
            Piece::Put(number, at, letter) => {
                let mut letters = term(number);
                letters.insert(usize::from(*at) % (letters.len() + 1), *letter);
                text.extend(letters);
            }
            Piece::Changed(number, at, letter) => {
                let mut letters = term(number);
                if !letters.is_empty() {
                    let at = usize::from(*at) % letters.len();
                    letters[at] = *letter;
                }
                text.extend(letters);
            }
            Piece::Swapped(number, at) => {
                let mut letters = term(number);
                if letters.len() > 1 {
                    let at = usize::from(*at) % (letters.len() - 1);
                    letters.swap(at, at + 1);
                }
                text.extend(letters);
            }
            Piece::Text(own) => text.push_str(own),
            Piece::Letters(letter, count) => {
                text.extend(std::iter::repeat_n(*letter, usize::from(*count)));
            }
            Piece::Space => text.push(' '),
        }
    }
    text
}

fuzz_target!(|case: Case| {
    let Some(lexicon) = compile(&case) else {
        return;
    };
    let again = Lexicon::from_bytes(lexicon.to_bytes(), &Interrupts::default())
        .expect("the compiled form opens");
    let mut texts: Vec<String> = case
        .texts
        .iter()
        .map(|pieces| text(&case, pieces))
        .collect();
    if case.long > LONG && !texts[0].is_empty() {
        let bytes = 1 << (10 + (case.long - LONG).min(10));
        texts[0] = texts[0].repeat(bytes / texts[0].len() + 1);
    }
    let (mut scratch, mut other) = (Scratch::new(), Scratch::new());
    for text in texts.iter().chain(&texts) {
        let mentions = mentions::search(&lexicon, text, &mut scratch);
        assert_eq!(again.search(text, &mut other), mentions);
        assert_eq!(lexicon.is_match(text, &mut scratch), !mentions.is_empty());
        let settings = lexicon.settings();
        if settings.overlap == Overlap::Longest {
            let disjoint = |two: &[termstream_core::lexicon::Mention]| {
                (two[0].start, two[0].end) == (two[1].start, two[1].end)
                    || two[0].end <= two[1].start
            };
            assert!(mentions.windows(2).all(disjoint), "{mentions:?}");
        }
        if text.len() < 1 << 10 {
            lexicon.explain(text);
        }
    }
});
