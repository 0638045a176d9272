//! Settings: a flag goes before the environment (`TERMFEED_…`), which goes before the file. A name that
//! is no setting is an error in each of them.

use clap::{Args, ValueEnum};
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

use crate::environment::{Environment, hint, options};
use crate::error::Error;
pub use crate::secret::Secret;

/// Options of every command.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Common {
    /// The database: a connection string ("host=… dbname=…") or a URL ("postgresql://…")
    #[arg(long, global = true, value_name = "CONNINFO-OR-URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<Secret>,

    /// Check the database's certificate against those in this PEM file
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_ca: Option<PathBuf>,

    /// How messages are written to standard error [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogFormat>,

    /// What is written: error, warn, info, debug, or "termfeed=debug,tower_http=info" [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,

    /// Read settings from this TOML file
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// The environment and the file, for one command.
pub struct Source {
    below: Figment,
}

impl Source {
    /// Reads the environment and the file for a command of `program`.
    pub fn new(section: &str, flags: &Common, program: &clap::Command) -> Result<Source, Error> {
        let common = options(program);
        let all = program.get_subcommands().flat_map(options);
        let all = common.clone().into_iter().chain(all).collect();
        let environment = Figment::from(Environment::read(std::env::vars_os(), &all)?);
        let named = environment.clone().merge(Serialized::defaults(flags));
        let mut below = Figment::new();
        if let Ok(path) = named.extract_inner::<PathBuf>("config") {
            if !path.is_file() {
                return Err(Error::Settings(format!(
                    "there is no settings file \"{}\"",
                    path.display()
                )));
            }
            let file = Figment::from(Toml::file_exact(path));
            check(&file, program)?;
            below = below.merge(&file);
            if file.contains(section) {
                below = below.merge(file.focus(section));
            }
        }
        Ok(Source {
            below: below.merge(environment),
        })
    }

    /// Settings of one kind: `flags` first, then what lies below. Flags that were not given must not
    /// be serialized; a setting that nobody gives takes the default of its type.
    pub fn read<F: Serialize, S: DeserializeOwned>(&self, flags: &F) -> Result<S, Error> {
        self.below
            .clone()
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| Error::Settings(in_words(error)))
    }
}

/// Every name in the file must be an option's: at the top one of any command, under the name of a
/// command one of its own.
fn check(file: &Figment, program: &clap::Command) -> Result<(), Error> {
    let content: Dict = file
        .extract()
        .map_err(|error| Error::Settings(in_words(error)))?;
    let common = options(program);
    let commands: Vec<_> = program
        .get_subcommands()
        .map(|command| (command.get_name(), options(command)))
        .collect();
    let names = |of: &str| -> Vec<String> {
        let its = commands
            .iter()
            .filter(|(command, _)| of.is_empty() || *command == of)
            .flat_map(|(_, options)| options.keys());
        common.keys().chain(its).cloned().collect()
    };
    let known = |given: &Dict, known: &[String]| {
        given
            .keys()
            .find(|name| !known.contains(name))
            .map_or(Ok(()), |name| {
                let hint = hint(name, known);
                Err(Error::Settings(format!(
                    "the settings file has \"{name}\", which is no setting{hint}"
                )))
            })
    };
    let mut top = Dict::new();
    for (name, value) in content {
        match value {
            Value::Dict(_, section) if commands.iter().any(|(command, _)| *command == name) => {
                known(&section, &names(&name))?;
            }
            value => drop(top.insert(name, value)),
        }
    }
    known(&top, &names(""))
}

/// Describes an error without the value, which may be a secret.
fn in_words(error: figment::Error) -> String {
    let lines: Vec<String> = error
        .into_iter()
        .map(|error| {
            let name = error.path.join(".");
            let place = error
                .metadata
                .as_ref()
                .map(|origin| origin.name.to_string());
            let reason = match &error.kind {
                figment::error::Kind::MissingField(field) => format!("\"{field}\" is missing"),
                figment::error::Kind::InvalidType(_, expected)
                | figment::error::Kind::InvalidValue(_, expected) => {
                    format!("\"{name}\" must be {expected}")
                }
                _ if name.is_empty() => error.kind.to_string(),
                _ => format!("\"{name}\" is not valid"),
            };
            match place {
                Some(place) => format!("setting {reason} ({place})"),
                None => format!("setting {reason}"),
            }
        })
        .collect();
    lines.join("; ")
}

/// Returns a required setting, or an error that names it.
pub fn needed<T>(name: &str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| Error::Settings(format!("--{name} is needed")))
}
