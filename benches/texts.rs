//! Product texts that mention names, some of them misspelled, with what was mentioned where.
//!
//! A text is a title and a description, joined by a unit separator as the columns of a row are. Its
//! words are ordinary ones of the trade, by Zipf's law, among numbers, units and unknown words; it
//! mentions no, one or two names, popular ones more often, in capitals or not. Of the mentions 30%
//! are misspelled as people do: a letter dropped, doubled, swapped with the next, hit on a
//! neighbouring key, a vowel taken for another, words run together or split. Only words of four
//! letters and more are misspelled, and the first letter is left.

use std::collections::HashSet;
use std::ops::Range;

use crate::names::{capitalized, word};
use crate::random::Random;
use crate::words::ORDINARY;

pub struct Text {
    pub text: String,
    pub mentions: Vec<Mention>,
}

pub struct Mention {
    /// Which of the names.
    pub name: usize,
    /// Its bytes in the text.
    pub span: Range<usize>,
    pub misspelled: bool,
}

pub fn texts(names: &[String], count: usize, seed: u64) -> Vec<Text> {
    let mut random = Random::new(seed);
    let taken: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    // Words that are in no list, and are no name either.
    let unknown: Vec<String> = std::iter::repeat_with(|| word(&mut random))
        .filter(|word| !taken.contains(word))
        .take(UNKNOWN)
        .collect();
    (0..count)
        .map(|_| text(names, &unknown, &mut random))
        .collect()
}

fn text(names: &[String], unknown: &[String], random: &mut Random) -> Text {
    let mut text = Text {
        text: String::new(),
        mentions: Vec::new(),
    };
    let mentions = random.weighted(&[(0, 35), (1, 50), (2, 15)]);
    let length = 40 + random.below(100);
    for at in 0..mentions {
        if at == 0 && random.chance(0.4) {
            mention(names, &mut text, random);
        }
        filler(
            &mut text,
            unknown,
            length * (at + 1) / (mentions + 1),
            random,
        );
        if text.mentions.len() <= at {
            mention(names, &mut text, random);
        }
    }
    filler(&mut text, unknown, length, random);
    let middle = text.text.len() / 3;
    let space = text
        .text
        .match_indices(' ')
        .map(|found| found.0)
        .find(|&at| at >= middle);
    if let Some(space) = space
        && !text
            .mentions
            .iter()
            .any(|mention| mention.span.contains(&space))
    {
        text.text.replace_range(space..=space, "\u{1F}");
    }
    text
}

fn mention(names: &[String], text: &mut Text, random: &mut Random) {
    // Popular names more often: half of the mentions are of a quarter of the names.
    let name = (random.unit().powi(2) * names.len() as f64) as usize;
    let mut written = match random.weighted(&[(0, 70), (1, 20), (2, 10)]) {
        0 => names[name].clone(),
        1 => names[name].to_lowercase(),
        _ => names[name].to_uppercase(),
    };
    let misspelled = random.chance(0.3) && misspell(&mut written, random);
    separate(text, random);
    let start = text.text.len();
    text.text.push_str(&written);
    text.mentions.push(Mention {
        name,
        span: start..text.text.len(),
        misspelled,
    });
}

/// Words up to a length of the text.
fn filler(text: &mut Text, unknown: &[String], length: usize, random: &mut Random) {
    while text.text.len() < length {
        separate(text, random);
        let plain = match random.unit() {
            x if x < 0.04 => (1 + random.below(500)).to_string() + random.pick(UNITS),
            x if x < 0.06 => unknown[random.below(unknown.len())].clone(),
            x if x < 0.065 => "Jalapeño".to_string(),
            _ => random.zipf(ORDINARY).to_string(),
        };
        // A title in capitals, then running text.
        let title = text.text.len() < 40;
        let written = if random.chance(if title { 0.8 } else { 0.1 }) {
            capitalized(&plain)
        } else {
            plain
        };
        text.text.push_str(&written);
    }
}

fn separate(text: &mut Text, random: &mut Random) {
    if !text.text.is_empty() {
        let separator = random.weighted(&[(" ", 88), (", ", 7), (" - ", 3), (" & ", 1), ("® ", 1)]);
        text.text.push_str(separator);
    }
}

/// Misspells one word of a name, and a long name twice now and then. False where no word is long
/// enough.
fn misspell(name: &mut String, random: &mut Random) -> bool {
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let times = if letters >= 8 && random.chance(0.15) {
        2
    } else {
        1
    };
    (0..times).all(|_| slip(name, random))
}

fn slip(name: &mut String, random: &mut Random) -> bool {
    let mut bytes = name.clone().into_bytes();
    let kind = random.below(12);
    if kind == 0
        && let Some(space) = bytes.iter().position(|&byte| byte == b' ')
    {
        name.remove(space);
        return true;
    }
    let places: Vec<usize> = words(&bytes)
        .filter(|word| word.len() >= 4)
        .flatten()
        .collect();
    // Not the first letter of a word.
    let inner = |at: &usize| bytes[at - 1].is_ascii_alphabetic();
    let places: Vec<usize> = places
        .into_iter()
        .filter(|at| *at > 0)
        .filter(inner)
        .collect();
    if places.is_empty() {
        return false;
    }
    let at = random.pick(&places);
    let letter = bytes[at];
    match kind {
        1 => bytes.insert(at, b' '),
        2..=4 => drop(bytes.remove(at)),
        5 | 6 => bytes.insert(at, letter),
        7 if bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) => bytes.swap(at, at + 1),
        8 | 9 => bytes[at] = cased(neighbour(letter, random), letter),
        _ => match places.iter().find(|&&at| is_vowel(bytes[at])) {
            Some(&vowel) => bytes[vowel] = cased(random.pick(b"aeiou"), bytes[vowel]),
            None => drop(bytes.remove(at)),
        },
    }
    let slipped = String::from_utf8_lossy(&bytes).into_owned();
    let changed = slipped.to_lowercase() != name.to_lowercase();
    *name = slipped;
    changed || slip(name, random)
}

fn words(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    bytes
        .split(|byte| !byte.is_ascii_alphabetic())
        .map(move |word| {
            let start = at;
            at += word.len() + 1;
            start..start + word.len()
        })
}

fn is_vowel(letter: u8) -> bool {
    b"aeiou".contains(&letter.to_ascii_lowercase())
}

fn cased(letter: u8, like: u8) -> u8 {
    if like.is_ascii_uppercase() {
        letter.to_ascii_uppercase()
    } else {
        letter
    }
}

/// The key to the left or to the right.
fn neighbour(letter: u8, random: &mut Random) -> u8 {
    for row in [b"qwertyuiop".as_slice(), b"asdfghjkl", b"zxcvbnm"] {
        if let Some(at) = row
            .iter()
            .position(|&key| key == letter.to_ascii_lowercase())
        {
            let left = at == row.len() - 1 || at > 0 && random.chance(0.5);
            return row[if left { at - 1 } else { at + 1 }];
        }
    }
    letter
}

/// How many of the words that stand in no list the texts use.
const UNKNOWN: usize = 2_000;

const UNITS: &[&str] = &["", "", "", "g", "kg", "ml", "l", "oz", "gb", "mm", "%"];
