//! Named cases of folding: what a person expects of one text each.

use super::{Characters, Folded};

/// The tokens as text, `+` before a joined one, `'s` behind a possessive, `|` before a hard break.
fn fold(text: &str) -> String {
    let mut folded = Folded::new();
    folded.fold(text);
    let words = folded.tokens().iter().map(|token| {
        let letters = &folded.letters()[token.start as usize..token.end as usize];
        format!(
            "{}{}{}{}",
            if token.hard_break() { "|" } else { "" },
            if token.joined() { "+" } else { "" },
            std::str::from_utf8(letters).expect("letters are UTF-8"),
            if token.possessive() { "'s" } else { "" },
        )
    });
    words.collect::<Vec<_>>().join(" ")
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(fold(text), *expected, "folding of {text:?}");
    }
}

#[test]
fn case_and_accents_do_not_matter() {
    check(&[
        ("PEPSI Cola", "pepsi cola"),
        ("Häagen-Dazs", "haagen dazs"),
        ("Ha\u{308}agen", "haagen"),
        ("NESCAFÉ", "nescafe"),
        ("İSTANBUL ısı", "istanbul isi"),
        ("Straße STRASSE STRAẞE", "strasse strasse strasse"),
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("ᾳ α\u{345} ᾼ", "α α α"),
        ("Йогурт ёж", "иогурт еж"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد أحمد", "محمد احمد"),
        ("Việt Nam", "viet nam"),
    ]);
}

#[test]
fn letters_that_do_not_decompose_are_written_in_ascii() {
    check(&[
        ("Smørrebrød Łódź Đuro", "smorrebrod lodz duro"),
        ("Æsop œuvre Þór Ħal", "aesop oeuvre thor hal"),
        ("coŀlecció", "colleccio"),
        ("ʼn ŉ ẚ", "n n a"),
        ("ᴘᴇᴘsɪ", "pepsi"),
    ]);
}

#[test]
fn compatibility_forms_are_their_plain_letters() {
    check(&[
        ("ﬁsh oﬃce ﬆ", "fish office st"),
        ("ＰＥＰＳＩ", "pepsi"),
        ("𝐏𝐞𝐩𝐬𝐢 ⓟⓔⓟⓢⓘ", "pepsi pepsi"),
        ("Ⅷ m² ª", "viii m +2 a"),
    ]);
    assert_eq!(fold("ｶﾞ"), fold("ガ"));
    assert_eq!(fold("カ\u{3099}"), fold("ガ"));
}

#[test]
fn symbols_and_emoji_separate_and_leave_no_letters() {
    check(&[
        ("PEPSI™ Coke® ℠x", "pepsi coke x"),
        ("pepsi™cola", "pepsi cola"),
        ("pepsi🥤cola 👩\u{200D}👧", "pepsi cola"),
        ("🅿🅴 a", "a"),
        ("7\u{FE0F}\u{20E3}up", "7 +up"),
        ("co-op, (a_b) a/b\u{A0}c\u{FFFD}d", "co op a b a b c d"),
    ]);
}

#[test]
fn ignorable_characters_vanish_without_separating() {
    check(&[
        (
            "pep\u{AD}si pep\u{200B}si \u{FEFF}pepsi\u{200F}",
            "pepsi pepsi pepsi",
        ),
        ("مـــحمد", "محمد"),
        ("a\u{34F}\u{301}b", "ab"),
    ]);
}

#[test]
fn apostrophes_vanish_inside_words_and_separate_at_their_edges() {
    check(&[
        (
            "L'Oréal l’oreal lʼoreal l`oreal",
            "loreal loreal loreal loreal",
        ),
        ("'quoted' ‘quoted’", "quoted quoted"),
        ("rock 'n' roll", "rock n roll"),
        ("Hawai‘i Hawaiʻi", "hawaii hawaii"),
        ("5'10\" 6'x4'", "5 10 6 +x +4"),
        ("lil''good", "lilgood"),
        ("a'\u{301}b", "ab"),
    ]);
}

#[test]
fn a_possessive_keeps_its_letter_and_says_so() {
    check(&[
        ("Horton's LAY'S lay’s", "hortons's lays's lays's"),
        ("O'Neil's 'Joe's' joe's' x", "oneils's joes's joes's x"),
        ("lays' it'so 's s", "lays itso s s"),
        ("80's joe's2 joe'ß", "80 +s joes's +2 joess"),
    ]);
}

#[test]
fn an_ampersand_is_the_word_and() {
    check(&[
        ("M&M's", "m and ms's"),
        ("A & B ＆", "a and b and"),
        ("&&", "and and"),
    ]);
}

#[test]
fn letters_and_digits_are_joined_tokens() {
    check(&[
        ("330ml 7up 3.5 a1b2", "330 +ml 7 +up 3 5 a +1 +b +2"),
        ("1½ cup ½l ⒈", "1 1 2 cup 1 2 l 1"),
        ("٣٣٠ml", "٣٣٠ +ml"),
    ]);
}

#[test]
fn scripts_without_spaces_yield_a_token_a_character() {
    check(&[
        ("コカ・コーラ", "コ +カ コ +ー +ラ"),
        ("牛乳milk", "牛 +乳 +milk"),
    ]);
    assert_eq!(fold("น\u{E49}\u{E33}"), "น\u{E49}\u{E4D} +\u{E32}");
    assert_eq!(
        fold("ท\u{E38}\u{E48}"),
        fold("ท\u{E48}\u{E38}"),
        "canonical order"
    );
    assert_eq!(
        fold("한국 가"),
        fold("\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8} \u{1100}\u{1161}")
    );
    assert_eq!(fold("क़िला"), "क\u{93C}िला");
}

#[test]
fn hard_breaks_are_on_the_token_behind_them() {
    check(&[
        ("name\u{1F}description", "name |description"),
        ("a \u{1F} - b c", "a |b c"),
        ("a\0\u{C}b'\u{1F}s", "a |b |s"),
    ]);
}

#[test]
fn spans_mark_whole_characters_of_the_original() {
    // Text, letters to look for, what a person would mark.
    let cases = [
        ("le café noir", "cafe", "café"),
        ("le cafe\u{301} noir", "cafe", "cafe\u{301}"),
        ("le cafe\u{301}s", "cafe", "cafe\u{301}"),
        ("İstanbul", "ista", "İsta"),
        ("Großstadt", "gros", "Groß"),
        ("ﬁsh", "f", "ﬁ"),
        ("oﬃce", "ic", "ﬃc"),
        ("Horton's", "horton", "Horton"),
        ("Horton's", "hortons", "Horton's"),
        ("l'oréal", "oreal", "oréal"),
        ("l'oréal", "lo", "l'o"),
        ("🥤pepsi🥤", "pepsi", "pepsi"),
        ("pep\u{AD}sicola", "pepsi", "pep\u{AD}si"),
        ("pep\u{AD}sicola", "cola", "cola"),
        ("M&M", "and", "&"),
        ("مُحَمَّد", "محم", "مُحَمَّ"),
        ("ΟΔΟΣ", "δοσ", "ΔΟΣ"),
        ("牛乳", "乳", "乳"),
        ("ガス", "ガ", "ガ"),
        ("1½", "2", "½"),
    ];
    let mut folded = Folded::new();
    for (text, letters, marked) in cases {
        folded.fold(text);
        let mut nfkd = Folded::new();
        nfkd.fold(letters);
        let all = std::str::from_utf8(folded.letters()).expect("letters are UTF-8");
        let wanted = std::str::from_utf8(nfkd.letters()).expect("letters are UTF-8");
        let start = all
            .rfind(wanted)
            .unwrap_or_else(|| panic!("{wanted:?} is in {all:?}"));
        let span = folded.source_of(start..start + wanted.len());
        assert_eq!(&text[span], marked, "span of {letters:?} in {text:?}");
    }
}

#[test]
fn a_range_outside_the_letters_has_no_span() {
    let mut folded = Folded::new();
    folded.fold("pepsi");
    assert_eq!(folded.source_of(3..9), 0..0);
    assert_eq!(folded.source_of(7..9), 0..0);
    folded.fold("");
    assert_eq!(folded.source_of(0..0), 0..0);
}

#[test]
fn the_ends_of_a_possessive_are_before_and_behind_it() {
    let mut folded = Folded::new();
    folded.fold("é Horton’s x");
    let token = folded.tokens()[1];
    assert_eq!(
        (
            token.source_start,
            token.source_end_without_s,
            token.source_end
        ),
        (3, 9, 13)
    );
    let plain = folded.tokens()[2];
    assert_eq!(plain.source_end_without_s, plain.source_end);
}

#[test]
fn kinds_of_tokens_are_told() {
    let mut folded = Folded::new();
    folded.fold("330 ml 牛 ٣");
    let kinds: Vec<_> = folded
        .tokens()
        .iter()
        .map(|t| (t.numeric(), t.unspaced()))
        .collect();
    assert_eq!(
        kinds,
        [(true, false), (false, false), (false, true), (true, false)]
    );
    assert!(!folded.is_ascii());
    folded.fold("Café 🥤");
    assert!(
        folded.is_ascii(),
        "the letters are ASCII though the text is not"
    );
}

#[test]
fn character_spans_count_characters_not_bytes() {
    assert_eq!(Characters::of("le café noir").span(3..8), (3, 4));
    assert_eq!(Characters::of("🥤pepsi").span(4..9), (1, 5));
    assert_eq!(
        Characters::of("é").span(1..2),
        (0, 0),
        "not on character boundaries"
    );
    assert_eq!(Characters::of("e").span(0..7), (0, 0), "outside");
}

#[test]
fn ranges_in_any_order_have_their_characters() {
    let text = "🥤 café noir";
    let mut characters = Characters::of(text);
    for (range, expected) in [
        (5..10, (2, 4)),
        (0..4, (0, 1)),
        (5..8, (2, 3)),
        (11..15, (7, 4)),
    ] {
        assert_eq!(characters.span(range), expected);
    }
}
