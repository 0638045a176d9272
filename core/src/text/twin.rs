//! The slow, obvious twin of the folding: the rules of the room's header, one pass each over a list
//! of characters, every one of which carries its place in the original. The fast way must agree with
//! it on everything. What a character *is* (`unicode::kind`) and the Latin table are shared: they
//! are definitions, which the named cases test.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::latin;
use super::unicode::{Kind, kind};

/// A base character with its marks, or a separator, or an apostrophe.
#[derive(Clone, Debug)]
struct Item {
    kind: Kind,
    letters: Vec<char>,
    source: Range<usize>,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Word {
    pub(super) letters: String,
    pub(super) source: Range<usize>,
    pub(super) source_end_without_s: usize,
    pub(super) possessive: bool,
    pub(super) joined: bool,
    pub(super) unspaced: bool,
    pub(super) numeric: bool,
    pub(super) hard_break: bool,
    /// For every byte of the letters, the original it came from.
    pub(super) sources: Vec<Range<usize>>,
}

pub(super) fn fold(text: &str) -> Vec<Word> {
    let mut items = Vec::new();
    for (start, c) in text.char_indices() {
        let source = start..start + c.len_utf8();
        match kind(c) {
            Kind::Letter | Kind::Digit | Kind::Unspaced | Kind::Mark | Kind::Accent => {
                spelled(c, source, &mut items);
            }
            kind => items.push(Item {
                kind,
                letters: vec![],
                source,
            }),
        }
    }
    items.retain(|item| item.kind != Kind::Ignored);
    words(settle_apostrophes(attach_marks(items)))
}

/// Folds one character by whole strings.
fn spelled(c: char, source: Range<usize>, items: &mut Vec<Item>) {
    let mut letters = c.to_string();
    loop {
        let decomposed = to_ascii(&letters).nfkd().to_string();
        let folded = to_ascii(&caseless::default_case_fold_str(&without_accents(
            &decomposed,
        )));
        if folded == letters {
            break;
        }
        letters = folded;
    }
    let item = |kind, letters| Item {
        kind,
        letters,
        source: source.clone(),
    };
    let several = letters.chars().any(|c| kind(c) == Kind::Separator);
    let one = letters.chars().count() == 1;
    if letters.is_empty() {
        items.push(item(Kind::Accent, vec![]));
    }
    if several {
        items.push(item(Kind::Separator, vec![]));
    }
    for letter in letters
        .chars()
        .filter(|&c| one || kind(c) != Kind::Apostrophe)
    {
        items.push(item(kind(letter), vec![letter]));
    }
    if several {
        items.push(item(Kind::Separator, vec![]));
    }
}

fn to_ascii(letters: &str) -> String {
    letters
        .chars()
        .map(|c| latin::ascii(c).map_or(c.to_string(), str::to_string))
        .collect()
}

/// Without the tatweel either, on which Unicode places the Arabic points that stand alone.
fn without_accents(letters: &str) -> String {
    letters
        .chars()
        .filter(|&c| !matches!(kind(c), Kind::Accent | Kind::Ignored))
        .collect()
}

fn is_base(kind: Kind) -> bool {
    matches!(kind, Kind::Letter | Kind::Digit | Kind::Unspaced)
}

/// Marks go with the character before them, in canonical order; a mark without one ends a word, an
/// accent without one is nothing. The letters of one character are one item.
fn attach_marks(items: Vec<Item>) -> Vec<Item> {
    let mut attached: Vec<Item> = Vec::new();
    for item in items {
        match (
            attached.last_mut().filter(|last| is_base(last.kind)),
            item.kind,
        ) {
            (Some(last), Kind::Mark | Kind::Accent) => {
                last.source.end = item.source.end;
                last.letters.extend(item.letters);
                in_canonical_order(&mut last.letters);
            }
            (None, Kind::Mark) => attached.push(Item {
                kind: Kind::Separator,
                ..item
            }),
            (None, Kind::Accent) => {}
            (Some(last), kind)
                if last.kind == kind
                    && kind != Kind::Unspaced
                    && last.source.start == item.source.start =>
            {
                last.letters.extend(item.letters);
            }
            _ => attached.push(item),
        }
    }
    attached
}

fn in_canonical_order(letters: &mut [char]) {
    for run in letters.chunk_by_mut(|_, next| canonical_combining_class(*next) > 0) {
        run[1..].sort_by_key(|&c| canonical_combining_class(c));
    }
}

/// A run of apostrophes between two characters of words, not both digits, stays one apostrophe
/// item; all others are separators.
fn settle_apostrophes(mut items: Vec<Item>) -> Vec<Item> {
    items.dedup_by(|next, first| next.kind == Kind::Apostrophe && first.kind == Kind::Apostrophe);
    for at in 0..items.len() {
        let before = at
            .checked_sub(1)
            .and_then(|before| items.get(before))
            .map(|item| item.kind);
        let behind = items.get(at + 1).map(|item| item.kind);
        let inside = before.is_some_and(is_base) && behind.is_some_and(is_base);
        let digits = before == Some(Kind::Digit) && behind == Some(Kind::Digit);
        if items[at].kind == Kind::Apostrophe && (!inside || digits) {
            items[at].kind = Kind::Separator;
        }
    }
    items
}

fn words(items: Vec<Item>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut hard_break = false;
    let mut previous = Kind::Separator;
    let mut apostrophe = None;
    for item in items {
        match item.kind {
            Kind::Apostrophe => {
                apostrophe = Some(item.source.start);
                continue;
            }
            Kind::Letter | Kind::Digit | Kind::Unspaced => {
                if previous != item.kind || item.kind == Kind::Unspaced {
                    words.push(Word {
                        source: item.source.clone(),
                        joined: is_base(previous),
                        unspaced: item.kind == Kind::Unspaced,
                        numeric: item.kind == Kind::Digit,
                        hard_break: std::mem::take(&mut hard_break),
                        ..Word::default()
                    });
                    apostrophe = None;
                }
                if let Some(word) = words.last_mut() {
                    let letters: String = item.letters.iter().collect();
                    word.source.end = item.source.end;
                    word.possessive = apostrophe.is_some() && letters == "s";
                    word.source_end_without_s = match apostrophe {
                        Some(at) if word.possessive => at,
                        _ => word.source.end,
                    };
                    word.sources
                        .extend(letters.bytes().map(|_| item.source.clone()));
                    word.letters.push_str(&letters);
                }
            }
            Kind::Ampersand => words.push(Word {
                letters: "and".to_string(),
                source: item.source.clone(),
                source_end_without_s: item.source.end,
                hard_break: std::mem::take(&mut hard_break),
                sources: vec![item.source.clone(); 3],
                ..Word::default()
            }),
            Kind::Break => hard_break = true,
            Kind::Separator | Kind::Mark | Kind::Accent | Kind::Ignored => {}
        }
        apostrophe = None;
        previous = item.kind;
    }
    words
}
