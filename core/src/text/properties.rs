//! What holds for every text: the fast way agrees with its twin, the map back is exact, and the same
//! text folds alike however Unicode lets it be written.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::unicode::{Kind, Part, parts};
use super::{Folded, MAX_TEXT, Token, twin};

/// Texts as messy as they come: words, everything the rules speak of, and any character at all.
pub(super) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z]{1,6}",
        2 => "[ -~]{1,3}",
        1 => "[0-9]{1,3}",
        2 => "['’‘ʼ＇`´′]s?",
        1 => "[&＆ \u{1F}\u{C}\u{0}]",
        2 => "[éÉñüøłæßﬁﬃİıſŉŀǆ½²ⅧªªK™®㎏ⓐＡ]",
        2 => "[\u{301}\u{308}\u{307}\u{327}\u{338}\u{345}\u{20E3}\u{93C}\u{94D}\u{E38}\u{E48}]",
        1 => "[\u{AD}\u{200B}\u{200D}\u{FE0F}\u{FEFF}\u{640}\u{200F}\u{34F}]",
        1 => "[🥤👩🅿🇩…—]",
        1 => "[αβΣςσάΐᾳΩ]{1,3}",
        1 => "[אבשׁלּاأحمّدﷲﷺ]{1,3}",
        1 => "[一牛乳〇々カガｶﾞーはぱ]{1,3}",
        1 => "[กน้ำเลົ່ຳ๓]{1,4}",
        1 => "[한국어가ᄀ\u{1161}ㄱ]{1,2}",
        1 => "[कख़िाड़ং]{1,3}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn of(text: &str) -> Folded {
    let mut folded = Folded::new();
    folded.fold(text);
    folded
}

fn letters_of(folded: &Folded) -> &str {
    std::str::from_utf8(folded.letters()).expect("letters are UTF-8")
}

fn as_word(folded: &Folded, token: &Token) -> twin::Word {
    let letters = letters_of(folded)[token.start as usize..token.end as usize].to_string();
    let source = token.source_start as usize..token.source_end as usize;
    let start = token.start as usize;
    let sources = letters.char_indices().flat_map(|(at, c)| {
        let letter = start + at..start + at + c.len_utf8();
        vec![folded.source_of(letter); c.len_utf8()]
    });
    twin::Word {
        source,
        source_end_without_s: token.source_end_without_s as usize,
        possessive: token.possessive(),
        joined: token.joined(),
        unspaced: token.unspaced(),
        numeric: token.numeric(),
        hard_break: token.hard_break(),
        sources: sources.collect(),
        letters,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn folding_agrees_with_its_twin(text in text()) {
        let folded = of(&text);
        let words: Vec<_> = folded.tokens().iter().map(|token| as_word(&folded, token)).collect();
        prop_assert_eq!(words, twin::fold(&text), "{:?}", text);
        prop_assert_eq!(folded.is_ascii(), folded.letters().is_ascii());
    }

    #[test]
    fn the_table_of_ascii_says_what_unicode_says(text in "[\\x00-\\x7F]{0,40}|[A-Za-z0-9'& ]{0,40}") {
        let mut general = Folded::new();
        general.walk::<false>(&text);
        let table = of(&text);
        prop_assert_eq!(table.letters(), general.letters());
        prop_assert_eq!(table.tokens(), general.tokens());
        for start in 0..=table.letters().len() {
            for end in start..=table.letters().len() {
                prop_assert_eq!(table.source_of(start..end), general.source_of(start..end));
            }
        }
    }

    #[test]
    fn tokens_tile_the_letters_and_ascend_in_the_text(text in text()) {
        let folded = of(&text);
        let (mut end, mut source_start, mut source_end) = (0, 0, 0);
        for token in folded.tokens() {
            prop_assert_eq!(token.start, end);
            prop_assert!(token.start < token.end);
            prop_assert!(token.source_start >= source_start && token.source_end >= source_end);
            prop_assert!(token.source_start < token.source_end_without_s);
            prop_assert!(token.source_end_without_s <= token.source_end);
            for at in [token.source_start, token.source_end, token.source_end_without_s] {
                prop_assert!(text.is_char_boundary(at as usize));
            }
            prop_assert!(letters_of(&folded).is_char_boundary(token.end as usize));
            (end, source_start, source_end) = (token.end, token.source_start, token.source_end);
        }
        prop_assert_eq!(end as usize, folded.letters().len());
    }

    #[test]
    fn a_range_of_letters_spans_from_its_first_to_its_last(text in text()) {
        let folded = of(&text);
        let sources: Vec<_> = twin::fold(&text).into_iter().flat_map(|word| word.sources).collect();
        let letters = letters_of(&folded);
        for (start, _) in letters.char_indices() {
            for (last, c) in letters[start..].char_indices() {
                let end = start + last + c.len_utf8();
                let expected = sources[start].start..sources[end - 1].end;
                prop_assert_eq!(folded.source_of(start..end), expected);
            }
        }
    }

    #[test]
    fn a_text_folds_alike_in_every_normalization_form(text in text()) {
        let composed = of(&text.nfc().to_string());
        let decomposed = of(&text.nfd().to_string());
        prop_assert_eq!(letters_of(&composed), letters_of(&decomposed), "{:?}", text);
    }

    #[test]
    fn what_is_folded_stays_as_it_is(text in text()) {
        let folded = of(&text);
        for token in folded.tokens() {
            let word = &letters_of(&folded)[token.start as usize..token.end as usize];
            let again = of(word);
            prop_assert_eq!(letters_of(&again), word);
        }
    }

    #[test]
    fn what_was_folded_before_leaves_no_trace(first in text(), second in text()) {
        let mut folded = of(&first);
        folded.fold(&second);
        let fresh = of(&second);
        prop_assert_eq!(folded.letters(), fresh.letters());
        prop_assert_eq!(folded.tokens(), fresh.tokens());
        prop_assert_eq!(folded.is_ascii(), fresh.is_ascii());
    }
}

#[test]
fn every_character_folds_to_letters_that_fold_to_themselves() {
    let mut folded = Vec::new();
    let mut again = Vec::new();
    for c in '\0'..=char::MAX {
        folded.clear();
        parts(c, &mut folded);
        assert!(!folded.is_empty(), "{c:?}");
        let bytes: usize = folded.iter().map(|part| part.letter.len_utf8()).sum();
        assert!(
            bytes <= 16 * c.len_utf8(),
            "{c:?} grows beyond what MAX_TEXT allows for"
        );
        for part in &folded {
            if matches!(
                part.kind,
                Kind::Letter | Kind::Digit | Kind::Unspaced | Kind::Mark
            ) {
                again.clear();
                parts(part.letter, &mut again);
                assert_eq!(again, [Part { ..*part }], "of {c:?}");
            }
        }
    }
}

#[test]
fn every_character_folds_as_the_twin_says() {
    let mut folded = Folded::new();
    for c in ('\0'..'\u{32000}').chain('\u{E0000}'..'\u{E0200}') {
        let text = format!("a{c}s");
        folded.fold(&text);
        let words: Vec<_> = folded
            .tokens()
            .iter()
            .map(|token| as_word(&folded, token))
            .collect();
        assert_eq!(words, twin::fold(&text), "{text:?}");
    }
}

#[test]
fn positions_of_the_longest_text_fit_their_type() {
    assert!(MAX_TEXT * 16 <= u32::MAX as usize);
}
