//! Settings from the environment: `TERMFEED_…` for each option, and `TERMFEED_…_FILE` for each secret,
//! which names a file that holds it.
//!
//! A name that is no option's is an error: a token that is misspelled would leave the door open. Only
//! what Kubernetes puts into every container for a service called "termfeed" (or "termfeed-…") is
//! passed over.

use clap::{Arg, ArgAction};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use crate::error::Error;
use crate::secret::Secret;

const PREFIX: &str = "TERMFEED_";
const FILE: &str = "_file";

/// What kind of value an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    is_secret: bool,
    is_list: bool,
}

/// The options of all commands, by their names in the environment and in the file.
pub type Options = BTreeMap<String, Kind>;

/// The options of a command; those that every command takes are with the root's.
pub fn options(command: &clap::Command) -> Options {
    let named = |arg: &Arg| {
        let name = arg.get_long()?.replace('-', "_");
        let kind = Kind {
            is_secret: arg.get_value_parser().type_id() == TypeId::of::<Secret>(),
            is_list: matches!(arg.get_action(), ArgAction::Append),
        };
        Some((name, kind))
    };
    command.get_arguments().filter_map(named).collect()
}

/// The options that are given in the environment.
pub struct Environment(Dict);

impl Environment {
    /// Takes from `variables` what is one of `options`.
    pub fn read(
        variables: impl Iterator<Item = (OsString, OsString)>,
        options: &Options,
    ) -> Result<Environment, Error> {
        let mut found = Dict::new();
        let mut insert = |name: &str, value: Value| match found.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(Error::Settings(format!(
                "both {variable} and {variable}_FILE are set: set one of them",
                variable = in_capitals(name)
            ))),
        };
        for (variable, value) in variables {
            let Some(name) = name_of(&variable) else {
                continue;
            };
            let given = format!("{PREFIX}{}", name.to_uppercase());
            let Some(value) = value.to_str() else {
                return Err(Error::Settings(format!("{given} is not in UTF-8")));
            };
            if let Some(kind) = options.get(&name) {
                insert(&name, value_of(value, *kind))?;
            } else if let Some(secret) = name.strip_suffix(FILE)
                && let Some(kind) = options.get(secret).filter(|kind| kind.is_secret)
            {
                insert(secret, content(&given, value, *kind)?)?;
            } else if !is_service_link(&name, value) {
                return Err(Error::Settings(unknown(&given, options)));
            }
        }
        Ok(Environment(found))
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variables TERMFEED_…")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.0.clone()))
    }
}

/// `token` of `TERMFEED_TOKEN`; nothing of a name that does not begin so.
fn name_of(variable: &OsString) -> Option<String> {
    let name = variable.to_str()?.to_lowercase();
    let name = name.strip_prefix(&PREFIX.to_lowercase())?;
    Some(name.to_owned())
}

fn in_capitals(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase())
}

/// A secret is text, whatever it looks like; anything else may be a number, a truth or a list.
fn value_of(text: &str, kind: Kind) -> Value {
    match text.parse() {
        Ok(list @ Value::Array(..)) if kind.is_list => list,
        _ if kind.is_list => Value::from(vec![text.to_owned()]),
        Ok(value) if !kind.is_secret => value,
        _ => Value::from(text.to_owned()),
    }
}

/// What a file of a secret holds, without the line end behind it; of a list one value a line.
fn content(variable: &str, path: &str, kind: Kind) -> Result<Value, Error> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::io(format!("read the file of {variable}, \"{path}\""), error))?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(Error::Settings(format!(
            "the file of {variable}, \"{path}\", is empty"
        )));
    }
    Ok(match kind.is_list {
        true => Value::from(text.lines().map(str::to_owned).collect::<Vec<_>>()),
        false => Value::from(text.to_owned()),
    })
}

/// Whether Kubernetes sets such a variable for a service: `…_SERVICE_HOST`, `…_SERVICE_PORT`,
/// `…_SERVICE_PORT_NAME`, and, as Docker's links were, `…_PORT` and `…_PORT_8080_TCP`, with an
/// address, and what that consists of.
fn is_service_link(name: &str, value: &str) -> bool {
    let whole = format!("_{name}");
    if whole.ends_with("_service_host") || whole.contains("_service_port") {
        return true;
    }
    let Some((_, behind)) = whole.rsplit_once("_port") else {
        return false;
    };
    let behind = match behind {
        // The last part of TERMFEED_PORT_8080_TCP_PORT.
        "" => whole
            .strip_suffix("_port")
            .and_then(|name| name.rsplit_once("_port_")),
        _ => behind.strip_prefix('_').map(|behind| ("", behind)),
    };
    let Some((_, behind)) = behind else {
        return value.contains("://");
    };
    let mut parts = behind.split('_');
    let number = parts.next().unwrap_or_default();
    let protocol = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    number.parse::<u16>().is_ok()
        && ["tcp", "udp", "sctp"].contains(&protocol)
        && matches!(rest[..], [] | ["proto"] | ["port"] | ["addr"])
}

/// The message for a name that is none, with the nearest that is one.
fn unknown(variable: &str, options: &Options) -> String {
    let files = options
        .iter()
        .filter(|(_, kind)| kind.is_secret)
        .map(|(name, _)| format!("{name}{FILE}"));
    let known = options.keys().cloned().chain(files);
    let known: Vec<String> = known.map(|name| in_capitals(&name)).collect();
    let mut message = format!("environment variable {variable} is no setting of termfeed's");
    message.push_str(&hint(variable, &known));
    message
}

/// What was meant, where something is near enough.
pub fn hint(given: &str, known: &[String]) -> String {
    let far = (given.len() / 4).max(3);
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(given, name), name))
        .min();
    match near {
        Some((distance, name)) if distance <= far => format!(": did you mean {name}?"),
        _ => ": --help has those there are".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use figment::Figment;

    fn known() -> Options {
        let kind = |is_secret, is_list| Kind { is_secret, is_list };
        [
            ("token", kind(true, false)),
            ("kafka_option", kind(true, true)),
            ("max_body", kind(false, false)),
        ]
        .map(|(name, kind)| (name.to_owned(), kind))
        .into()
    }

    fn read(variables: &[(&str, &str)]) -> Result<Figment, String> {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Environment::read(variables, &known())
            .map(Figment::from)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_text_whatever_it_looks_like() {
        for token in ["007", "true", "[a]", "{}", "\"quoted\""] {
            let found = read(&[("TERMFEED_TOKEN", token)]).unwrap();
            assert_eq!(found.extract_inner::<String>("token").unwrap(), token);
        }
        let found = read(&[
            ("TERMFEED_MAX_BODY", "7"),
            ("TERMFEED_KAFKA_OPTION", "a=b,c"),
        ])
        .unwrap();
        assert_eq!(found.extract_inner::<u64>("max_body").unwrap(), 7);
        let options: Vec<String> = found.extract_inner("kafka_option").unwrap();
        assert_eq!(options, ["a=b,c"]);
    }

    #[test]
    fn a_name_that_is_no_option_is_told_with_the_nearest() {
        for (given, meant) in [
            ("TERMFEED_TOKN", ": did you mean TERMFEED_TOKEN?"),
            ("TERMFEED_TOKEN_FIEL", ": did you mean TERMFEED_TOKEN_FILE?"),
            (
                "TERMFEED_MAX_BODY_FILE",
                ": did you mean TERMFEED_MAX_BODY?",
            ),
            ("TERMFEED_SOMETHING_ELSE", ": --help has those there are"),
        ] {
            let message = read(&[(given, "hush")]).err().unwrap();
            assert!(
                message.contains(given) && message.ends_with(meant),
                "{message}"
            );
            assert!(!message.contains("hush"), "{message}");
        }
    }

    #[test]
    fn the_variables_of_a_service_of_kubernetes_do_no_harm() {
        for (name, value) in [
            ("TERMFEED_PORT", "tcp://10.0.0.1:8080"),
            ("TERMFEED_SERVICE_HOST", "10.0.0.1"),
            ("TERMFEED_SERVICE_PORT", "8080"),
            ("TERMFEED_SERVICE_PORT_HTTP", "8080"),
            ("TERMFEED_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("TERMFEED_PORT_8080_TCP_PROTO", "tcp"),
            ("TERMFEED_PORT_8080_TCP_PORT", "8080"),
            ("TERMFEED_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("TERMFEED_TOKEN_PORT", "tcp://10.0.0.1:8080"),
            ("TERMFEED_TOKEN_SERVICE_HOST", "10.0.0.1"),
            ("TERMFEED_TOKEN_PORT_53_UDP_ADDR", "10.0.0.1"),
            ("OTHER", "x"),
        ] {
            assert!(read(&[(name, value)]).is_ok(), "{name}");
        }
        for (name, value) in [("TERMFEED_PORT", "8080"), ("TERMFEED_PORT_X", "8080")] {
            assert!(read(&[(name, value)]).is_err(), "{name}");
        }
    }

    #[test]
    fn a_secret_may_stand_in_a_file_and_not_twice() {
        let path = std::env::temp_dir().join(format!("termfeed-secret-{}", std::process::id()));
        std::fs::write(&path, "007\n").unwrap();
        let file = path.to_str().unwrap();
        let found = read(&[("TERMFEED_TOKEN_FILE", file)]).unwrap();
        assert_eq!(found.extract_inner::<String>("token").unwrap(), "007");
        let both = [("TERMFEED_TOKEN_FILE", file), ("TERMFEED_TOKEN", "hush")];
        let message = read(&both).err().unwrap();
        assert!(message.contains("set one of them") && !message.contains("hush"));
        std::fs::write(&path, "\n").unwrap();
        let empty = read(&[("TERMFEED_TOKEN_FILE", file)]).err().unwrap();
        assert!(empty.ends_with("is empty"), "{empty}");
        std::fs::remove_file(&path).unwrap();
        let missing = read(&[("TERMFEED_TOKEN_FILE", file)]).err().unwrap();
        assert!(missing.contains("TERMFEED_TOKEN_FILE"), "{missing}");
    }
}
