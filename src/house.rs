//! The rules of the house that the compiler does not know: which room may use which, how long a file
//! may be, where unsafe code may stand.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms it may use. An arrow that points back is not in this table.
/// `bounds` may be used by all, and uses none.
const ARROWS: [(&str, &[&str]); 12] = [
    ("bounds", &[]),
    ("text", &[]),
    ("distance", &["text"]),
    ("lexicon", &["text", "distance"]),
    ("record", &[]),
    ("load", &["record"]),
    ("pg", &[]),
    ("own", &["pg"]),
    ("registry", &["lexicon", "own", "pg"]),
    ("stream", &["record", "load", "registry", "own", "pg"]),
    (
        "api",
        &["text", "distance", "lexicon", "registry", "stream", "pg"],
    ),
    // The companion binary, a crate of its own.
    ("bin", &["record", "load"]),
];

const PURE: [&str; 6] = ["bounds", "text", "distance", "lexicon", "record", "load"];
const LONGEST_FILE: usize = 400;

/// The Rust files below a folder, or the one file that the room is.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    if !folder.exists() {
        return vec![folder.with_extension("rs")];
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn room(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)
}

#[test]
fn nothing_points_back() {
    for (name, may_use) in ARROWS {
        for file in rust_files(&room(name)) {
            let source = fs::read_to_string(&file).unwrap();
            for used in source.split("crate::").skip(1) {
                let used = used
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap();
                let is_room = ARROWS.iter().any(|(room, _)| *room == used);
                assert!(
                    !is_room || used == name || used == "bounds" || may_use.contains(&used),
                    "{} uses {used}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_room_is_in_the_table_of_arrows() {
    for entry in fs::read_dir(room("")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = ARROWS.iter().any(|(room, _)| *room == name);
        assert!(known || !entry.path().is_dir(), "src/{name}");
    }
}

#[test]
fn no_file_is_longer_than_a_reader_bears() {
    for folder in ["src", "pg_test", "benches"] {
        for file in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
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
    for (name, _) in ARROWS.into_iter().filter(|(name, _)| *name != "pg") {
        for file in rust_files(&room(name)) {
            let source = fs::read_to_string(&file).unwrap();
            assert!(
                !source.contains("unsafe {") && !source.contains("unsafe fn"),
                "{}",
                file.display()
            );
        }
    }
    for name in PURE {
        let front = fs::read_to_string(room(name).join("mod.rs")).unwrap();
        assert!(
            front.contains("#![forbid(unsafe_code)]"),
            "src/{name}/mod.rs"
        );
    }
}

/// Statements that run with the rights of the extension's owner name its own tables, the system's, and
/// what the statement itself has made; none is put together from parts.
#[test]
fn the_extensions_owner_touches_its_own_tables_alone() {
    let source = fs::read_to_string(room("own.rs")).unwrap();
    let (code, statements) = source.split_once("// Streams.").unwrap();
    let lexicons = fs::read_to_string(room("own/lexicons.rs")).unwrap();
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
    const MADE: [&str; 16] = [
        "old", "past", "gone", "merged", "parts", "total", "visible", "free", "running", "now",
        "f", "b", "noted", "SELECT", "LATERAL", "",
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

/// What a cell of a table names: files, in back quotes, and tests, in double quotes.
fn named(cell: &str) -> Vec<(char, &str)> {
    let mut found = Vec::new();
    let mut rest = cell;
    while let Some(begin) = rest.find(['`', '"']) {
        let quote = char::from(rest.as_bytes()[begin]);
        let (name, after) = rest[begin + 1..]
            .split_once(quote)
            .unwrap_or_else(|| panic!("a quote is open: {cell}"));
        found.push((quote, name));
        rest = after;
    }
    found
}

/// A file, or all Rust files of a folder, of the places where tests are.
fn tests_of(path: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.trim_end_matches("*.rs");
    [
        "",
        "pg_test",
        "examples",
        "src",
        "src/bin",
        "src/bin/termfeed",
    ]
    .iter()
    .map(|folder| root.join(folder).join(path))
    .find(|place| place.exists())
    .map(|place| match place.is_dir() {
        true => rust_files(&place)
            .iter()
            .map(|file| fs::read_to_string(file).unwrap())
            .collect(),
        false => fs::read_to_string(place).unwrap(),
    })
}

#[test]
fn every_test_that_the_table_of_examples_names_is_there() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/README.md"))
            .unwrap();
    let (mut own, mut rows) = (String::new(), 0);
    for line in readme.lines() {
        if let Some(example) = line.strip_prefix("### ") {
            own = ["check.sql", "check_run.sql"]
                .iter()
                .filter_map(|file| tests_of(&format!("examples/{example}/{file}")))
                .collect();
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if own.is_empty() || !line.starts_with("| ") || cells[0].is_empty() {
            continue;
        }
        let mut source = own.clone();
        for (quote, name) in named(cells[1]) {
            if quote == '`' {
                let path = name.split(' ').next().unwrap();
                source += &tests_of(path).unwrap_or_else(|| panic!("no file {path}: {line}"));
            } else {
                // A name that ends with an ellipsis is the beginning of one.
                let name = name.trim_end_matches('…').trim_end();
                let function = format!("fn {}", name.replace(' ', "_"));
                assert!(
                    source.contains(name) || source.contains(&function),
                    "no test \"{name}\": {line}"
                );
            }
        }
        assert!(!named(cells[1]).is_empty(), "no test: {line}");
        rows += 1;
    }
    assert!(rows > 40, "{rows} rows");
}
