//! One hot path, so often as asked, for a tool that counts instructions:
//! `instructions fold|search|records PASSES`. `benches/instructions.sh` runs it under callgrind with
//! two numbers of passes and takes the difference, so that what happens once is not counted.

mod names;
mod random;
#[allow(dead_code)] // What is mentioned where: the other bench measures that too.
mod texts;
mod words;

use std::hint::black_box;

use termstream_core::lexicon::{
    Builder, Scratch, Settings, TermOptions, english, english_dictionary,
};
use termstream_core::record::{Error, Event, Options, Parser, csv_line};
use termstream_core::text::Folded;

/// Also what `instructions.sh` divides by.
const ROWS: usize = 1000;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|one| !one.starts_with("--"));
    let (Some(path), Some(passes)) = (arguments.next(), arguments.next()) else {
        // Every bench is started by a plain `cargo bench`.
        println!("SKIPPED: instructions, see ./run bench instructions");
        return;
    };
    let passes: usize = passes.parse().expect("a number of passes");
    let names = names::names(4_000, 1);
    let texts = texts::texts(&names, ROWS, 2);
    let texts: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    match path.as_str() {
        "fold" => {
            let mut folded = Folded::new();
            repeat(passes, || {
                texts.iter().for_each(|text| folded.fold(black_box(text)));
            });
        }
        "search" => {
            let mut builder = Builder::new(Settings::default());
            builder.common_words(english()).unwrap();
            builder.dictionary(english_dictionary()).unwrap();
            for (id, name) in (0..).zip(&names) {
                builder.add(id, name, TermOptions::default()).unwrap();
            }
            let lexicon = builder.finish().expect("a lexicon of the names");
            let mut scratch = Scratch::new();
            repeat(passes, || {
                for text in &texts {
                    black_box(lexicon.search(black_box(text), &mut scratch));
                }
            });
        }
        "records" => {
            let mut input = Vec::new();
            for (number, text) in texts.iter().enumerate() {
                let fields = [number.to_string(), text.to_string(), text.to_uppercase()];
                input.extend(csv_line(fields.iter().map(|field| Some(field.as_bytes()))));
                input.push(b'\n');
            }
            let columns = ["menu_id", "name", "description"].map(str::to_owned);
            let options = Options::csv(columns.to_vec()).expect("three columns");
            repeat(passes, || {
                let mut parser = Parser::new(options.clone()).expect("valid options");
                let mut sink = |event: Event<'_>| -> Result<(), Error> {
                    black_box(&event);
                    Ok(())
                };
                parser.feed(black_box(&input), &mut sink).expect("records");
                parser.finish(&mut sink).expect("an end");
            });
        }
        other => panic!("no path {other}"),
    }
}

fn repeat(passes: usize, mut pass: impl FnMut()) {
    (0..passes).for_each(|_| pass());
}
