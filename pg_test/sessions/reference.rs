//! Whether the reference in docs/reference has everything that the extension creates, and nothing else:
//! each function, view, type and setting has an entry, a heading with its name, in which every parameter
//! and every column is named; each table is named.

use crate::database::{Database, Session};
use std::collections::{BTreeMap, BTreeSet};

/// The entries of the reference's pages about SQL: what stands below each heading "### `name`".
fn entries() -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    for page in ["lexicons", "streams", "views"] {
        let mut entry = None;
        for line in page_text(page).lines() {
            if line.starts_with('#') {
                entry = line
                    .strip_prefix("### `")
                    .and_then(|rest| rest.strip_suffix('`'))
                    .map(|name| entries.entry(name.to_owned()).or_insert_with(String::new));
            } else if let Some(text) = &mut entry {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    entries
}

fn page_text(page: &str) -> String {
    let path = format!("{}/../docs/reference/{page}.md", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the extension creates, by name, with the names of its parameters or columns.
fn created(session: &mut Session) -> BTreeMap<String, BTreeSet<String>> {
    session.run("LOAD 'termstream'");
    let lines = session.lines(
        "WITH member AS (
             SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
              WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'termstream')
         SELECT p.proname, n.name
           FROM member JOIN pg_proc p ON classid = 'pg_proc'::regclass AND p.oid = objid
           LEFT JOIN LATERAL unnest(p.proargnames) AS n (name) ON true
         UNION ALL
         SELECT c.relname, a.attname
           FROM member JOIN pg_class c ON classid = 'pg_class'::regclass AND c.oid = objid AND c.relkind = 'v'
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
         UNION ALL
         SELECT t.typname, a.attname
           -- Without what each table and type brings along, which are members from Postgres 18 on.
           FROM member JOIN pg_type t ON classid = 'pg_type'::regclass AND t.oid = objid AND t.typcategory <> 'A'
            AND NOT EXISTS (SELECT FROM pg_class WHERE oid = t.typrelid AND relkind <> 'c')
           LEFT JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
         UNION ALL
         SELECT name, NULL FROM pg_settings WHERE name LIKE 'termstream.%'",
    );
    let mut created: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lines {
        let (name, part) = line.split_once('|').expect("two columns");
        let parts = created.entry(name.to_owned()).or_default();
        if !part.is_empty() {
            parts.insert(part.to_owned());
        }
    }
    created
}

/// Whether a text has the word in code.
fn names(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split('`').skip(1).step_by(2).any(|code| {
        code.split(|letter| !is_part(letter))
            .any(|part| part == word)
    })
}

#[test]
fn the_reference_has_an_entry_for_everything_that_the_extension_creates() {
    let database = Database::new("reference");
    let created = created(&mut database.session());
    assert!(created.len() > 40, "{created:?}");
    let entries = entries();
    let mut wrong = Vec::new();
    for (name, parts) in &created {
        let Some(text) = entries.get(name) else {
            wrong.push(format!("{name} has no entry"));
            continue;
        };
        let missing = parts.iter().filter(|part| !names(text, part));
        wrong.extend(missing.map(|part| format!("the entry of {name} does not name {part}")));
    }
    let stale = entries.keys().filter(|name| !created.contains_key(*name));
    wrong.extend(stale.map(|name| format!("{name} has an entry, and is not there")));
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn the_reference_names_every_table_of_the_extension() {
    let database = Database::new("reference_tables");
    let page = page_text("views");
    let missing: Vec<String> = database
        .session()
        .lines(
            "SELECT 'termstream.' || c.relname
               FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_class c ON c.oid = d.objid
              WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass
                AND d.deptype = 'e' AND e.extname = 'termstream' AND c.relkind IN ('r', 'S')",
        )
        .into_iter()
        .filter(|table| !page.contains(&format!("`{table}`")))
        .collect();
    assert_eq!(missing, [""; 0]);
}
