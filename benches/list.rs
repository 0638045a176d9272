//! The names that lexicons are measured with, as a CSV of ids and terms:
//! `cargo bench --no-default-features --bench list -- 1000000`.

mod names;
mod random;
mod words;

use std::io::Write;

fn main() -> std::io::Result<()> {
    let count = std::env::args().find_map(|argument| argument.parse().ok());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "term_id,term")?;
    for (id, name) in (1..).zip(names::names(count.unwrap_or(4_000), 1)) {
        writeln!(out, "{id},{name}")?;
    }
    out.flush()
}
