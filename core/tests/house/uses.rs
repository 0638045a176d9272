//! What a file uses of other modules, read from its tokens: comments and strings do not count, and a path
//! counts in whatever way it is written.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::read;

/// The crates' names for the core.
const CORE: &str = "termstream_core";

/// The modules of a folder that a file in it uses, by their names; and those of the core, as `core::NAME`.
/// `inside` is the path of the folder's module, empty for the root of a crate.
pub fn of_file(folder: &Path, inside: &str, file: &Path) -> BTreeSet<String> {
    let below = file.strip_prefix(folder).unwrap().with_extension("");
    let depth = below.iter().filter(|name| *name != "mod").count();
    of_source(&read(file), inside, depth)
}

/// The modules that a source uses of the module `inside` (empty for the root of its crate), below which it
/// stands so deep.
pub fn of_source(source: &str, inside: &str, depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let inside: Vec<&str> = inside.split("::").filter(|name| !name.is_empty()).collect();
    walk(tokens(source), &inside, depth, &mut found);
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

fn walk(stream: TokenStream, inside: &[&str], depth: usize, found: &mut BTreeSet<String>) {
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
            walk(
                group.stream(),
                inside,
                depth + usize::from(is_module),
                found,
            );
        }
        if at > 1 && is_path(at - 2) {
            continue;
        }
        let (mut next, prefix) = match word(at).as_str() {
            "crate" if is_path(at + 1) => {
                let steps = inside.iter().enumerate();
                let mut steps = steps.map(|(step, name)| (at + 3 * (step + 1), name));
                if !steps.all(|(at, name)| word(at) == *name && is_path(at + 1)) {
                    continue;
                }
                (at + 3 * (inside.len() + 1), "")
            }
            CORE if is_path(at + 1) => (at + 3, "core::"),
            "super" if is_path(at + 1) => {
                let (mut next, mut steps) = (at + 3, 1);
                while word(next) == "super" && is_path(next + 1) {
                    (next, steps) = (next + 3, steps + 1);
                }
                if steps != depth {
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
    let used_in = |inside: &str, source: &str, depth| {
        let used = of_source(source, inside, depth);
        used.into_iter().collect::<Vec<_>>().join(" ")
    };
    let used = |source: &str, depth| used_in("", source, depth);
    for own in [
        "use crate::lexicon::{form::View, rules};",
        "use super::super::{form, rules::Judge};",
    ] {
        assert_eq!(used_in("lexicon", own, 2), "form rules");
    }
    assert_eq!(used_in("lexicon", "use crate::text::Folded;", 2), "");
    assert_eq!(used_in("lexicon", "use super::form;", 2), "");
    assert_eq!(used_in("lexicon", "use super::form;", 1), "form");
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
