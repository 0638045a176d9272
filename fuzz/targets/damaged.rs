//! A compiled lexicon in which some bytes are wrong and the checksum was not compared (or was right
//! by malice): whatever the bytes hold, a search neither panics nor runs on, and what it returns lies
//! inside the text.

#![no_main]

mod mentions;

use std::sync::{Arc, OnceLock};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use termstream_core::bounds::Interrupts;
use termstream_core::lexicon::{
    Builder, Delta, Lexicon, Overlap, Scratch, Settings, TermOptions, english,
};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    lexicon: u8,
    changes: Vec<Change>,
    /// Number of a term of the text, and what follows it.
    text: Vec<(u8, &'a str)>,
    with_delta: bool,
}

#[derive(Arbitrary, Debug)]
enum Change {
    /// A word of four bytes in the first sixteenth (header and the like) or anywhere.
    Early(u16, u32),
    Anywhere(u32, u32),
    /// One more or less, as counts and places are wrong by.
    Count(u32, i8),
    Bit(u32, u8),
    /// So many words from here on are one value.
    Fill(u32, u8, u32),
    /// Words moved to another place.
    Copy(u32, u32, u8),
    Cut(u32),
}

struct Words(Vec<u64>);

impl AsRef<[u8]> for Words {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

const TERMS: [&str; 22] = [
    "Pepsi",
    "Pepsi Max",
    "Coca-Cola",
    "Sam Gamgee",
    "水",
    "7 UP",
    "Kellogg's",
    "Kelloggs",
    "Häagen-Dazs",
    "Ben & Jerry's",
    "Avery",
    "Avery Dennison",
    "Omegas",
    "Wasa",
    "Dr. Oetker",
    "a",
    "BMW",
    "Жигули",
    "Mississippi Mud Pie Company",
    "Planet Wings",
    "ab",
    "Lays",
];

/// The kinds of compiled forms there are: guarded, unguarded, learned, without word boundaries.
fn compiled(number: u8) -> &'static [u64] {
    static COMPILED: OnceLock<Vec<Vec<u64>>> = OnceLock::new();
    let all = COMPILED.get_or_init(|| {
        let settings = |overlap, whole_words| Settings {
            overlap,
            whole_words,
            max_distance: None,
        };
        [
            (settings(Overlap::Longest, true), true, false),
            (settings(Overlap::All, true), false, true),
            (settings(Overlap::Nested, true), true, true),
            (settings(Overlap::All, false), true, false),
        ]
        .into_iter()
        .map(|(settings, guard, learn)| {
            let mut builder = Builder::new(settings);
            builder.common_words(english().take(50)).unwrap();
            builder.dictionary(english().take(50)).unwrap();
            if learn {
                (0..9).for_each(|_| builder.learn("mississippi planet pepsi and other words").unwrap());
            }
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
            builder.add(3, "Pepsi", TermOptions::default()).unwrap();
            builder.skip(Some(9));
            let lexicon = builder.finish().expect("a lexicon of the terms");
            let words = lexicon.to_bytes().chunks_exact(size_of::<u64>());
            words
                .map(|word| u64::from_ne_bytes(word.try_into().expect("eight bytes")))
                .collect()
        })
        .collect()
    });
    &all[usize::from(number) % all.len()]
}

fn damage(words: &mut Vec<u64>, changes: &[Change]) {
    for change in changes {
        let halves: &mut [u32] = bytemuck::cast_slice_mut(words);
        let place = |at: u32| at as usize % halves.len();
        match *change {
            Change::Early(at, value) => {
                let at = usize::from(at) % (halves.len() / 16);
                halves[at] = value;
            }
            Change::Anywhere(at, value) => halves[place(at)] = value,
            Change::Count(at, by) => {
                let at = place(at);
                halves[at] = halves[at].wrapping_add_signed(by.into());
            }
            Change::Bit(at, bit) => halves[place(at)] ^= 1 << (bit % 32),
            Change::Fill(at, count, value) => {
                let (at, length) = (place(at), halves.len());
                halves[at..length.min(at + usize::from(count))].fill(value);
            }
            Change::Copy(from, to, count) => {
                let (from, to) = (place(from), place(to));
                let count = usize::from(count).min(halves.len() - from.max(to));
                halves.copy_within(from..from + count, to);
            }
            Change::Cut(at) => {
                let at = place(at) / 2;
                words.truncate(at.max(64));
            }
        }
    }
}

fuzz_target!(|case: Case| {
    let original = compiled(case.lexicon);
    let mut words = original.to_vec();
    damage(&mut words, &case.changes);
    let is_same = words == original;
    let checked = Lexicon::from_bytes(bytemuck::cast_slice(&words), &Interrupts::default());
    assert!(checked.is_err() || is_same, "damage that was not seen");
    let Ok(mut lexicon) = Lexicon::from_trusted(Arc::new(Words(words))) else {
        return;
    };
    let mut text = String::new();
    for (term, rest) in &case.text {
        text.push_str(TERMS[usize::from(*term) % TERMS.len()]);
        text.push_str(rest);
    }
    let mut scratch = Scratch::new();
    if case.with_delta {
        let delta = Delta {
            added: vec![(70, "Pepsi Max Zero".to_owned(), TermOptions::default())],
            removed: vec![(0, TERMS[0].to_owned(), TermOptions::default())],
        };
        match lexicon.with_delta(delta, &Interrupts::default()) {
            Ok(with) => lexicon = with,
            Err(_) => return,
        }
    }
    for text in [
        text.as_str(),
        "pepsie maks, cocacolla kelog's misisippi mud pie company 水 avery denison",
    ] {
        mentions::search(&lexicon, text, &mut scratch);
        lexicon.explain(text);
    }
    lexicon.skipped_ids();
    lexicon.terms();
});
