//! What a file uses of other modules, read from its tokens: comments and strings do not count, and a path
//! counts in whatever way it is written.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::read;

/// The crates' names for the core.
const CORE: &str = "termstream_core";

/// The modules that a file uses: of its own crate by their names, of the core as `core::NAME`.
pub fn of_file(folder: &Path, file: &Path) -> BTreeSet<String> {
    let below = file.strip_prefix(folder).unwrap().with_extension("");
    let depth = below.iter().filter(|name| *name != "mod").count();
    of_source(&read(file), depth)
}

/// The modules that a source uses which stands so deep below the root of its crate.
pub fn of_source(source: &str, depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(tokens(source), depth, &mut found);
    found
}

/// Whether the word `unsafe` stands in the code.
pub fn is_unsafe(source: &str) -> bool {
    fn has(stream: TokenStream) -> bool {
        stream.into_iter().any(|token| match token {
            TokenTree::Ident(word) => word == "unsafe",
            TokenTree::Group(group) => has(group.stream()),
            _ => false,
        })
    }
    has(tokens(source))
}

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("it compiles")
}

fn walk(stream: TokenStream, depth: usize, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let word = |at: usize| match tokens.get(at) {
        Some(TokenTree::Ident(word)) => word.to_string(),
        _ => String::new(),
    };
    let is_path = |at: usize| {
        let colon =
            |at| matches!(tokens.get(at), Some(TokenTree::Punct(sign)) if sign.as_char() == ':');
        colon(at) && colon(at + 1)
    };
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            // A module that is written in its place is one step deeper.
            let is_module =
                at > 1 && word(at - 2) == "mod" && group.delimiter() == Delimiter::Brace;
            walk(group.stream(), depth + usize::from(is_module), found);
        }
        if at > 1 && is_path(at - 2) {
            continue;
        }
        let (mut next, prefix) = match word(at).as_str() {
            "crate" if is_path(at + 1) => (at + 3, ""),
            CORE if is_path(at + 1) => (at + 3, "core::"),
            "super" if is_path(at + 1) => {
                let (mut next, mut steps) = (at + 3, 1);
                while word(next) == "super" && is_path(next + 1) {
                    (next, steps) = (next + 3, steps + 1);
                }
                if steps < depth {
                    continue;
                }
                (next, "")
            }
            _ => continue,
        };
        match tokens.get(next) {
            Some(TokenTree::Group(group)) => {
                let listed: Vec<TokenTree> = group.stream().into_iter().collect();
                next = 0;
                while next < listed.len() {
                    found.insert(format!("{prefix}{}", listed[next]));
                    let is_comma = |one: &TokenTree| matches!(one, TokenTree::Punct(sign) if sign.as_char() == ',');
                    next += listed[next..]
                        .iter()
                        .position(is_comma)
                        .unwrap_or(listed.len())
                        + 1;
                }
            }
            Some(token) => drop(found.insert(format!("{prefix}{token}"))),
            None => {}
        }
    }
}

#[test]
fn a_use_is_seen_however_it_is_written() {
    let used = |source: &str, depth| {
        let used = of_source(source, depth);
        used.into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(used("use crate::load::Row;", 1), "load");
    assert_eq!(
        used(
            "use crate::{load::{Row, Batch}, record, pg::{self, text::of}};",
            1
        ),
        "load pg record"
    );
    assert_eq!(
        used("use termstream_core::lexicon::Lexicon;", 1),
        "core::lexicon"
    );
    assert_eq!(
        used("use termstream_core::{lexicon::{A, B}, text};", 1),
        "core::lexicon core::text"
    );
    assert_eq!(
        used("fn f() -> crate::pg::Row { g!(1, crate::api::call()) }", 2),
        "api pg"
    );
    assert_eq!(used("use super::super::stream::Load;", 2), "stream");
    assert_eq!(used("use super::super::stream::Load;", 3), "");
    assert_eq!(used("mod tests { use super::super::api::x; }", 1), "api");
    assert_eq!(used("mod tests { use super::api::x; }", 1), "");
    assert_eq!(
        used("// crate::pg\nconst A: &str = \"crate::api::b\";", 1),
        ""
    );
    assert!(is_unsafe("fn f() { unsafe { g() } }") && is_unsafe("unsafe fn f() {}"));
    assert!(!is_unsafe("// unsafe {\nconst A: &str = \"unsafe fn\";"));
}
