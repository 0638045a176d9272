//! One character: what it is to the folding, and the letters it folds to. Written for correctness,
//! from the tables of the Unicode crates; `cache` makes it fast.
//!
//! The folding of a character is stable: it is decomposed (NFKD) and case-folded until neither
//! changes anything, so folding a folded text again yields the same letters, and a text folds alike
//! in every normalization form. (Unicode 3.13, "Default Caseless Matching"; UAX #15.)

use caseless::Caseless;
use unicode_normalization::char::{
    canonical_combining_class, decompose_compatible, is_combining_mark,
};

use super::latin;

/// What a character, or one of those it folds to, does to the word being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ends a word.
    Separator,
    /// Ends a word, and no match goes across it.
    Break,
    Letter,
    Digit,
    /// A character of a script written without spaces: a word of its own.
    Unspaced,
    /// A mark that carries meaning: it is kept, with the letter before it.
    Mark,
    /// An accent: it leaves no letter, and belongs to the character before it.
    Accent,
    /// Vanishes between letters, otherwise ends a word.
    Apostrophe,
    /// The word `and`.
    Ampersand,
    /// Treated as if it were not there: soft hyphens, joiners, variation selectors.
    Ignored,
}

/// One character of a folding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) kind: Kind,
    pub(super) letter: char,
}

impl Part {
    fn of(letter: char) -> Part {
        Part {
            kind: kind(letter),
            letter,
        }
    }
}

/// Appends what `c` folds to: at least one part.
///
/// A character that is several words (`½`, `⒈`, the Arabic ligature `ﷺ`) is separated from its
/// neighbours: `1½` is not eleven halves.
pub(super) fn parts(c: char, out: &mut Vec<Part>) {
    let start = out.len();
    if !matches!(
        kind(c),
        Kind::Letter | Kind::Digit | Kind::Unspaced | Kind::Mark | Kind::Accent
    ) {
        out.push(Part::of(c));
        return;
    }
    settle(c, out);
    if out.len() - start == 1 {
        return;
    }
    if out[start..].iter().any(|part| part.kind == Kind::Separator) {
        out.insert(start, Part::of(' '));
        out.push(Part::of(' '));
    }
    let mut kept = start;
    for at in start..out.len() {
        if !matches!(
            out[at].kind,
            Kind::Accent | Kind::Ignored | Kind::Apostrophe
        ) {
            out[kept] = out[at];
            kept += 1;
        }
    }
    if kept == start {
        out[kept].kind = Kind::Accent;
        kept += 1;
    }
    out.truncate(kept);
}

/// Decomposes and case-folds until nothing changes, and writes Latin letters in ASCII. An accent is
/// not case-folded: the Greek iota below, alone of all, would become a letter.
fn settle(c: char, out: &mut Vec<Part>) {
    if let Some(ascii) = latin::ascii(c) {
        out.extend(ascii.chars().map(Part::of));
        return;
    }
    decompose_compatible(c, |decomposed| {
        let part = Part::of(decomposed);
        for folded in std::iter::once(decomposed).default_case_fold() {
            if folded == decomposed && latin::ascii(folded).is_none() || part.kind == Kind::Accent {
                out.push(part);
            } else {
                settle(folded, out);
            }
        }
    });
}

/// What a character is, before it is folded.
pub(super) fn kind(c: char) -> Kind {
    match c {
        '\0' | '\u{0C}' | '\u{1F}' => Kind::Break,
        '&' | '＆' | '﹠' => Kind::Ampersand,
        _ if is_apostrophe(c) => Kind::Apostrophe,
        _ if is_ignored(c) => Kind::Ignored,
        _ if is_combining_mark(c) => mark_kind(c),
        _ if !c.is_alphanumeric() || is_letter_emoji(c) => Kind::Separator,
        _ if is_digit(c) => Kind::Digit,
        _ if is_unspaced(c) => Kind::Unspaced,
        _ => Kind::Letter,
    }
}

/// The characters people type for an apostrophe, with the accents that look like one and the
/// modifier letters of transliterations (ʻokina, hamza, ayin, soft sign); `\u{1FEF}` and `\u{1FFD}`
/// are canonically the same as the grave and the acute.
fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`'
            | '´'
            | '‘'
            | '’'
            | '‛'
            | '′'
            | '＇'
            | '｀'
            | '׳'
            | '\u{1FEF}'
            | '\u{1FFD}'
            | 'ʹ'
            | 'ʻ'
            | 'ʼ'
            | 'ʽ'
            | 'ʾ'
            | 'ʿ'
    )
}

/// Default_Ignorable_Code_Point (Unicode 16, DerivedCoreProperties), and the tatweel, which only
/// stretches a word.
fn is_ignored(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{640}' | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Accents and points are overlays (class 1), Hebrew, Arabic and Syriac points (10-36) and what is
/// attached above or below (202-240); the enclosing marks (a keycap's frame) have class 0. All other
/// marks spell: vowel signs, viramas, nuktas, tone marks, voicing marks.
fn mark_kind(c: char) -> Kind {
    let enclosing = matches!(
        c,
        '\u{488}'..='\u{489}' | '\u{1ABE}' | '\u{20DD}'..='\u{20E0}' | '\u{20E2}'..='\u{20E4}'
            | '\u{A670}'..='\u{A672}'
    );
    match canonical_combining_class(c) {
        1 | 10..=36 | 202..=240 => Kind::Accent,
        _ if enclosing => Kind::Accent,
        _ => Kind::Mark,
    }
}

/// Squared and circled white letters: emoji by use, letters by Unicode's `Alphabetic`, and without
/// a decomposition.
fn is_letter_emoji(c: char) -> bool {
    matches!(c, '\u{1F150}'..='\u{1F169}' | '\u{1F170}'..='\u{1F189}')
}

/// Numbers, but for the numerals written as ideographs (〇, 〡).
fn is_digit(c: char) -> bool {
    c.is_numeric() && !matches!(c, '\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303A}')
}

/// Letters of Thai, Lao, Tibetan, Myanmar, Khmer, Hiragana, Katakana and Han, by block.
fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        '\u{E00}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{2E80}'..='\u{2FDF}'
            | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{3035}'
            | '\u{3038}'..='\u{303C}' | '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}'
            | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{A9E0}'..='\u{A9FF}'
            | '\u{AA60}'..='\u{AA7F}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9D}'
            | '\u{116D0}'..='\u{116FF}' | '\u{1AFF0}'..='\u{1B16F}' | '\u{20000}'..='\u{3FFFF}'
    )
}
