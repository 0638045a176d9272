//! The table of examples names, for each promise, the tests that show it.

use super::{read, root, rust_files};

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
    let path = path.trim_end_matches("*.rs");
    ["", "pg_test", "examples", "termfeed/src"]
        .iter()
        .map(|folder| root().join(folder).join(path))
        .find(|place| place.exists())
        .map(|place| match place.is_dir() {
            true => rust_files(&place).iter().map(|file| read(file)).collect(),
            false => read(&place),
        })
}

#[test]
fn every_test_that_the_table_of_examples_names_is_there() {
    let readme = read(&root().join("examples/README.md"));
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
