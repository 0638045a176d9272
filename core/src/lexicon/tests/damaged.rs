//! Whatever a compiled form holds that was not compared with its checksum, a search ends, and what it
//! finds lies inside the text. `fuzz/targets/damaged.rs` looks for more of it, and longer.

use crate::lexicon::build::Builder;
use crate::lexicon::parts::Lexicon;
use crate::lexicon::search::Scratch;
use crate::lexicon::settings::{Overlap, Settings, TermOptions};
use crate::lexicon::tests::cases;
use std::sync::Arc;

use proptest::prelude::*;

struct Words(Vec<u64>);

impl AsRef<[u8]> for Words {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

const TERMS: [&str; 9] = [
    "Pepsi",
    "Pepsi Max",
    "Coca-Cola",
    "水",
    "7 UP",
    "Kellogg's",
    "a",
    "BMW",
    "Mississippi Mud Pie",
];
const TEXT: &str = "pepsie maks, coca colla & kelog's misisippi mud pie 水 7up bmw a";

fn compiled(kind: usize) -> Vec<u64> {
    let (whole_words, guard) = [(true, true), (true, false), (false, true)][kind];
    let mut builder = Builder::new(Settings {
        whole_words,
        overlap: Overlap::All,
        max_distance: None,
    });
    builder.common_words(["mud", "max"].into_iter()).unwrap();
    builder.dictionary(["pie"].into_iter()).unwrap();
    (0..3).for_each(|_| builder.learn("pepsi and other words").unwrap());
    for (id, term) in (0..).zip(TERMS) {
        builder
            .add(
                id,
                term,
                TermOptions {
                    guard,
                    max_distance: None,
                },
            )
            .unwrap();
    }
    let lexicon = builder.finish().unwrap();
    let words = lexicon.to_bytes().chunks_exact(8);
    words
        .map(|word| u64::from_ne_bytes(word.try_into().unwrap()))
        .collect()
}

fn opens_and_searches(words: Vec<u64>) -> Result<(), TestCaseError> {
    let Ok(lexicon) = Lexicon::from_trusted(Arc::new(Words(words))) else {
        return Ok(());
    };
    let mut scratch = Scratch::new();
    for mention in lexicon.search(TEXT, &mut scratch) {
        prop_assert!(TEXT.get(mention.start..mention.end).is_some());
        lexicon.term_text(mention.term);
    }
    lexicon.explain(TEXT);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * cases()))]

    #[test]
    fn a_search_reads_inside_of_words_that_are_wrong(
        kind in 0usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1usize..40, 0u32..5, any::<u32>()), 1..4)
    ) {
        let mut words = compiled(kind);
        for (at, count, how, value) in changes {
            let halves: &mut [u32] = bytemuck::cast_slice_mut(&mut words);
            let at = at.index(halves.len());
            let end = halves.len().min(at + count);
            match how {
                0 => halves[at..end].fill(0),
                1 => halves[at..end].fill(value),
                2 => halves[at] = value,
                3 => halves[at] = halves[at].wrapping_add(1),
                _ => halves[at] ^= 1 << (value % 32),
            }
        }
        opens_and_searches(words)?;
    }
}

#[test]
fn each_word_may_be_nothing_or_everything() {
    for kind in 0..3 {
        let original = compiled(kind);
        for at in 0..original.len() {
            for value in [
                0,
                u64::MAX,
                original[at].wrapping_add(1),
                original[at] >> 32,
            ] {
                let mut words = original.clone();
                words[at] = value;
                opens_and_searches(words).unwrap();
            }
        }
    }
}
