//! What folding and matching cost, in one process and on one core, without Postgres:
//! `cargo bench -p termstream-core --bench core`.
//!
//! Folding runs on real product texts where the shared data lies beside the repository, and says so
//! where it does not. Matching runs on generated names, at four sizes of lexicon, and on real ones, in
//! generated and in real texts, 50,000 different ones; each contender does the whole work from the text
//! to the spans in it. Every contender of a table is one line in it: another engine is another line. The
//! summary holds the lexicon against the faster of the exact scans.

mod exact;
mod names;
mod random;
mod texts;
mod timing;
mod words;

use aho_corasick::AhoCorasickKind;
use exact::Exact;
use termstream_core::lexicon::{
    Builder, Lexicon, Scratch, Settings, TermOptions, english, english_dictionary,
};
use termstream_core::text::Folded;
use texts::Text;
use timing::{Clock, Contender};

const SIZES: [usize; 4] = [200, 4_000, 100_000, 1_000_000];
const ROUNDS: usize = 7;
/// As many different ones as there are real rows.
const TEXTS: usize = 50_000;
/// Of 100,000 names a DFA takes some 400 MiB, of more it cannot be built.
const MOST_OF_A_DFA: usize = 100_000;

fn main() {
    let names = names::names(SIZES[SIZES.len() - 1], 1);
    let generated = texts::texts(&names[..SIZES[1]], TEXTS, 2);
    let generated: Vec<&str> = generated.iter().map(|text| text.text.as_str()).collect();
    folding("generated texts", &generated);
    match shared_rows() {
        Ok(rows) => {
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            folding("real texts (brands-medium)", &rows);
        }
        Err(error) => println!("\nSKIPPED: folding of real texts: {error}"),
    }
    let lines: Vec<Line> = SIZES.iter().map(|&size| matching(&names[..size])).collect();
    let real: Vec<Line> = [("brands-small", 200), ("brands-medium", 4_000)]
        .iter()
        .filter_map(|(set, most)| match shared_terms(set) {
            Ok(terms) => Some(matching(&terms[..terms.len().min(*most)])),
            Err(error) => {
                println!("\nSKIPPED: matching of the real terms of {set}: {error}");
                None
            }
        })
        .collect();
    summary("generated names", &lines);
    summary("real names", &real);
}

fn folding(title: &str, rows: &[&str]) {
    let (ascii, other): (Vec<&str>, Vec<&str>) = rows.iter().partition(|row| row.is_ascii());
    let bytes: usize = rows.iter().map(|row| row.len()).sum();
    let title = format!(
        "Fold and tokenise, {title}: {} of {} bytes",
        rows.len(),
        bytes / rows.len()
    );
    timing::compare(
        &title,
        ROUNDS,
        &mut [
            fold("all", rows),
            fold("of which ASCII", &ascii),
            fold("of which others", &other),
        ],
    );
}

fn fold<'a>(name: &str, rows: &'a [&str]) -> Contender<'a> {
    let mut folded = Folded::new();
    Contender::new(name, rows.len(), move || {
        let mut tokens = 0;
        for row in rows {
            folded.fold(row);
            tokens += folded.tokens().len();
        }
        tokens
    })
}

/// What a size of lexicon costs.
struct Line {
    names: usize,
    seconds: f64,
    bytes: usize,
    /// On generated texts, and on real ones if they are at hand.
    rates: Vec<Rates>,
}

/// In rows a second.
struct Rates {
    exact: f64,
    floor: f64,
    /// With nothing remembered when a pass begins, and with what the pass before left; beside it the
    /// share of the exact scan.
    first: (f64, f64),
    warm: (f64, f64),
}

/// A line for each size, and how cost grows from the one before.
fn summary(names: &str, lines: &[Line]) {
    println!(
        "\n{names}: rows/s on one core, and (of the exact scan); rows met for the first time, and again"
    );
    for (at, title) in ["generated texts", "real texts"].into_iter().enumerate() {
        println!(
            "\n{title:<15} {:>10} {:>9} {:>16} {:>16}",
            "fold alone", "exact", "first", "again"
        );
        for line in lines {
            let Some(rates) = line.rates.get(at) else {
                continue;
            };
            println!(
                "{:>15} {:>10.0} {:>9.0} {:>9.0} ({:.2}) {:>9.0} ({:.2})",
                line.names,
                rates.floor,
                rates.exact,
                rates.first.0,
                rates.first.1,
                rates.warm.0,
                rates.warm.1
            );
        }
    }
    println!(
        "\n{:>15} {:>10} {:>9} {:>12} {:>12}",
        "names", "build s", "MiB", "ns/name", "bytes/name"
    );
    for line in lines {
        let each = |total: f64| total / line.names as f64;
        println!(
            "{:>15} {:>10.3} {:>9.1} {:>12.0} {:>12.0}",
            line.names,
            line.seconds,
            line.bytes as f64 / f64::from(1 << 20),
            each(line.seconds * 1e9),
            each(line.bytes as f64),
        );
    }
    for pair in lines.windows(2) {
        let slower = |rates: &Line| rates.rates.first().map_or(f64::NAN, |rates| rates.first.0);
        println!(
            "from {} to {} names, {:.0} times as many: {:.0} times the time to build, {:.0} times the memory, {:.1} times the time a row",
            pair[0].names,
            pair[1].names,
            pair[1].names as f64 / pair[0].names as f64,
            pair[1].seconds / pair[0].seconds,
            pair[1].bytes as f64 / pair[0].bytes as f64,
            slower(&pair[0]) / slower(&pair[1]),
        );
    }
}

fn matching(names: &[String]) -> Line {
    let texts = texts::texts(names, TEXTS, 3);
    let built = Clock::start();
    let mut exact = Exact::new(names, None);
    // The fastest kind, where it fits into memory.
    let mut dfa =
        (names.len() < MOST_OF_A_DFA).then(|| Exact::new(names, Some(AhoCorasickKind::DFA)));
    println!(
        "\nexact automaton of {} names: built in {:.2} s, {} MiB; {}",
        names.len(),
        built.elapsed().as_secs_f64(),
        exact.memory() >> 20,
        quality(&texts, |text| exact.find(text).collect()),
    );
    let built = Clock::start();
    let lexicon = lexicon(names);
    let seconds = built.elapsed().as_secs_f64();
    let mut scratch = Scratch::new();
    let mut rates = Vec::new();
    println!(
        "lexicon of {} names: built in {:.2} s, {} MiB; {}",
        names.len(),
        seconds,
        lexicon.heap_bytes() >> 20,
        quality(&texts, |text| lexicon
            .search(text, &mut scratch)
            .iter()
            .map(|mention| (mention.start, mention.end, mention.term as usize))
            .collect()),
    );
    let generated: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    let real = shared_rows().unwrap_or_default();
    let real: Vec<&str> = real.iter().map(String::as_str).collect();
    for (title, rows) in [("generated", &generated), ("real", &real)] {
        if rows.is_empty() {
            continue;
        }
        let mut contenders = vec![
            Contender::new("exact, Aho-Corasick over the letters", rows.len(), || {
                rows.iter().map(|row| exact.find(row).count()).sum()
            }),
            Contender::new("lexicon, misspelled ones too", rows.len(), || {
                rows.iter()
                    .map(|row| lexicon.search(row, &mut scratch).len())
                    .sum()
            }),
            // What a scratch remembers of a pass is forgotten before the next.
            Contender::new("the same, each pass as the first", rows.len(), || {
                let mut scratch = Scratch::new();
                rows.iter()
                    .map(|row| lexicon.search(row, &mut scratch).len())
                    .sum()
            }),
            fold("fold and tokenise alone", rows),
        ];
        if let Some(exact) = &mut dfa {
            contenders.push(Contender::new("exact, as a DFA", rows.len(), || {
                rows.iter().map(|row| exact.find(row).count()).sum()
            }));
        }
        let title = format!("Match {} names in {title} texts", names.len());
        let outcome = timing::compare(&title, ROUNDS, &mut contenders);
        let best = outcome
            .get(4)
            .filter(|dfa| dfa.1 > 1.0)
            .unwrap_or(&outcome[0]);
        let (exact, ahead) = *best;
        rates.push(Rates {
            exact,
            floor: outcome[3].0,
            warm: (outcome[1].0, outcome[1].1 / ahead),
            first: (outcome[2].0, outcome[2].1 / ahead),
        });
    }
    Line {
        names: names.len(),
        seconds,
        bytes: lexicon.heap_bytes(),
        rates,
    }
}

fn lexicon(names: &[String]) -> Lexicon {
    let mut builder = Builder::new(Settings::default());
    builder.common_words(english()).unwrap();
    builder.dictionary(english_dictionary()).unwrap();
    for (id, name) in names.iter().enumerate() {
        builder
            .add(id as i64, name, TermOptions::default())
            .unwrap();
    }
    builder.finish().expect("a lexicon of the names")
}

/// How many mentions are found, and how many of those found were mentioned.
fn quality(texts: &[Text], mut find: impl FnMut(&str) -> Vec<(usize, usize, usize)>) -> String {
    let (mut right, mut right_misspelled, mut found) = (0, 0, 0);
    let (mut mentions, mut misspelled) = (0, 0);
    for text in texts {
        let all = find(&text.text);
        found += all.len();
        for mention in &text.mentions {
            let expected = (mention.span.start, mention.span.end, mention.name);
            let hit = all.contains(&expected) as usize;
            mentions += 1;
            right += hit;
            misspelled += mention.misspelled as usize;
            right_misspelled += hit * mention.misspelled as usize;
        }
    }
    format!(
        "recall {:.3} ({:.3} of the misspelled), precision {:.3}",
        right as f64 / mentions as f64,
        right_misspelled as f64 / misspelled as f64,
        right as f64 / found as f64,
    )
}

/// The rows of the shared data: name and description as one text.
fn shared_rows() -> Result<Vec<String>, csv::Error> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/brands-medium/input.csv"
    );
    let mut reader = csv::Reader::from_path(path)?;
    let rows = reader.deserialize::<(String, String, String)>();
    rows.map(|row| row.map(|(_, name, description)| format!("{name}\u{1F}{description}")))
        .collect()
}

/// The terms of a set of the shared data.
fn shared_terms(set: &str) -> Result<Vec<String>, csv::Error> {
    let path = format!(
        "{}/../../shared/data/{set}/terms.csv",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut reader = csv::Reader::from_path(path)?;
    let terms = reader.deserialize::<(i64, String)>();
    terms.map(|term| term.map(|(_, term)| term)).collect()
}
