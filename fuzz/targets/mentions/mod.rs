//! What holds of the mentions in any text, whatever the lexicon.

use std::time::{Duration, Instant};

use termstream_core::lexicon::{Lexicon, MAX_DISTANCE, Mention, Scratch};

/// A search takes some microseconds a KB; instrumented, on a busy machine, and for the first text of
/// a lexicon, whose automaton may have to be built, it gets a thousand times that.
const ANY_SEARCH: Duration = Duration::from_secs(1);
const EACH_KB: Duration = Duration::from_millis(1);

/// Searches in bounded time, and returns mentions that can be shown.
pub fn search(lexicon: &Lexicon, text: &str, scratch: &mut Scratch) -> Vec<Mention> {
    let start = Instant::now();
    let mentions = lexicon.search(text, scratch).to_vec();
    let (took, allowed) = (
        start.elapsed(),
        ANY_SEARCH + EACH_KB * (text.len() as u32 >> 10),
    );
    assert!(took <= allowed, "{} bytes took {took:?}", text.len());
    for mention in &mentions {
        assert!(mention.start < mention.end, "{mention:?}");
        assert!(
            text.get(mention.start..mention.end).is_some(),
            "{mention:?}"
        );
        assert!(mention.distance <= MAX_DISTANCE, "{mention:?}");
        assert!((0.0..=1.0).contains(&mention.similarity), "{mention:?}");
    }
    let place = |mention: &Mention| (mention.start, mention.end, lexicon.term_id(mention.term));
    assert!(mentions.is_sorted_by_key(place), "{mentions:?}");
    mentions
}
