//! The names that lexicons are measured with, as a CSV of ids and terms:
//! `cargo bench -p termstream-core --bench list -- 1000000`.

mod names;
mod random;
mod words;

use std::io::Write;

fn main() -> std::io::Result<()> {
    let Some(count) = std::env::args().find_map(|argument| argument.parse().ok()) else {
        // Among the other benchmarks it has nothing to say.
        return Ok(());
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "term_id,term")?;
    for (id, name) in (1..).zip(names::names(count, 1)) {
        writeln!(out, "{id},{name}")?;
    }
    out.flush()
}
