//! The rules for one window and one term, as the room's header numbers them.

use super::{Prepared, Term};

/// What is known of terms and words, and of one text.
pub(super) struct Rules<'a> {
    pub known: &'a Prepared,
    /// How many words the text has.
    pub words: usize,
}

pub(super) struct Window {
    pub words: Vec<String>,
    /// Which of them are numbers, or run together with one.
    pub codes: Vec<bool>,
    pub letters: String,
}

impl Rules<'_> {
    pub fn accept(&self, window: &Window, term: &Term, distance: usize) -> bool {
        let changed = minus(&window.words, &term.tokens);
        let code = left_over(&window.words, &term.tokens).any(|at| window.codes[at]);
        let replaced = minus(&term.tokens, &window.words);
        let (letters, own) = (window.letters.as_str(), term.letters.as_str());
        let length = count(own);
        let guarded = term.options.guard;
        if distance == 0 {
            let ordinary = |word: &String| self.known.common.contains(word) || count(word) < 3;
            return !guarded || length >= 7 || changed.is_empty() || !changed.iter().all(ordinary);
        }
        let by_length = match length {
            0..=2 => 0,
            3..=7 => 1,
            _ => 2,
        };
        let limit = usize::from(self.known.settings.max_distance.unwrap_or(2));
        let alone = window.words.len() == 1;
        let first = |text: &str| text.chars().next();
        let short = alone
            && first(letters) == first(own)
            && (count(letters) == length + 1 || sorted(letters) == sorted(own));
        let consonants_kept = length != 4
            || !alone
            || count(letters) > length
            || sorted(letters) == sorted(own)
            || consonants(letters) == consonants(own);
        let first_kept = !alone
            || length > if distance == 1 { 6 } else { 8 }
            || letters
                .chars()
                .take(2)
                .any(|letter| Some(letter) == first(own));
        let frequency = |word: &String| self.known.frequencies.get(word).copied().unwrap_or(0);
        let most = changed.iter().map(frequency).max().unwrap_or(0);
        let rarest = replaced.iter().map(frequency).min().unwrap_or(0);
        let may_be_changed = |word: &String| {
            !(self.known.vocabulary.contains(word) || guarded && self.known.common.contains(word))
        };
        let owner = format!("{letters}s") == own;
        let ordinary = |word: &str| {
            self.known.dictionary.contains(word) || !owner && self.known.names.contains(word)
        };
        let near = match term.options.max_distance {
            Some(own) => {
                let most = [0, 0, 0, 1, 1].get(length).copied().unwrap_or(2);
                distance <= usize::from(own).min(most)
            }
            None => {
                distance <= by_length.min(limit)
                    && (length > 3 || short)
                    && consonants_kept
                    && first_kept
                    && (distance == 1 || count(&replaced.concat()) >= 4)
            }
        };
        near && digits(letters) == digits(own)
            && !changed.is_empty()
            && !replaced.is_empty()
            && changed.iter().all(may_be_changed)
            && !code
            && !(guarded && alone && ordinary(letters) && (self.words > 4 || distance > 1))
            && !(guarded && most >= 2 && most * 3 >= rarest)
    }
}

fn count(text: &str) -> usize {
    text.chars().count()
}

fn sorted(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort();
    letters
}

fn digits(text: &str) -> String {
    text.chars().filter(|c| c.is_numeric()).collect()
}

/// Where the words of `from` are that are not in `what`, each of which serves once.
fn left_over<'w>(from: &'w [String], what: &[String]) -> impl Iterator<Item = usize> + use<'w> {
    let mut what = what.to_vec();
    (0..from.len()).filter(
        move |&at| match what.iter().position(|other| *other == from[at]) {
            Some(at) => {
                what.remove(at);
                false
            }
            None => true,
        },
    )
}

fn minus(from: &[String], what: &[String]) -> Vec<String> {
    left_over(from, what).map(|at| from[at].clone()).collect()
}

/// The consonants, a double one once.
fn consonants(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.retain(|letter| letter.is_ascii_lowercase() && !"aeiouy".contains(*letter));
    letters.dedup();
    letters
}
