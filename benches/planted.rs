//! Labelled sets made of real terms and rows that have no labels: the rows mention terms word for word;
//! 30% of these mentions are misspelled here, and so it is known who is mentioned where. And short
//! queries, of a term and up to three words of product names, every second term misspelled.
//!
//! Most misspellings are one edit, one in five two: a letter dropped, added, another (a vowel for a
//! vowel, a neighbouring key), two swapped; words run together or split; a plural s.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::random::Random;
use crate::{Pair, Set};

/// Words that are the term, its letters, and it.
struct Terms<'t> {
    by_first: HashMap<String, Vec<(Vec<String>, i64)>>,
    by_letters: HashMap<String, Vec<i64>>,
    all: &'t [(i64, String)],
}

impl Terms<'_> {
    fn of(all: &[(i64, String)]) -> Terms<'_> {
        let (mut by_first, mut by_letters) = (HashMap::new(), HashMap::new());
        for (id, term) in all {
            let words: Vec<String> = words(term).into_iter().map(|(word, _)| word).collect();
            let Some(first) = words.first().cloned() else {
                continue;
            };
            let letters = by_letters.entry(words.concat());
            letters.or_insert_with(Vec::new).push(*id);
            let same = by_first.entry(first);
            same.or_insert_with(Vec::new).push((words, *id));
        }
        Terms {
            by_first,
            by_letters,
            all,
        }
    }

    /// Where terms stand word for word, the last perhaps with a possessive s.
    fn mentions(&self, text: &str) -> Vec<(Range<usize>, i64)> {
        let words = words(text);
        let mut found = Vec::new();
        for (at, (word, span)) in words.iter().enumerate() {
            for (term, id) in self.by_first.get(word.as_str()).into_iter().flatten() {
                let window = words[at..].iter().take(term.len());
                if window.map(|(word, _)| word).eq(term) {
                    found.push((span.start..words[at + term.len() - 1].1.end, *id));
                }
            }
        }
        found
    }

    /// Terms whose letters stand there, but other words, or up to an s at their end: variants that
    /// count neither way.
    fn variants(&self, text: &str) -> Vec<i64> {
        let words = words(text);
        let mut found = Vec::new();
        for first in 0..words.len() {
            let mut letters = String::new();
            for (word, _) in words[first..].iter().take(5) {
                letters.push_str(word);
                let longer = format!("{letters}s");
                let shorter = letters.strip_suffix('s').unwrap_or(&letters);
                for letters in [letters.as_str(), longer.as_str(), shorter] {
                    found.extend(self.by_letters.get(letters).into_iter().flatten());
                }
            }
        }
        found
    }
}

/// The rows with misspelled mentions, and who is mentioned in them.
pub fn rows(rows: &[(i64, String)], terms: Vec<(i64, String)>, seed: u64) -> Set {
    let mut random = Random::new(seed);
    let index = Terms::of(&terms);
    let (mut planted, mut gold, mut ignored) = (Vec::new(), HashSet::new(), HashSet::new());
    for (row, text) in rows {
        let before = index.mentions(text);
        let mut cover: Vec<(Range<usize>, i64)> = Vec::new();
        let mut longest: Vec<_> = before.clone();
        longest.sort_by_key(|(span, id)| (std::cmp::Reverse(span.len()), span.start, *id));
        for (span, id) in longest {
            if cover
                .iter()
                .all(|(other, _)| span.end <= other.start || other.end <= span.start)
            {
                cover.push((span, id));
            }
        }
        cover.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut text = text.clone();
        for (span, id) in cover {
            if random.chance(0.3) {
                let misspelled = misspell(&text[span.clone()], &mut random);
                text.replace_range(span, &misspelled);
                gold.insert((*row, id));
            }
        }
        label(
            &index,
            *row,
            &text,
            before.into_iter().map(|(_, id)| id),
            &mut gold,
            &mut ignored,
        );
        planted.push((*row, text));
    }
    Set {
        rows: planted,
        terms,
        gold,
        ignored,
    }
}

/// Short queries for some of the terms.
pub fn queries(rows: &[(i64, String)], terms: &[(i64, String)], seed: u64) -> Set {
    let mut random = Random::new(seed);
    let terms: Vec<(i64, String)> = terms.iter().step_by(4).cloned().collect();
    let index = Terms::of(&terms);
    let names: Vec<Vec<(String, Range<usize>)>> = rows
        .iter()
        .step_by(5)
        .map(|(_, text)| words(text.split('\u{1f}').next().unwrap_or("")))
        .filter(|words| !words.is_empty())
        .collect();
    let (mut queries, mut gold, mut ignored) = (Vec::new(), HashSet::new(), HashSet::new());
    for row in 0..8_000 {
        let (id, term) = &index.all[random.below(index.all.len())];
        let name = &names[random.below(names.len())];
        let first = random.below(name.len());
        let words = name[first..].iter().take(random.below(4));
        let words: Vec<&str> = words.map(|(word, _)| word.as_str()).collect();
        let words = words.join(" ");
        let term = term.to_lowercase();
        let written = match random.chance(0.5) {
            true => misspell(&term, &mut random),
            false => term,
        };
        gold.insert((row, *id));
        let text = format!("{written} {words}");
        label(
            &index,
            row,
            &text,
            std::iter::empty(),
            &mut gold,
            &mut ignored,
        );
        queries.push((row, text));
    }
    Set {
        rows: queries,
        terms,
        gold,
        ignored,
    }
}

/// What a text still mentions word for word is right; what it no longer does counts neither way.
fn label(
    index: &Terms<'_>,
    row: i64,
    text: &str,
    before: impl Iterator<Item = i64>,
    gold: &mut HashSet<Pair>,
    ignored: &mut HashSet<Pair>,
) {
    gold.extend(index.mentions(text).into_iter().map(|(_, id)| (row, id)));
    let lost = before.chain(index.variants(text)).map(|id| (row, id));
    ignored.extend(lost.filter(|pair| !gold.contains(pair)));
}

/// Words in lower case without apostrophes, and where they stand; a column's end is a word of its own.
fn words(text: &str) -> Vec<(String, Range<usize>)> {
    let mut words: Vec<(String, Range<usize>)> = Vec::new();
    let mut inside = false;
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        let apostrophe = matches!(letter, '\'' | '’');
        if letter.is_alphanumeric() || apostrophe && inside {
            if !inside {
                words.push((String::new(), at..at));
            }
            if let Some((word, span)) = words.last_mut()
                && !apostrophe
            {
                word.extend(letter.to_lowercase());
                span.end = end;
            }
        } else if letter == '&' || letter == '\u{1f}' {
            let word = if letter == '&' { "and" } else { "\u{1f}" };
            words.push((word.to_owned(), at..end));
        }
        inside = letter.is_alphanumeric() || apostrophe && inside;
    }
    words
}

/// A misspelling that is another text even when spaces and case do not count, or words run together.
fn misspell(term: &str, random: &mut Random) -> String {
    let same = |other: &str| {
        let words = |text| {
            words(text)
                .into_iter()
                .map(|(word, _)| word)
                .collect::<Vec<_>>()
        };
        words(other) == words(term) || words(other).is_empty()
    };
    for _ in 0..20 {
        let mut letters: Vec<char> = term.chars().collect();
        let spaces: Vec<usize> = (0..letters.len())
            .filter(|&at| letters[at] == ' ')
            .collect();
        match random.below(100) {
            0..7 if !spaces.is_empty() => drop(letters.remove(random.pick(&spaces))),
            7..9 if letters.len() >= 6 => letters.insert(3 + random.below(letters.len() - 5), ' '),
            9..12 => letters.push('s'),
            _ => {
                let two = letters.len() > 4 && random.chance(0.22);
                (0..=usize::from(two)).for_each(|_| edit(&mut letters, random));
            }
        }
        let misspelled: String = letters.into_iter().collect();
        if !same(&misspelled) {
            return misspelled;
        }
    }
    term.to_owned()
}

fn edit(letters: &mut Vec<char>, random: &mut Random) {
    let places: Vec<usize> = (0..letters.len())
        .filter(|&at| letters[at].is_ascii_alphabetic())
        .collect();
    if places.len() < 2 {
        return;
    }
    let inner = if random.chance(0.07) {
        &places[..1]
    } else {
        &places[1..]
    };
    let at = random.pick(inner);
    let any = |random: &mut Random| char::from(b'a' + random.below(26) as u8);
    let cased = |letter: char, like: char| match like.is_uppercase() {
        true => letter.to_ascii_uppercase(),
        false => letter,
    };
    let own = letters[at];
    let vowel = |letter: char| "aeiou".contains(letter.to_ascii_lowercase());
    match random.below(100) {
        0..10 => letters.insert(at, own),
        10..30 => letters.insert(at, cased(any(random), own)),
        30..60 => drop(letters.remove(at)),
        60..80 if vowel(own) => letters[at] = cased(random.pick(&['a', 'e', 'i', 'o', 'u']), own),
        60..86 => letters[at] = cased(any(random), own),
        _ if at > 0 && letters[at - 1].is_alphabetic() => letters.swap(at - 1, at),
        _ => drop(letters.remove(at)),
    }
}
