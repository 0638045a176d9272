//! A text as the oracle reads it: letters as strings, and all that is known of each word.

use crate::text::Folded;

pub(super) struct Token {
    pub letters: String,
    pub without_s: Option<String>,
    /// A number, or run together with one.
    pub code: bool,
    pub joined: bool,
    pub breaks: bool,
    pub source: (usize, usize, usize),
    pub place: (usize, usize),
}

pub(super) fn fold(text: &str) -> (String, Vec<Token>) {
    let mut folded = Folded::new();
    folded.fold(text);
    let all = String::from_utf8(folded.letters().to_vec()).unwrap();
    let tokens = folded.tokens().iter().map(|token| {
        let (start, end) = (token.start as usize, token.end as usize);
        let letters = all[start..end].to_owned();
        let without_s = (token.possessive() && letters.chars().count() > 1)
            .then(|| letters[..letters.len() - 1].to_owned());
        Token {
            letters,
            without_s,
            code: token.numeric(),
            joined: token.joined(),
            breaks: token.hard_break(),
            source: (
                token.source_start as usize,
                token.source_end as usize,
                token.source_end_without_s as usize,
            ),
            place: (start, end),
        }
    });
    let mut tokens: Vec<Token> = tokens.collect();
    let numbers: Vec<bool> = tokens.iter().map(|token| token.code).collect();
    for at in 0..tokens.len().saturating_sub(1) {
        if tokens[at + 1].joined {
            tokens[at].code |= numbers[at + 1];
            tokens[at + 1].code |= numbers[at];
        }
    }
    (all, tokens)
}
