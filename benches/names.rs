//! Names as varied as those of real brands, any number of them, the same every time.
//!
//! Words are built of syllables: an onset, a nucleus, consonants between, a coda, each drawn with the
//! frequency it has in a list of 4,000 real brand names, as is the number of syllables. A name has
//! one to four words, again with the frequencies of real names; some of them are common words of the
//! trade (`Foods`, `Organic`), which many names share. The other words are reused as words are: a new
//! one is invented, or an old one taken in proportion to how often it has been, by a Pitman-Yor
//! process (Pitman, Yor 1997) whose discount is the share of words that real names have only once
//! (.80). Possessives, ampersands, digits, hyphens and capitals come in their real shares. No two
//! names are alike, and none is spelled like an ordinary word or two of them run together.

use std::collections::HashSet;

use crate::random::Random;
use crate::words::{COMMON, ORDINARY};

/// `count` different names. The first names of a longer list are those of a shorter one.
pub fn names(count: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let mut words = Words::default();
    let mut taken = ordinary();
    let mut names = Vec::with_capacity(count);
    while names.len() < count {
        let name = name(&mut words, &mut random);
        let letters = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>();
        if taken.insert(letters.to_lowercase()) {
            names.push(name);
        }
    }
    names
}

/// The ordinary words, and every two of them run together.
fn ordinary() -> HashSet<String> {
    let pairs = ORDINARY
        .iter()
        .flat_map(|a| ORDINARY.iter().map(move |b| format!("{a}{b}")));
    ORDINARY
        .iter()
        .map(|word| word.to_string())
        .chain(pairs)
        .collect()
}

fn name(words: &mut Words, random: &mut Random) -> String {
    let count = random.weighted(&[(1, 47), (2, 36), (3, 12), (4, 5)]);
    let mut parts: Vec<String> = Vec::new();
    for at in 0..count {
        // A name is never made of common words alone.
        let common = count > 1 && (at > 0 || random.chance(0.2)) && random.chance(0.45);
        let last = at + 1 == count;
        if common && !(last && parts.iter().all(|part| COMMON.contains(&part.as_str()))) {
            parts.push(random.zipf(COMMON).to_string());
        } else {
            parts.push(words.next(random));
        }
    }
    if random.chance(0.06) {
        parts[0].push_str("'s");
    }
    if random.chance(0.016) {
        let number = 1 + random.below(99);
        let place = random.below(count + 1);
        parts.insert(place, number.to_string());
    }
    let joint = match random.unit() {
        x if x < 0.012 => " & ",
        x if x < 0.030 => "-",
        _ => " ",
    };
    match random.weighted(&[(0, 55), (1, 40), (2, 5)]) {
        0 => parts
            .iter()
            .map(|part| capitalized(part))
            .collect::<Vec<_>>()
            .join(joint),
        1 => parts.join(joint).to_uppercase(),
        _ => parts.join(joint),
    }
}

pub fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}

/// The words invented so far.
#[derive(Default)]
struct Words {
    words: Vec<String>,
    /// Every use of a word, and whether it was its first.
    uses: Vec<(u32, bool)>,
}

impl Words {
    const DISCOUNT: f64 = 0.8;
    /// Sets how many words are new while there are few: at 4,000 names, about six of ten.
    const STRENGTH: f64 = 300.0;

    fn next(&mut self, random: &mut Random) -> String {
        let new = Self::STRENGTH + Self::DISCOUNT * self.words.len() as f64;
        if random.chance(new / (Self::STRENGTH + self.uses.len() as f64)) {
            let word = word(random);
            self.uses.push((self.words.len() as u32, true));
            self.words.push(word.clone());
            return word;
        }
        loop {
            let (word, first) = random.pick(&self.uses);
            if !first || !random.chance(Self::DISCOUNT) {
                self.uses.push((word, false));
                return self.words[word as usize].clone();
            }
        }
    }
}

/// A word of 3 to 13 letters, and not an ordinary one.
pub fn word(random: &mut Random) -> String {
    loop {
        let syllables = random.weighted(&[(1, 22), (2, 48), (3, 24), (4, 6)]);
        let mut word = random.weighted(ONSETS).to_string();
        for syllable in 0..syllables {
            if syllable > 0 {
                word.push_str(random.weighted(BETWEEN));
            }
            word.push_str(random.weighted(NUCLEI));
        }
        word.push_str(random.weighted(CODAS));
        if (3..=13).contains(&word.len()) && !ORDINARY.contains(&word.as_str()) {
            return word;
        }
    }
}

// Per thousand, of the words of 4,000 real names. The empty piece: no consonant there.
const ONSETS: &[(&str, u32)] = &[
    ("", 137),
    ("m", 70),
    ("b", 62),
    ("s", 57),
    ("c", 52),
    ("p", 50),
    ("h", 42),
    ("r", 41),
    ("l", 40),
    ("d", 38),
    ("t", 32),
    ("n", 30),
    ("f", 28),
    ("g", 25),
    ("k", 24),
    ("w", 23),
    ("v", 22),
    ("ch", 16),
    ("j", 16),
    ("br", 15),
    ("st", 13),
    ("pr", 11),
    ("fr", 11),
    ("gr", 10),
    ("sh", 8),
    ("cr", 8),
    ("z", 8),
    ("cl", 7),
    ("tr", 6),
    ("sp", 6),
    ("fl", 5),
    ("bl", 5),
    ("sm", 4),
    ("pl", 4),
    ("sw", 4),
    ("gl", 4),
    ("dr", 4),
    ("sk", 3),
    ("wh", 3),
    ("th", 3),
    ("sn", 3),
    ("qu", 3),
    ("kr", 3),
    ("str", 3),
    ("sl", 2),
    ("spr", 2),
    ("ph", 2),
    ("sc", 1),
];
const NUCLEI: &[(&str, u32)] = &[
    ("a", 235),
    ("e", 223),
    ("i", 155),
    ("o", 148),
    ("u", 57),
    ("y", 34),
    ("ea", 16),
    ("ie", 13),
    ("oo", 11),
    ("ee", 11),
    ("io", 11),
    ("ia", 10),
    ("ou", 10),
    ("ai", 9),
    ("ey", 5),
    ("au", 4),
    ("ay", 4),
    ("ei", 4),
    ("ue", 3),
    ("ui", 3),
    ("oa", 3),
    ("ya", 2),
    ("aa", 2),
    ("ua", 2),
    ("eo", 2),
    ("oe", 2),
    ("oy", 2),
    ("yo", 1),
    ("oi", 1),
    ("ye", 1),
    ("aya", 1),
    ("ao", 1),
];
const BETWEEN: &[(&str, u32)] = &[
    ("r", 84),
    ("n", 73),
    ("l", 59),
    ("t", 56),
    ("m", 41),
    ("d", 35),
    ("v", 32),
    ("s", 30),
    ("c", 29),
    ("ll", 25),
    ("g", 24),
    ("k", 21),
    ("b", 19),
    ("st", 17),
    ("nd", 16),
    ("nt", 15),
    ("p", 14),
    ("z", 11),
    ("f", 11),
    ("rr", 10),
    ("tt", 10),
    ("w", 9),
    ("ss", 9),
    ("nn", 8),
    ("nc", 8),
    ("rt", 7),
    ("rm", 7),
    ("ch", 7),
    ("rg", 7),
    ("mb", 6),
    ("pp", 6),
    ("h", 6),
    ("tr", 6),
    ("ct", 6),
    ("ck", 6),
    ("rn", 6),
    ("x", 5),
    ("rb", 5),
    ("sh", 5),
    ("rd", 5),
    ("ng", 4),
    ("sc", 4),
    ("mp", 4),
    ("th", 4),
    ("ns", 4),
    ("j", 4),
    ("rl", 4),
    ("ff", 4),
];
const CODAS: &[(&str, u32)] = &[
    ("", 384),
    ("s", 78),
    ("n", 76),
    ("r", 61),
    ("l", 31),
    ("t", 25),
    ("d", 22),
    ("rs", 20),
    ("ns", 16),
    ("x", 12),
    ("m", 12),
    ("c", 11),
    ("ng", 10),
    ("st", 9),
    ("k", 9),
    ("ll", 8),
    ("ck", 8),
    ("nd", 8),
    ("nt", 8),
    ("p", 7),
    ("ts", 6),
    ("w", 6),
    ("ss", 6),
    ("rd", 6),
    ("th", 6),
    ("sh", 6),
    ("ps", 5),
    ("rt", 5),
    ("rn", 5),
    ("ld", 4),
    ("ls", 4),
    ("g", 4),
    ("ds", 4),
    ("ch", 3),
    ("cs", 3),
    ("f", 3),
    ("lls", 3),
    ("ms", 3),
    ("b", 3),
    ("wn", 3),
    ("z", 3),
    ("ght", 3),
    ("ft", 3),
    ("rk", 3),
    ("v", 2),
    ("ff", 2),
    ("rds", 2),
    ("cks", 2),
];
