//! Precision, recall and F1 of the defaults, and with words learned from the rows, on the labelled sets
//! of real product texts and on sets made of real terms and rows (see `planted`), scored as pairs (row,
//! term), without and with terms that stand inside longer ones. Prints that it skips when they are not
//! there. The rules were chosen looking at every second row; `--held-out` scores the others alone.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use termstream_core::lexicon::{
    Builder, Lexicon, Overlap, Scratch, Settings, TermOptions, english, english_dictionary,
};

mod planted;
#[allow(dead_code)] // Names and texts draw other kinds of random things.
mod random;

type Pair = (i64, i64);

/// A labelled set: documents, terms, the right pairs, and pairs that count neither way.
struct Set {
    rows: Vec<(i64, String)>,
    terms: Vec<(i64, String)>,
    gold: HashSet<Pair>,
    ignored: HashSet<Pair>,
}

fn main() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("TERMSTREAM_DATA").map_or(beside, PathBuf::from);
    let verbose = std::env::args().any(|argument| argument == "--verbose");
    let held_out = std::env::args().any(|argument| argument == "--held-out");
    // Folders of more sets in the same format may be given.
    let given = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    for name in ["brands-demo", "brands-small"]
        .map(str::to_owned)
        .into_iter()
        .chain(given)
    {
        match read(&data.join(&name)) {
            Some(set) => measure(&name, set, verbose, held_out),
            None => println!(
                "{name}: skipped, {} is not there",
                data.join(&name).display()
            ),
        }
    }
    let medium = data.join("brands-medium");
    let (Some(rows), Some(terms)) = (read_rows(&medium), read_terms(&medium)) else {
        println!("planted: skipped, {} is not there", medium.display());
        return;
    };
    let queries = planted::queries(&rows, &terms, 2);
    measure(
        "planted rows",
        planted::rows(&rows, terms, 1),
        verbose,
        held_out,
    );
    measure("queries", queries, verbose, held_out);
}

fn measure(name: &str, mut set: Set, verbose: bool, held_out: bool) {
    let all = set.rows.clone();
    if held_out {
        set.rows.retain(|(row, _)| row % 2 == 1);
        set.gold.retain(|(row, _)| row % 2 == 1);
    }
    for learn in [false, true] {
        let lexicon = compile(&set, learn.then_some(&all));
        for overlap in [Overlap::Longest, Overlap::Nested] {
            let found = search(&lexicon, overlap, &set);
            let hits = found.intersection(&set.gold).count() as f64;
            let (precision, recall) = (hits / found.len() as f64, hits / set.gold.len() as f64);
            println!(
                "{name:<14} {} {:<7} precision {precision:.4}  recall {recall:.4}  F1 {:.4}  ({} found, {} right)",
                if learn { "learned " } else { "defaults" },
                overlap.as_str(),
                2.0 * hits / (found.len() + set.gold.len()) as f64,
                found.len(),
                set.gold.len(),
            );
            if verbose && !learn && overlap == Overlap::Nested {
                explain(&lexicon, &set, &found);
            }
        }
    }
}

fn compile(set: &Set, learn_from: Option<&Vec<(i64, String)>>) -> Lexicon {
    let mut builder = Builder::new(Settings::default());
    builder.common_words(english()).unwrap();
    builder.dictionary(english_dictionary()).unwrap();
    for (_, text) in learn_from.into_iter().flatten() {
        builder.learn(text).unwrap();
    }
    for (id, term) in &set.terms {
        builder.add(*id, term, TermOptions::default()).unwrap();
    }
    builder.finish().expect("the sets are small")
}

fn search(lexicon: &Lexicon, overlap: Overlap, set: &Set) -> HashSet<Pair> {
    let mut scratch = Scratch::new();
    let mut found = HashSet::new();
    for (row, text) in &set.rows {
        for mention in lexicon.search_overlapping(text, overlap, &mut scratch) {
            let pair = (*row, lexicon.term_id(mention.term));
            if set.gold.contains(&pair) || !set.ignored.contains(&pair) {
                found.insert(pair);
            }
        }
    }
    found
}

/// Prints what was found wrongly and what was missed.
fn explain(lexicon: &Lexicon, set: &Set, found: &HashSet<Pair>) {
    let mut scratch = Scratch::new();
    for (row, text) in &set.rows {
        let mentions = lexicon
            .search_overlapping(text, Overlap::Nested, &mut scratch)
            .to_vec();
        for mention in &mentions {
            let id = lexicon.term_id(mention.term);
            if found.contains(&(*row, id)) && !set.gold.contains(&(*row, id)) {
                let written = &text[mention.start..mention.end];
                println!(
                    "  wrong  {:<24} {:<24} {} {}",
                    lexicon.term_text(mention.term),
                    written,
                    mention.distance,
                    text.escape_debug()
                );
            }
        }
        for (id, term) in &set.terms {
            if set.gold.contains(&(*row, *id)) && !found.contains(&(*row, *id)) {
                println!("  missed {term:<24} {}", text.escape_debug());
            }
        }
    }
}

fn read(folder: &Path) -> Option<Set> {
    let pairs = |name: &str| -> Option<HashSet<Pair>> {
        let text = fs::read_to_string(folder.join(name)).ok()?;
        let pair = |r: Vec<String>| Some((r.first()?.parse().ok()?, r.get(1)?.parse().ok()?));
        Some(records(&text).into_iter().filter_map(pair).collect())
    };
    Some(Set {
        rows: read_rows(folder)?,
        terms: read_terms(folder)?,
        gold: pairs("gold.csv")?,
        ignored: pairs("ignore.csv")?,
    })
}

fn read_rows(folder: &Path) -> Option<Vec<(i64, String)>> {
    let text = fs::read_to_string(folder.join("input.csv")).ok()?;
    let row = |r: Vec<String>| Some((r.first()?.parse().ok()?, r.get(1..)?.join("\u{1f}")));
    Some(records(&text).into_iter().filter_map(row).collect())
}

fn read_terms(folder: &Path) -> Option<Vec<(i64, String)>> {
    let text = fs::read_to_string(folder.join("terms.csv")).ok()?;
    let term = |r: Vec<String>| Some((r.first()?.parse().ok()?, r.get(1)?.clone()));
    Some(records(&text).into_iter().filter_map(term).collect())
}

/// The records of a CSV text after its header.
fn records(text: &str) -> Vec<Vec<String>> {
    csv::Reader::from_reader(text.as_bytes())
        .byte_records()
        .filter_map(Result::ok)
        .map(|record| {
            record
                .iter()
                .map(|field| String::from_utf8_lossy(field).into_owned())
                .collect()
        })
        .collect()
}
