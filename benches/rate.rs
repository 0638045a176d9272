//! The pure core on given terms and texts, to be held against the same work inside Postgres:
//! `cargo bench -p termstream-core --bench rate -- TERMS.csv TEXTS.csv [ROUNDS]`.
//!
//! Both files have two columns, number and text, and a header. Prints the rows a second of each
//! round and how many mentions there were, `rows/s,mentions` a line.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use termstream_core::lexicon::{
    Builder, Scratch, Settings, TermOptions, english, english_dictionary,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let [terms, texts, rounds @ ..] = arguments.as_slice() else {
        // Every bench is started by a plain `cargo bench`.
        println!("SKIPPED: rate, it was given no TERMS.csv and TEXTS.csv");
        return Ok(());
    };
    let rounds: u32 = rounds.first().map_or(Ok(7), |rounds| rounds.parse())?;
    let mut builder = Builder::new(Settings::default());
    builder.common_words(english()).unwrap();
    builder.dictionary(english_dictionary()).unwrap();
    for (id, term) in read(terms)? {
        builder.add(id, &term, TermOptions::default()).unwrap();
    }
    let lexicon = builder.finish()?;
    let texts = read(texts)?;
    let mut scratch = Scratch::new();
    for _ in 0..rounds {
        let start = Instant::now();
        let mentions: usize = texts
            .iter()
            .map(|(_, text)| lexicon.search(black_box(text), &mut scratch).len())
            .sum();
        let rate = texts.len() as f64 / start.elapsed().as_secs_f64();
        println!("{rate:.0},{mentions}");
    }
    Ok(())
}

fn read(path: &str) -> Result<Vec<(i64, String)>, csv::Error> {
    csv::Reader::from_path(path)?.deserialize().collect()
}
