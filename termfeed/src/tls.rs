//! TLS to the database: what libpq's `sslmode` and its files mean, for tokio-postgres.
//!
//! | sslmode | encrypted | certificate signed by the root | host's name in it |
//! |---|---|---|---|
//! | disable | no | | |
//! | allow | if the server refuses it otherwise | if there is a root | |
//! | prefer (the default) | if the server can | if there is a root | |
//! | require | yes | if there is a root | |
//! | verify-ca | yes | yes | |
//! | verify-full | yes | yes | yes |
//!
//! The root is `sslrootcert` or `--database-ca`, or else `~/.postgresql/root.crt`; `system` stands for
//! what the machine trusts. `--database-ca` asks for verify-full where no mode is asked for.

use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslFiletype, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use postgres_openssl::MakeTlsConnector;
use std::path::{Path, PathBuf};
use tokio_postgres::config::SslMode;

use crate::conninfo::Words;
use crate::error::Error;

/// How the server is asked: first in one way and, where it refuses, in the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ways {
    pub attempts: (SslMode, Option<SslMode>),
    root: Root,
    checks_name: bool,
    /// Certificate and key of this side.
    identity: Option<(PathBuf, PathBuf)>,
}

/// Whose signature a certificate needs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Root {
    Anybody,
    System,
    File(PathBuf),
}

impl Ways {
    /// `home` is where the user's `.postgresql` is.
    pub fn new(
        words: &Words,
        database_ca: Option<&Path>,
        home: Option<&Path>,
    ) -> Result<Ways, Error> {
        let of_home = |name: &str| {
            let path = home?.join(".postgresql").join(name);
            path.is_file().then_some(path)
        };
        let given = words.sslrootcert.as_deref();
        let mode = match (words.sslmode.as_deref(), database_ca, given) {
            (Some(weak @ ("disable" | "allow" | "prefer")), Some(_), _) => {
                return Err(Error::Settings(format!(
                    "--database-ca checks the server's certificate, and sslmode={weak} would do \
                     without one: leave sslmode away, or write verify-full"
                )));
            }
            (Some(mode), ..) => mode,
            (None, Some(_), _) | (None, None, Some("system")) => "verify-full",
            (None, None, _) => "prefer",
        };
        if given == Some("system") && database_ca.is_none() && mode != "verify-full" {
            return Err(Error::Settings(format!(
                "sslmode={mode} is too weak for sslrootcert=system: write verify-full"
            )));
        }
        let root = match (database_ca, given) {
            (Some(path), _) => Root::File(path.to_owned()),
            (None, Some("system")) => Root::System,
            (None, Some(path)) => Root::File(path.into()),
            (None, None) => of_home("root.crt").map_or(Root::Anybody, Root::File),
        };
        let attempts = match mode {
            "disable" => (SslMode::Disable, None),
            "allow" => (SslMode::Disable, Some(SslMode::Require)),
            "prefer" => (SslMode::Prefer, Some(SslMode::Disable)),
            "require" | "verify-ca" | "verify-full" => (SslMode::Require, None),
            other => {
                return Err(Error::Settings(format!(
                    "sslmode \"{other}\" is not valid: write disable, allow, prefer, require, \
                     verify-ca or verify-full"
                )));
            }
        };
        if mode.starts_with("verify") && root == Root::Anybody {
            return Err(Error::Settings(format!(
                "sslmode={mode} needs a root certificate: give sslrootcert=FILE or --database-ca, or \
                 sslrootcert=system for what this machine trusts"
            )));
        }
        let cert = words.sslcert.as_ref().map(PathBuf::from);
        let key = words.sslkey.as_ref().map(PathBuf::from);
        Ok(Ways {
            attempts,
            root,
            checks_name: mode == "verify-full",
            identity: cert
                .or_else(|| of_home("postgresql.crt"))
                .zip(key.or_else(|| of_home("postgresql.key"))),
        })
    }

    pub fn connector(&self) -> Result<MakeTlsConnector, Error> {
        let failed = |error: ErrorStack| Error::Settings(format!("TLS cannot be set up: {error}"));
        let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(failed)?;
        builder
            .set_min_proto_version(Some(SslVersion::TLS1_2))
            .map_err(failed)?;
        match &self.root {
            Root::Anybody => builder.set_verify(SslVerifyMode::NONE),
            Root::System => builder.set_verify(SslVerifyMode::PEER),
            Root::File(path) => {
                builder.set_verify(SslVerifyMode::PEER);
                // A store of its own: what the machine trusts is not meant.
                let mut store = X509StoreBuilder::new().map_err(failed)?;
                for certificate in certificates(path)? {
                    store.add_cert(certificate).map_err(failed)?;
                }
                builder.set_cert_store(store.build());
            }
        }
        if let Some((cert, key)) = &self.identity {
            let unfit = |path: &Path| {
                let message = format!("\"{}\" is no certificate or key to use", path.display());
                move |_| Error::Settings(message)
            };
            builder
                .set_certificate_chain_file(cert)
                .map_err(unfit(cert))?;
            builder
                .set_private_key_file(key, SslFiletype::PEM)
                .map_err(unfit(key))?;
        }
        let mut connector = MakeTlsConnector::new(builder.build());
        let checks_name = self.checks_name;
        connector.set_callback(move |connection, _| {
            connection.set_verify_hostname(checks_name);
            Ok(())
        });
        Ok(connector)
    }
}

fn certificates(path: &Path) -> Result<Vec<X509>, Error> {
    let pem = std::fs::read(path).map_err(|error| {
        Error::io(
            format!("read the root certificate \"{}\"", path.display()),
            error,
        )
    })?;
    match X509::stack_from_pem(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::Settings(format!(
            "\"{}\" has no certificates",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(mode: Option<&str>, root: Option<&str>, ca: Option<&str>) -> Result<Ways, String> {
        let words = Words {
            sslmode: mode.map(str::to_owned),
            sslrootcert: root.map(str::to_owned),
            ..Words::default()
        };
        Ways::new(&words, ca.map(Path::new), None).map_err(|error| error.to_string())
    }

    #[test]
    fn each_mode_asks_as_libpq_does() {
        use SslMode::{Disable, Prefer, Require};
        for (mode, root, ca, attempts, is_checked, checks_name) in [
            (None, None, None, (Prefer, Some(Disable)), false, false),
            (Some("disable"), None, None, (Disable, None), false, false),
            (
                Some("allow"),
                None,
                None,
                (Disable, Some(Require)),
                false,
                false,
            ),
            (Some("require"), None, None, (Require, None), false, false),
            (
                Some("require"),
                Some("r"),
                None,
                (Require, None),
                true,
                false,
            ),
            (
                Some("verify-ca"),
                Some("r"),
                None,
                (Require, None),
                true,
                false,
            ),
            (
                Some("verify-full"),
                Some("r"),
                None,
                (Require, None),
                true,
                true,
            ),
            (None, Some("r"), None, (Prefer, Some(Disable)), true, false),
            (None, None, Some("r"), (Require, None), true, true),
            (
                Some("verify-ca"),
                None,
                Some("r"),
                (Require, None),
                true,
                false,
            ),
            (None, Some("system"), None, (Require, None), true, true),
        ] {
            let found = ways(mode, root, ca).unwrap();
            assert_eq!(found.attempts, attempts, "{mode:?} {root:?} {ca:?}");
            assert_eq!(found.root != Root::Anybody, is_checked, "{mode:?} {root:?}");
            assert_eq!(found.checks_name, checks_name, "{mode:?} {root:?} {ca:?}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_not_promised() {
        for (mode, root, ca, why) in [
            (Some("verify-full"), None, None, "root certificate"),
            (Some("verify-ca"), None, None, "root certificate"),
            (Some("prefer"), None, Some("r"), "sslmode=prefer"),
            (Some("require"), Some("system"), None, "too weak"),
            (Some("verify_full"), Some("r"), None, "is not valid"),
        ] {
            let message = ways(mode, root, ca).err().unwrap();
            assert!(message.contains(why), "{message}");
        }
        let missing = ways(Some("verify-ca"), Some("/nowhere"), None).unwrap();
        assert!(missing.connector().is_err());
    }
}
