//! The rules that the compiler does not know: which module may use which, how long a file may be, where
//! unsafe code may stand, what the extension's owner may touch, and that the tests exist which the table of
//! examples names.

mod examples;
mod uses;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of each crate and of the larger rooms, and what each may use: of its own folder, and of the
/// core. A module uses only those in rows above its own, so that nothing points back.
const MODULES: [(&str, &[(&str, &str)]); 6] = [
    (
        "core/src",
        &[
            ("bounds", ""),
            ("text", "bounds"),
            ("distance", "text"),
            ("lexicon", "bounds text distance"),
            ("record", "bounds"),
            ("load", "bounds record"),
        ],
    ),
    (
        "core/src/lexicon",
        &[
            ("work", ""),
            ("error", ""),
            ("english", ""),
            ("settings", "error"),
            ("form", "error settings"),
            ("tables", "work error settings form"),
            ("rules", "settings form tables"),
            ("parts", "error settings form tables rules"),
            ("build", "error settings form tables parts"),
            ("search", "work settings form tables rules parts"),
            ("delta", "error settings form tables parts build"),
            ("explain", "work settings form tables rules parts search"),
            ("oracle", "settings parts build search"),
            (
                "tests",
                "work error english settings rules parts build search delta explain oracle",
            ),
        ],
    ),
    (
        "core/src/lexicon/search",
        &[
            ("mention", ""),
            ("overlap", ""),
            ("recent", ""),
            ("substring", ""),
            ("words", "recent"),
            ("fuzzy", ""),
            ("scratch", "mention overlap recent fuzzy"),
            ("bounds", ""),
            ("exact", "bounds"),
            ("candidates", "recent words fuzzy scratch bounds exact"),
            ("report", "mention overlap scratch"),
            ("reading", "overlap substring scratch bounds"),
            ("mentions", "mention scratch reading"),
        ],
    ),
    (
        "core/src/lexicon/search/fuzzy",
        &[
            ("window", ""),
            ("memory", ""),
            ("compare", "window"),
            ("scratch", "window memory compare"),
            ("mixed", "window memory compare scratch"),
            ("runs", "window memory compare scratch"),
            ("wide", "window compare scratch"),
        ],
    ),
    (
        "src",
        &[
            ("pg", "core::bounds"),
            ("tables", "pg"),
            ("lexicons", "pg tables core::bounds core::lexicon"),
            (
                "stream",
                "pg tables lexicons core::bounds core::load core::record",
            ),
            (
                "matching",
                "pg lexicons core::bounds core::lexicon core::text",
            ),
            (
                "api",
                "pg lexicons matching stream core::distance core::lexicon core::text",
            ),
        ],
    ),
    (
        "termfeed/src",
        &[
            ("reference", ""),
            ("error", ""),
            ("shutdown", "error"),
            ("counts", ""),
            ("secret", ""),
            ("environment", "error secret"),
            ("settings", "error secret environment"),
            ("logging", "error settings"),
            ("unpack", ""),
            ("conninfo", "error"),
            ("tls", "error conninfo"),
            ("metrics", "error counts"),
            ("readiness", "error metrics"),
            ("listen", "error shutdown"),
            ("monitor", "error shutdown metrics readiness listen"),
            ("database", "error shutdown settings conninfo tls metrics"),
            ("inbox", "error core::load core::record"),
            ("rows", "error inbox core::load core::record"),
            ("decode", "error inbox core::record"),
            ("positions", "error inbox"),
            ("pipeline", "error counts metrics inbox rows positions"),
            ("avro", "error settings inbox core::record"),
            ("aws", "error"),
            (
                "serve",
                "error shutdown counts settings unpack metrics readiness listen database inbox rows pipeline core::record",
            ),
            (
                "load",
                "error shutdown counts settings unpack metrics database inbox rows positions pipeline core::record",
            ),
            (
                "kafka",
                "error shutdown settings metrics readiness monitor database inbox decode positions pipeline avro",
            ),
            (
                "relay",
                "error shutdown settings metrics readiness monitor database inbox positions avro kafka",
            ),
            (
                "kinesis",
                "error shutdown settings metrics readiness monitor database inbox decode positions pipeline aws",
            ),
            (
                "predict",
                "error shutdown counts settings metrics readiness monitor database inbox pipeline core::record",
            ),
            (
                "export",
                "error shutdown settings metrics readiness monitor database aws",
            ),
        ],
    ),
];

const LONGEST_FILE: usize = 400;

/// The folder of the repository.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust files below a folder, or the one file that stands for it.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Some(folder.with_extension("rs"))
        .filter(|file| file.is_file())
        .into_iter()
        .collect();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files.dedup();
    files
}

#[test]
fn nothing_points_back() {
    for (folder, modules) in MODULES {
        let (_, inside) = folder.split_once("src/").unwrap_or_default();
        let inside = inside.replace('/', "::");
        let folder = root().join(folder);
        let mut above = BTreeSet::new();
        for (name, may_use) in modules {
            let may_use: BTreeSet<&str> = may_use.split_whitespace().collect();
            let back = may_use
                .iter()
                .find(|one| !one.starts_with("core::") && !above.contains(*one));
            assert_eq!(back, None, "the row of {name} in {}", folder.display());
            let mut used = BTreeSet::new();
            let files = rust_files(&folder.join(name));
            assert!(!files.is_empty(), "{name} in {}", folder.display());
            for file in files {
                for one in uses::of_file(&folder, &inside, &file) {
                    let is_module = one.starts_with("core::")
                        || modules.iter().any(|(module, _)| *module == one);
                    assert!(
                        !is_module || one == *name || may_use.contains(one.as_str()),
                        "{} uses {one}",
                        file.display()
                    );
                    used.insert(one);
                }
            }
            let idle = may_use.iter().find(|one| !used.contains(**one));
            assert_eq!(idle, None, "{name} may use it, and does not");
            above.insert(*name);
        }
    }
}

#[test]
fn every_module_is_in_the_table() {
    for (folder, modules) in MODULES {
        for entry in fs::read_dir(root().join(folder)).unwrap().flatten() {
            let path = entry.path();
            let name = path.file_stem().unwrap().to_string_lossy();
            let is_root = ["lib", "main", "mod"].contains(&name.as_ref());
            let known = modules.iter().any(|(module, _)| *module == name);
            assert!(known || is_root, "{}", path.display());
        }
    }
}

#[test]
fn no_file_is_longer_than_a_reader_bears() {
    for folder in [
        "src",
        "core",
        "termfeed",
        "pg_test",
        "benches",
        "fuzz/targets",
    ] {
        for file in rust_files(&root().join(folder)) {
            let lines = read(&file).lines().count();
            assert!(
                lines <= LONGEST_FILE,
                "{} has {lines} lines",
                file.display()
            );
        }
    }
}

#[test]
fn unsafe_code_stands_in_pg_alone() {
    for front in ["core/src/lib.rs", "termfeed/src/main.rs"] {
        let source = read(&root().join(front));
        assert!(source.contains("#![forbid(unsafe_code)]"), "{front}");
    }
    for file in rust_files(&root().join("src")) {
        let is_pg = file.starts_with(root().join("src/pg"));
        assert!(
            is_pg || !uses::is_unsafe(&read(&file)),
            "{}",
            file.display()
        );
    }
}

/// Statements that run with the rights of the extension's owner name its own tables, the system's, and
/// what the statement itself has made; none is put together from parts.
#[test]
fn the_extensions_owner_touches_its_own_tables_alone() {
    let source = read(&root().join("src/tables.rs"));
    let (code, statements) = source.split_once("// Streams.").unwrap();
    let lexicons = read(&root().join("src/tables/lexicons.rs"));
    let statements = format!("{statements}{lexicons}");
    let is_put_together = source.contains("format!") || lexicons.contains("format!");
    assert!(!is_put_together && !statements.contains("fn "));
    assert_eq!(
        code.matches("restricted(").count(),
        1,
        "one way to the rights"
    );
    let words: Vec<&str> = statements.split_whitespace().collect();
    // What the statements have made themselves, by WITH, and subqueries, also those of a macro.
    const MADE: [&str; 17] = [
        "old", "past", "gone", "lost", "merged", "parts", "total", "visible", "free", "running",
        "now", "f", "b", "noted", "SELECT", "LATERAL", "",
    ];
    let mut named = 0;
    for (at, word) in words.iter().enumerate() {
        let is_clause = at > 0 && ["FOR", "DO", "KEY"].contains(&words[at - 1]);
        let word = word.trim_start_matches(['"', '(']);
        if !["FROM", "JOIN", "INTO", "UPDATE", "USING"].contains(&word) || is_clause {
            continue;
        }
        let name = words[at + 1];
        let are_columns = name.starts_with('(') && name.ends_with(')');
        let name = name.trim_matches(['(', ')', ',', '"']);
        let is_known = ["termstream.", "pg_catalog.", "unnest("]
            .iter()
            .any(|known| name.starts_with(known));
        assert!(
            is_known || are_columns || MADE.contains(&name),
            "{word} {name}"
        );
        named += 1;
    }
    assert!(named > 50, "{named} relations");
}
