//! Hostile texts: the work a search does grows with the text and with nothing else. Work is counted,
//! not timed: questions that an index answered, and terms it named.

use super::{Builder, Scratch, Settings, TermOptions};

/// The work of a search in so many repetitions of a piece.
fn work(piece: &str, times: usize) -> usize {
    let mut builder = Builder::new(Settings::default());
    for (id, term) in [
        "xqxq",
        "xqxqxqxqx",
        "qqqqqqqqqqqq",
        "xqz",
        "qxqxqxqxqxqxqxqx",
    ]
    .iter()
    .enumerate()
    {
        builder
            .add(id as i64, term, TermOptions::default())
            .unwrap();
    }
    builder
        .add(9, &"xq".repeat(100), TermOptions::default())
        .unwrap();
    let lexicon = builder.finish().unwrap();
    let mut scratch = Scratch::new();
    lexicon.search(&piece.repeat(times), &mut scratch);
    scratch.work()
}

/// Ten times the text is a little more than ten times the work: the last words begin fewer windows.
#[test]
fn the_work_of_a_search_grows_with_the_text_and_not_faster() {
    let long = format!("{} ", "qx".repeat(99));
    let joined = "qxqxqxqxqx'";
    for piece in [
        "x q ",
        "xq ",
        "x's ",
        "xqxxq xqq ",
        "xqxqxqxq",
        "q",
        long.as_str(),
        joined,
    ] {
        let (few, many) = (work(piece, 1000), work(piece, 10_000));
        assert!(many <= 11 * few + 100, "{piece:?}: {few}, then {many}");
    }
    assert!(work("x q ", 300) > 300, "the work is counted");
}

/// A window of more letters than are packed costs a measurement with each term, and a text may repeat it.
#[test]
fn windows_of_many_letters_are_compared_once() {
    let mut builder = Builder::new(Settings::default());
    builder
        .add(1, &"and ".repeat(19), TermOptions::default())
        .unwrap();
    let lexicon = builder.finish().unwrap();
    let mut scratch = Scratch::new();
    let text = format!("{}adn ", "and ".repeat(18)).repeat(50);
    let found = lexicon.search(&text, &mut scratch).to_vec();
    let first = scratch.work();
    assert!(!found.is_empty() && first > 0, "{found:?}, {first}");
    assert_eq!(lexicon.search(&text, &mut scratch), found);
    assert_eq!(scratch.work(), first);
}
