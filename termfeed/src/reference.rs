//! Whether docs/reference/termfeed.md has each command, option and metric that there is, and no other.

use clap::{Arg, Command, CommandFactory};
use std::collections::BTreeSet;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/termfeed.md");

/// The sections of the page by their headings, each with the rows of its tables that tell an option.
fn sections() -> Vec<(String, Vec<String>)> {
    let page = std::fs::read_to_string(PAGE).expect("the page is there");
    let mut sections = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            sections.push((heading.to_owned(), Vec::new()));
        } else if line.starts_with("| `--") {
            let (_, rows) = sections.last_mut().expect("an option is in a section");
            rows.push(line.to_owned());
        }
    }
    sections
}

fn name(row: &str) -> &str {
    let rest = row.trim_start_matches("| `--");
    &rest[..rest.find([' ', '`']).expect("an option is in backticks")]
}

/// What the help calls the option's default.
fn default_of(option: &Arg) -> Option<String> {
    let help = option.get_help()?.to_string();
    let default = help.split_once("[default: ")?.1;
    Some(default.split_once(']')?.0.to_owned())
}

/// What the section says of options, against those that there are.
fn differences(section: &str, options: &[&Arg]) -> Vec<String> {
    let Some((_, rows)) = sections().into_iter().find(|(name, _)| name == section) else {
        return vec![format!("there is no section \"{section}\"")];
    };
    let there: BTreeSet<&str> = options.iter().filter_map(|o| o.get_long()).collect();
    let told: BTreeSet<&str> = rows.iter().map(|row| name(row)).collect();
    let missing = there.difference(&told).map(|o| format!("--{o} is missing"));
    let stale = told
        .difference(&there)
        .map(|o| format!("there is no --{o}"));
    let mut wrong: Vec<String> = missing.chain(stale).collect();
    for option in options {
        let Some(row) = rows.iter().find(|row| Some(name(row)) == option.get_long()) else {
            continue;
        };
        // Of a default in words the page may say the same in others.
        if let Some(default) = default_of(option).filter(|default| !default.contains(' '))
            && !row.contains(&format!("| {default} |"))
            && !row.contains(&format!("| `{default}` |"))
        {
            wrong.push(format!("--{} has the default {default}", name(row)));
        }
    }
    wrong
}

fn options(command: &Command, global: bool) -> Vec<&Arg> {
    let told = |option: &&Arg| {
        !matches!(option.get_id().as_str(), "help" | "version") && option.is_global_set() == global
    };
    command.get_arguments().filter(told).collect()
}

#[test]
fn the_reference_has_every_option_of_every_command_and_no_other() {
    let program = crate::Arguments::command();
    let mut wrong = differences("All commands", &options(&program, true));
    for command in program.get_subcommands() {
        let section = format!("termfeed {}", command.get_name());
        for difference in differences(&section, &options(command, false)) {
            wrong.push(format!("{section}: {difference}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[cfg(feature = "feeds")]
#[test]
fn the_reference_tells_of_no_command_that_there_is_not() {
    let program = crate::Arguments::command();
    let there: BTreeSet<String> = program
        .get_subcommands()
        .map(|command| format!("termfeed {}", command.get_name()))
        .collect();
    let told: BTreeSet<String> = sections()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("termfeed "))
        .collect();
    assert_eq!(told, there);
}
