//! Connection strings and URLs of libpq's, and what its environment says where they say nothing.
//!
//! tokio-postgres reads them, but for the words of TLS: it knows fewer modes, and no files. These are
//! taken out here and mean what libpq's documentation says.

use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::error::Error;

/// What a connection string or the environment says about TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub sslmode: Option<String>,
    pub sslrootcert: Option<String>,
    pub sslcert: Option<String>,
    pub sslkey: Option<String>,
}

impl Words {
    /// Stores the value if it is a TLS parameter.
    fn keep(&mut self, word: &str, value: &str) -> bool {
        let kept = match word {
            "sslmode" => &mut self.sslmode,
            "sslrootcert" => &mut self.sslrootcert,
            "sslcert" => &mut self.sslcert,
            "sslkey" => &mut self.sslkey,
            _ => return false,
        };
        *kept = Some(value.to_owned());
        true
    }
}

/// Words of libpq's that are not known here. Without them a connection would be another one than was
/// asked for, so that they are refused.
const NOT_KNOWN: [&str; 17] = [
    "gssencmode",
    "gssdelegation",
    "gsslib",
    "krbsrvname",
    "passfile",
    "replication",
    "require_auth",
    "requirepeer",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslpassword",
    "sslsni",
];

/// Reads a connection string or a URL.
pub fn read(text: &str) -> Result<(Config, Words), Error> {
    let mut words = Words::default();
    let is_url = ["postgresql://", "postgres://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    let rest = match is_url {
        true => without_parameters(text, &mut words)?,
        false => without_words(text, &mut words)?,
    };
    // The parser's own error may quote the string, with its password.
    let config = rest.parse().map_err(|_| no_conninfo())?;
    Ok((config, words))
}

/// Fills in from the environment what was not given.
pub fn complete(
    config: &mut Config,
    words: &mut Words,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    let value = |name: &str| variable(name).filter(|value| !value.is_empty());
    let number = |name: &str| -> Result<Option<u16>, Error> {
        let number = value(name).map(|text| {
            text.parse().map_err(|_| {
                Error::Settings(format!("{name} \"{text}\" is no number that it can be"))
            })
        });
        number.transpose()
    };
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host(value("PGHOST").as_deref().unwrap_or("/run/postgresql"));
    }
    if config.get_ports().is_empty()
        && let Some(port) = number("PGPORT")?
    {
        config.port(port);
    }
    if config.get_user().is_none()
        && let Some(user) = value("PGUSER").or_else(|| value("USER"))
    {
        config.user(user);
    }
    if config.get_dbname().is_none()
        && let Some(name) = value("PGDATABASE")
    {
        config.dbname(name);
    }
    if config.get_password().is_none()
        && let Some(password) = value("PGPASSWORD")
    {
        config.password(password);
    }
    if config.get_options().is_none()
        && let Some(options) = value("PGOPTIONS")
    {
        config.options(options);
    }
    if config.get_application_name().is_none() {
        config.application_name(value("PGAPPNAME").as_deref().unwrap_or("termfeed"));
    }
    if config.get_connect_timeout().is_none() {
        let seconds = number("PGCONNECT_TIMEOUT")?.unwrap_or(10);
        config.connect_timeout(Duration::from_secs(seconds.into()));
    }
    for (word, name) in [
        (&mut words.sslmode, "PGSSLMODE"),
        (&mut words.sslrootcert, "PGSSLROOTCERT"),
        (&mut words.sslcert, "PGSSLCERT"),
        (&mut words.sslkey, "PGSSLKEY"),
    ] {
        *word = word.take().or_else(|| value(name));
    }
    Ok(())
}

/// Whether the database is reached by sockets of this machine alone, where there is no TLS.
pub fn is_local(config: &Config) -> bool {
    let hosts = config.get_hosts();
    !hosts.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_)))
}

fn no_conninfo() -> Error {
    Error::Settings(
        "--database is no connection string: write \"host=… dbname=… user=…\" or \
         \"postgresql://user@host/dbname\""
            .into(),
    )
}

/// Refuses a parameter that is not supported, without its value.
fn check(word: &str) -> Result<(), Error> {
    match NOT_KNOWN.contains(&word) {
        true => Err(Error::Settings(format!(
            "--database has \"{word}\", which termfeed does not know: leave it away"
        ))),
        false => Ok(()),
    }
}

/// Returns the URL without its TLS parameters.
fn without_parameters(url: &str, words: &mut Words) -> Result<String, Error> {
    let Some((place, parameters)) = url.split_once('?') else {
        return Ok(url.to_owned());
    };
    let mut rest = Vec::new();
    for parameter in parameters.split('&') {
        let (word, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        check(word)?;
        // JDBC's parameter, which libpq accepts in URLs.
        if (word, value) == ("ssl", "true") {
            words.keep("sslmode", "require");
        } else if !words.keep(word, &decoded(value).ok_or_else(no_conninfo)?) {
            rest.push(parameter);
        }
    }
    Ok(match rest.is_empty() {
        true => place.to_owned(),
        false => format!("{place}?{}", rest.join("&")),
    })
}

/// Decodes percent-encoding.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                (high * 16 + low) as u8
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Returns the connection string without its TLS parameters, parsed as libpq's `conninfo_parse` does.
fn without_words(text: &str, words: &mut Words) -> Result<String, Error> {
    let mut rest = String::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters
            .next_if(|letter| letter.is_ascii_whitespace())
            .is_some()
        {}
        if letters.peek().is_none() {
            return Ok(rest);
        }
        let mut word = String::new();
        while let Some(letter) = letters.next_if(|l| *l != '=' && !l.is_ascii_whitespace()) {
            word.push(letter);
        }
        while letters
            .next_if(|letter| letter.is_ascii_whitespace())
            .is_some()
        {}
        if letters.next() != Some('=') {
            return Err(no_conninfo());
        }
        while letters
            .next_if(|letter| letter.is_ascii_whitespace())
            .is_some()
        {}
        let is_quoted = letters.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match letters.next() {
                Some('\'') if is_quoted => break,
                Some('\\') => value.extend(letters.next()),
                Some(letter) if letter.is_ascii_whitespace() && !is_quoted => break,
                Some(letter) => value.push(letter),
                None if is_quoted => return Err(no_conninfo()),
                None => break,
            }
        }
        check(&word)?;
        if !words.keep(&word, &value) {
            let value = value.replace('\\', "\\\\").replace('\'', "\\'");
            rest.push_str(&format!("{word}='{value}' "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_tls_are_taken_from_strings_and_urls() {
        for text in [
            "host=h sslmode=verify-full  user = 'o''x' sslrootcert='/a b/c\\'d' dbname=d",
            "postgresql://o'x@h/d?sslmode=verify-full&sslrootcert=%2Fa%20b/c'd",
            "postgres://h/d?user=o'x&sslrootcert=/a%20b/c%27d&sslmode=verify-full",
        ] {
            let text = text.replace("'o''x'", "'o\\'x'");
            let (config, words) = read(&text).unwrap();
            assert_eq!(words.sslmode.as_deref(), Some("verify-full"), "{text}");
            assert_eq!(words.sslrootcert.as_deref(), Some("/a b/c'd"), "{text}");
            assert_eq!(config.get_user(), Some("o'x"), "{text}");
            assert_eq!(config.get_dbname(), Some("d"), "{text}");
        }
        let (_, words) = read("postgresql://h/d?ssl=true").unwrap();
        assert_eq!(words.sslmode.as_deref(), Some("require"));
    }

    #[test]
    fn what_is_no_connection_string_is_told_without_its_password() {
        for text in [
            "sesame",
            "host=h password='sesame",
            "host=h password=open sesame",
            "host=h sesame=x",
            "postgresql://u:sesame@h:port/d",
            "host=h password=sesame sslcrl=x",
        ] {
            let message = read(text).err().unwrap().to_string();
            assert!(!message.contains("sesame"), "{message}");
        }
        let message = read("host=h sslcrl=x").err().unwrap().to_string();
        assert!(message.contains("\"sslcrl\""), "{message}");
    }

    #[test]
    fn the_environment_fills_what_the_string_leaves_open() {
        let variable = |name: &str| match name {
            "PGHOST" => Some("elsewhere".to_owned()),
            "PGPORT" => Some("77".to_owned()),
            "PGSSLMODE" => Some("verify-ca".to_owned()),
            "PGSSLROOTCERT" => Some("root.crt".to_owned()),
            "PGUSER" => Some(String::new()),
            "USER" => Some("somebody".to_owned()),
            _ => None,
        };
        let (mut config, mut words) = read("host=h sslmode=require").unwrap();
        complete(&mut config, &mut words, variable).unwrap();
        assert_eq!(config.get_hosts(), [Host::Tcp("h".into())]);
        assert_eq!(config.get_ports(), [77]);
        assert_eq!(config.get_user(), Some("somebody"));
        assert_eq!(words.sslmode.as_deref(), Some("require"));
        assert_eq!(words.sslrootcert.as_deref(), Some("root.crt"));
    }
}
