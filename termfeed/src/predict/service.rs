//! The client of the service: one POST for a list of rows, or for one row.
//!
//! A failure says what follows from it: who may be guilty, and when to ask again. Redirects are not
//! followed, an answer is read up to a limit, and nothing of the address but host and path is shown.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, Url, redirect};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Settings;
use super::answer::Shape;
use super::work::Row;
use crate::error::{Error, with_causes};
use crate::settings::Secret;

/// The longest answer that is read.
const LONGEST_ANSWER: usize = 64 << 20;

/// How much of a failed answer a reject keeps.
const KEPT_ANSWER: usize = 4 << 10;

/// The longest wait that a service can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The service works and refuses these rows.
    Rows,
    /// The service failed; one of the rows may be the cause.
    Anyone,
    /// The service is unavailable. A row is guilty only if the service works without it.
    Service,
    /// The service did not look at any row.
    Nobody,
}

#[derive(Debug)]
pub struct Failure {
    pub blame: Blame,
    pub status: Option<u16>,
    pub message: String,
    pub body: String,
    pub retry_after: Option<Duration>,
}

impl Failure {
    fn new(blame: Blame, message: impl Into<String>) -> Failure {
        Failure {
            blame,
            status: None,
            message: message.into(),
            body: String::new(),
            retry_after: None,
        }
    }
}

pub struct Service {
    client: Client,
    url: Url,
    health: Option<Url>,
    shape: Shape,
}

impl Service {
    pub fn new(settings: &Settings, shape: Shape) -> Result<Service, Error> {
        let url = address("url", &settings.url)?;
        let health = settings.health_url.as_ref();
        let health = health.map(|url| address("health-url", url)).transpose()?;
        let mut builder = Client::builder()
            .user_agent(concat!("termfeed/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers(&settings.headers)?)
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout.min(Duration::from_secs(10)))
            .redirect(redirect::Policy::none());
        if let Some(path) = &settings.service_ca {
            builder = builder.tls_certs_only(certificates(path)?);
        }
        let client = builder.build().map_err(|error| {
            Error::Settings(format!(
                "the HTTP client cannot be set up: {}",
                with_causes(&error.without_url())
            ))
        })?;
        Ok(Service {
            client,
            url,
            health,
            shape,
        })
    }

    /// The address of the service, without secrets.
    pub fn address(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self
            .url
            .port()
            .map_or(String::new(), |port| format!(":{port}"));
        format!("{}://{host}{port}{}", self.url.scheme(), self.url.path())
    }

    /// Whether it works, by its health address, or, where it seems to be down, by its answer to an empty
    /// list; `None` where there is neither. This tells a row that breaks it from a service that is down.
    pub async fn is_up(&self, seems: Blame) -> Option<bool> {
        let asked = match (&self.health, seems) {
            (Some(health), _) => self.client.get(health.clone()),
            // Any status but 502-504 may be its answer to an empty list.
            (None, Blame::Service) if self.shape.list => self.question("[]".to_owned()),
            _ => return None,
        };
        let status = asked.send().await.map(|response| response.status());
        Some(status.is_ok_and(|status| {
            // An empty list may be refused, but then the service has looked at it.
            status.is_success() || self.health.is_none() && blame(status) == Blame::Rows
        }))
    }

    fn question(&self, body: String) -> RequestBuilder {
        let question = self.client.post(self.url.clone());
        question.header(CONTENT_TYPE, "application/json").body(body)
    }

    /// Asks for rows; returns the answers in the order of the rows.
    pub async fn ask(&self, rows: &[Row]) -> Result<Vec<String>, Failure> {
        let payloads: Vec<&str> = rows.iter().map(|row| row.payload.as_str()).collect();
        let question = match self.shape.list {
            true => format!("[{}]", payloads.join(",")),
            false => payloads.concat(),
        };
        let response = self.question(question).send().await.map_err(not_answered)?;
        let (status, retry_after) = (response.status(), retry_after(response.headers()));
        let body = body(response).await;
        if !status.is_success() {
            let body = body.unwrap_or_else(|failure| failure.body);
            return Err(Failure {
                blame: blame(status),
                status: Some(status.as_u16()),
                message: format!("the service answered {}", status.as_u16()),
                body: kept(&body),
                retry_after,
            });
        }
        let body = body?;
        let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        match self.shape.answers(&body, &keys) {
            Ok(answers) => Ok(answers.iter().map(|one| one.get().to_owned()).collect()),
            Err(message) => Err(Failure {
                status: Some(status.as_u16()),
                body: kept(&body),
                ..Failure::new(Blame::Rows, message)
            }),
        }
    }
}

fn address(flag: &str, text: &Secret) -> Result<Url, Error> {
    Url::parse(text.expose())
        .ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()))
        .ok_or_else(|| {
            Error::Settings(format!(
                "--{flag} is no address: write \"https://host/path\""
            ))
        })
}

fn blame(status: StatusCode) -> Blame {
    match status.as_u16() {
        429 => Blame::Nobody,
        401 | 403 | 404 | 405 | 407 | 502 | 503 | 504 => Blame::Service,
        400..=499 if !matches!(status.as_u16(), 408 | 425) => Blame::Rows,
        300..=399 => Blame::Service,
        _ => Blame::Anyone,
    }
}

fn not_answered(error: reqwest::Error) -> Failure {
    let blame = if error.is_connect() {
        Blame::Nobody
    } else {
        Blame::Anyone
    };
    let message = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        format!("no answer: {}", with_causes(&error.without_url()))
    };
    Failure::new(blame, message)
}

/// Reads the body as text; if it breaks off or is too long, the part that was read.
async fn body(mut response: Response) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let broken = |message: String, bytes: Vec<u8>| Failure {
        body: kept(&String::from_utf8_lossy(&bytes)),
        ..Failure::new(Blame::Anyone, message)
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > LONGEST_ANSWER => {
                let message = format!("the answer is longer than {LONGEST_ANSWER} bytes");
                return Err(broken(message, bytes));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                let cause = with_causes(&error.without_url());
                return Err(broken(format!("the answer broke off: {cause}"), bytes));
            }
        }
    }
    String::from_utf8(bytes)
        .map_err(|error| broken("the answer is not UTF-8".into(), error.into_bytes()))
}

/// Returns the beginning of an answer without NUL characters, which Postgres cannot store.
fn kept(body: &str) -> String {
    body[..body.floor_char_boundary(KEPT_ANSWER)].replace('\0', "\u{fffd}")
}

/// Parses a Retry-After header: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(SystemTime::now())
            .unwrap_or_default(),
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

fn headers(given: &[Secret]) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for header in given {
        let wrong = || Error::Settings("--header must be \"Name: value\"".into());
        let (name, value) = header.expose().split_once(':').ok_or_else(wrong)?;
        let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value.trim()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let pem = std::fs::read(path)
        .map_err(|error| Error::io(format!("read \"{}\"", path.display()), error))?;
    Certificate::from_pem_bundle(&pem)
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| Error::Settings(format!("\"{}\" has no certificates", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let header = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(header("7"), Some(Duration::from_secs(7)));
        assert_eq!(header("99999999"), Some(LONGEST_RETRY_AFTER));
        assert_eq!(
            header("Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(Duration::ZERO)
        );
        assert_eq!(header("soon"), None);
        let later = SystemTime::now() + Duration::from_secs(50);
        let wait = header(&httpdate::fmt_http_date(later)).unwrap();
        assert!(
            wait > Duration::from_secs(45) && wait <= Duration::from_secs(50),
            "{wait:?}"
        );
    }

    #[test]
    fn who_is_to_blame_for_a_status() {
        for (status, expected) in [
            (400, Blame::Rows),
            (413, Blame::Rows),
            (422, Blame::Rows),
            (408, Blame::Anyone),
            (500, Blame::Anyone),
            (302, Blame::Service),
            (401, Blame::Service),
            (503, Blame::Service),
            (429, Blame::Nobody),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(blame(status), expected, "{status}");
        }
    }
}
